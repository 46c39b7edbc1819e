"""What generators draw."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from random import Random

import pytest

from rota.simulator.arrival import Arrival
from rota.simulator.chance import draw, sampler
from rota.simulator.settings import Shape
from rota.simulator.shaping import shaped
from tests.simulator.runs import run, setup


def arrivals(workload: str, slots: str | None, **given: str) -> list[Arrival]:
    ready = setup(workload, slots, more=given)
    return list(shaped(ready.workload, ready.options.settings, ready.fleet.capacity, ready.seed))


def moments(values: list[float]) -> tuple[float, float]:
    """Mean and coefficient of variation."""
    mean = sum(values) / len(values)
    return mean, sqrt(sum((value - mean) ** 2 for value in values) / len(values)) / mean


@pytest.mark.parametrize(
    ("shape", "cv", "expected"),
    [("fixed", 1, 0), ("exponential", 1, 1), ("lognormal", 2, 2), ("lognormal", 0, 0), ("hyperexponential", 3, 3)],
)
def test_distributions_have_their_mean_and_variation(shape: Shape, cv: float, expected: float) -> None:
    drawn = sampler(shape, 7.0, cv, 1.5, Random(5))
    mean, variation = moments([drawn() for _ in range(60_000)])
    assert mean == pytest.approx(7, rel=0.05)
    assert variation == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("alpha", [1.0, 1.5, 3.0])
def test_the_heavy_tail_is_bounded_and_has_its_mean(alpha: float) -> None:
    drawn = sampler("pareto", 7.0, 1, alpha, Random(5))
    values = [drawn() for _ in range(200_000)]
    assert sum(values) / len(values) == pytest.approx(7, rel=0.1)
    assert max(values) <= min(values) * 1.01e4


def test_draws_by_number_are_even_and_unrelated() -> None:
    values = [draw(1, task, attempt, question) for task in range(500) for attempt in (1, 2) for question in (0, 1)]
    assert sum(values) / len(values) == pytest.approx(0.5, abs=0.02)
    assert len(set(values)) == len(values)
    assert draw(1, 2, 3, 0) == draw(1, 2, 3, 0)


@pytest.mark.parametrize(("kind", "cv"), [("poisson", 1.0), ("bursty", 3.0), ("regular", 0.0)])
def test_gaps_give_the_load_that_was_asked_for(kind: str, cv: float) -> None:
    found = arrivals("poisson", "4", tasks="8000", arrivals=kind, load="0.5", mean="6")
    gaps = [later.at_s - earlier.at_s for earlier, later in pairwise(found)]
    mean, variation = moments(gaps)
    assert mean == pytest.approx(6 / (0.5 * 4), rel=0.1)
    assert variation == pytest.approx(cv, rel=0.15, abs=1e-6)


def test_days_are_busier_than_nights() -> None:
    found = arrivals("diurnal", "4", tasks="6000", period="1000", swing="0.9")
    day = sum(arrival.at_s % 1000 < 500 for arrival in found)
    assert 0.7 < day / len(found) < 0.87  # 1/2 + 0.9/pi


def test_tenants_and_bands_come_in_their_shares() -> None:
    found = arrivals("poisson", "4", tasks="4000", tenants="1:3", bands="high:.25,low:.75")
    specs = [arrival.works[0].spec for arrival in found]
    assert sum(spec.tenant == "tenant-2" for spec in specs) / 4000 == pytest.approx(0.75, abs=0.03)
    assert sum(spec.priority == "high" for spec in specs) / 4000 == pytest.approx(0.25, abs=0.03)


def test_adversaries_offer_the_same_work_in_unlike_ways() -> None:
    found = arrivals("adversarial", "10", tasks="20000", load="0.8")
    work: dict[str, float] = {}
    for arrival in found:
        spec = arrival.works[0].spec
        work[spec.tenant] = work.get(spec.tenant, 0) + arrival.works[0].run_s
    assert set(work) == {"steady-1", "steady-2", "flood", "elephants", "mice"}
    mean = sum(work.values()) / 5
    assert all(0.5 * mean < offered < 1.6 * mean for offered in work.values())
    assert [arrival.at_s for arrival in found] == sorted(arrival.at_s for arrival in found)


def test_estimates_and_deadlines_follow_their_rules() -> None:
    found = arrivals("poisson", "4", tasks="3000", noise="0.7", deadline="estimate*1.5..20@0.3333")
    works = [arrival.works[0] for arrival in found]
    with_deadline = [work for work in works if work.spec.deadline is not None]
    assert len(with_deadline) / 3000 == pytest.approx(1 / 3, abs=0.03)
    for work in with_deadline:
        assert 1.5 <= float(work.spec.deadline or 0) / float(work.spec.estimate or 1) <= 20
    off = [float(work.spec.estimate or 0) / work.run_s for work in works]
    assert sorted(off)[1500] == pytest.approx(1, rel=0.1)
    later = arrivals("poisson", "4", tasks="50", deadline="run+5,15")
    extra = {round(float(arrival.works[0].spec.deadline or 0) - arrival.works[0].run_s, 6) for arrival in later}
    assert extra == {5, 15}


def test_the_seed_scenario_is_as_described() -> None:
    ready = setup("seed", None)
    fleet = ready.fleet
    assert (ready.survey.tasks, len(fleet.agents)) == (45_000, 60)
    assert sum(agent.behaviour.fail == 0.2 for agent in fleet.agents) == 6
    assert len({agent.spec.slots for agent in fleet.agents}) > 5
    assert ready.workload.weights == {"tenant-1": 1, "tenant-2": 2, "tenant-3": 5}
    span = ready.survey.last_s - ready.survey.first_s
    assert ready.survey.work_s / fleet.capacity / span == pytest.approx(0.85, rel=0.05)
    # No skill is asked for more than those who have it can do, together with everything that only they can do.
    for (_queue, needs), work in ready.survey.needs.items():
        able = sum(
            agent.capacity for index, agent in enumerate(fleet.agents) if fleet.eligible(needs, "default") >> index & 1
        )
        assert work / span < 0.6 * able, needs


def test_a_short_seed_run_keeps_its_promises() -> None:
    found = run("seed", seed=1, tasks="700")
    assert found.inversions == 0
    assert found.ended["done"] == 700
    assert found.failed > 0
    assert len(found.pools) == 6
