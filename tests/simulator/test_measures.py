"""The arithmetic of the figures."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.model.times import SECOND
from rota.simulator.fleet import plain_fleet
from rota.simulator.measures.bound import Bound
from rota.simulator.measures.fairness import Shares, jain
from rota.simulator.measures.load import Load, variation
from rota.simulator.measures.series import MOST_STEPS, Track
from rota.simulator.measures.sketch import Sketch
from tests.simulator.runs import run


@given(
    st.lists(st.floats(0, 1e9, allow_subnormal=False), min_size=1, max_size=200), st.sampled_from([0.1, 0.5, 0.9, 0.99])
)
def test_quantiles_are_right_to_half_a_percent(values: list[float], share: float) -> None:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    exact = sorted(values)[max(ceil(share * len(values)), 1) - 1]
    assert sketch.quantile(share) == pytest.approx(exact, rel=0.006)
    assert sketch.mean == pytest.approx(sum(values) / len(values))


def test_variation_is_weighted_by_slots() -> None:
    assert variation([(1, 50, 100), (1, 50, 100)]) == 0
    assert variation([(1, 0, 100), (1, 100, 100)]) == pytest.approx(1)
    # Mean .8; the small agent is off by .8, the large one by .2: sqrt((.64 + 4 * .04) / 5) / .8.
    assert variation([(1, 0, 100), (4, 400, 400)]) == pytest.approx(0.5)
    assert variation([(1, 1, 100), (1, 2, 100)]) is None
    assert variation([(3, 200, 300)]) is None


def test_time_out_after_failures_is_not_offered() -> None:
    load = Load(plain_fleet("3"), [[0, 1, 2]], 0, 100)
    for agent in (0, 1, 2):
        load.change(agent, 1, 0)
    load.change(0, -1, 60)
    load.out(0, 100, 60)
    load.change(2, -1, 20)
    load.out(2, 100, 20)
    load.finish(100)
    # The first was busy all the time that it was not out; the third was out for most of the window.
    assert load.pool_variation() == 0
    assert load.utilisation(100) == pytest.approx((60 + 100 + 20) / 300)
    bad = Load(plain_fleet("2"), [[0, 1]], 0, 100)
    bad.change(1, 1, 0)
    bad.finish(100)
    assert bad.pool_variation() == pytest.approx(1)


def test_jain_of_equal_and_unequal_shares() -> None:
    assert jain([2, 2, 2]) == 1
    assert jain([1, 0, 0, 0]) == 0.25
    assert jain([0, 0]) is None


def test_service_counts_only_while_all_tenants_wait() -> None:
    shares = Shares({"a": 1.0, "b": 2.0})
    shares.wait("a", 1)
    shares.hold("a", 1, 5)
    shares.look(5)
    shares.wait("b", 1)
    shares.look(10 * SECOND)
    shares.hold("b", 2, 10 * SECOND)
    shares.wait("a", -1)
    shares.look(20 * SECOND)
    found = shares.finish(90 * SECOND)
    assert (found.jain, found.backlogged_s) == (1, 10)


def test_a_track_keeps_its_area_however_often_steps_are_joined() -> None:
    track = Track(0, 1)
    area = 0
    for moment in range(0, 5_000, 7):
        track.look(moment % 11, 3, moment)
        area += (moment % 11) * 7
    series = track.finish(5_005)
    assert len(series.waiting) <= MOST_STEPS
    step = round(series.step_s * SECOND)
    lengths = [step] * (len(series.waiting) - 1)
    lengths.append(5_005 - sum(lengths))
    assert sum(value * length for value, length in zip(series.waiting, lengths, strict=True)) == pytest.approx(area)
    assert all(value == pytest.approx(3) for value in series.running)


def test_the_bound_knows_late_arrivals_and_long_chains() -> None:
    bound = Bound(30.0, 2.0, 1.0)
    bound.arrive(0, 10, 10)
    assert bound.seconds == 15
    bound.arrive(100, 20, 5)
    assert bound.seconds == 110
    bound.arrive(101, 0, 30)
    assert bound.seconds == 131


def test_figures_of_a_run_by_hand() -> None:
    """Three tasks of 10 s at once for one slot: waits 0, 10, 20."""
    found = run("batch", "1", tasks="3", service="fixed", mean="10", deadline="run+15")
    assert found.queue_s is not None
    assert (found.queue_s.mean, found.queue_s.most) == (10, 20)
    assert (found.makespan_s, found.makespan_bound_s) == (30, 30)
    assert (found.utilisation, found.utilisation_waiting) == (1, 1)
    assert (found.deadlines.met, found.deadlines.with_deadline) == (2, 3)
    assert found.slowdown is not None
    assert found.slowdown.mean == pytest.approx(2)
    assert found.laws.little.in_system == pytest.approx(2)
    assert found.waited_share == pytest.approx(2 / 3)
