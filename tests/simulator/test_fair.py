"""Fairness between tenants on whole runs: nobody gets further ahead than the order of work allows."""

from __future__ import annotations

import pytest

from rota.simulator.shaping import shaped
from rota.simulator.simulate import whole
from tests.simulator.runs import run, setup


@pytest.mark.parametrize("slack", ["0", "2", "10"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_lag_of_tenants_is_bounded(slack: str, seed: int) -> None:
    """On one slot: the slack in tasks, and one task of each (start-time fair queueing: Goyal, Vin, Cheng 1996)."""
    given = {"tasks": "300", "tenants": "1:1:1", "service": "exponential", "mean": "10", "pool.slack": slack}
    ready = setup("batch", "1", seed=seed, more=given)
    works = [arrival.works[0].run_s for arrival in shaped(ready.workload, ready.options.settings, 1.0, seed)]
    found = run("batch", "1", seed=seed, more=given)
    assert found.fairness.lag_s is not None
    # Slack counts in tasks like those that are next, which may be the longest of all.
    assert found.fairness.lag_s <= float(slack) * max(works) + 2 * max(works)
    assert found.fairness.backlogged_s > 1_000


def test_without_fairness_a_flood_gets_ahead() -> None:
    given = {"tasks": "1500", "load": "1.5"}
    fair = run("adversarial", "1", more=given).fairness
    unfair = run("adversarial", "1", more=given, queue__ordering="fifo").fairness
    assert fair.jain is not None
    assert unfair.jain is not None
    assert fair.jain > unfair.jain


def test_the_lag_is_followed_for_few_tenants_only() -> None:
    many = run("batch", "2", tasks="400", tenants=":".join("1" * 33)).fairness
    assert many.lag_s is None
    assert run("batch", "2", tasks="20").fairness.lag_s is None


def test_weights_become_whole_numbers_in_the_same_proportion() -> None:
    assert whole({"a": 1.0, "b": 5.0}) == {"a": 1, "b": 5}
    assert whole({"a": 0.5, "b": 1.25}) == {"a": 100, "b": 250}
    fair = run("batch", "1", tasks="120", tenants="0.5:1.5", more={"pool.slack": "0"}).fairness
    assert fair.jain == pytest.approx(1, abs=0.05)
