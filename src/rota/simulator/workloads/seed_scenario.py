"""The seed scenario: 45,000 tasks for 60 agents of unequal slots, speed and skills.

Three bands; tenants of weights 1, 2 and 5; deadlines on a third, 1.5 to 20 estimates after submission; a tenth of the
agents fails a fifth of its attempts; bursty arrivals (coefficient of variation 3); offered load 0.85.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rota.model.agent import AgentSpec, Cost
from rota.model.priority import Priority
from rota.model.task import TaskSpec
from rota.simulator.arrival import Arrival, Work
from rota.simulator.behaviour import Behaviour
from rota.simulator.chance import sampler, stream
from rota.simulator.fleet import SimulatedFleet, simulated
from rota.simulator.settings import Settings
from rota.simulator.workloads.generated import bands_of, chooser, gaps_of, tenants_of

TASKS = 45_000
PRESET: dict[str, str | float | int] = {
    "load": 0.85,
    "arrivals": "bursty",
    "cv": 3.0,
    "mean": 20.0,
    "service": "lognormal",
    "service.cv": 1.0,
    "tenants": "1:2:5",
    "bands": "high:0.2,normal:0.5,low:0.3",
    "deadline": "estimate*1.5..20@0.3333",
    "estimates": "run",
    "noise": 0.3,
}
"""The scenario's settings; each can be set otherwise."""

_SLOTS = (1, 1, 2, 2, 2, 3, 4, 4, 6, 8)
_SPEEDS = (0.5, 0.7, 0.8, 1.0, 1.0, 1.0, 1.2, 1.4, 1.6, 2.0)
_TEAMS: tuple[dict[str, int], ...] = (
    {"code": 5, "review": 3},
    {"code": 3, "docs": 3},
    {"code": 2, "data": 4},
    {"review": 4, "docs": 5},
    {"data": 3, "review": 2},
    {"code": 4, "review": 4, "docs": 2, "data": 2},
)
"""Six teams of ten: the agents of a team have the same skills, so that they can be balanced against each other."""
_FAILING = 6
_FAIL = 0.2
_NEEDS: tuple[tuple[dict[str, int], float], ...] = (
    ({}, 0.4),
    ({"code": 1}, 0.1),
    ({"code": 3}, 0.12),
    ({"review": 2}, 0.14),
    ({"docs": 2}, 0.12),
    ({"data": 2}, 0.12),
)
"""What tasks need, with shares: no skill is asked for more than the agents who have it can bear at this load."""


class SeedScenario:
    """The scenario, with its own fleet. Everything but the draws of a seed is fixed."""

    uses = frozenset(
        {"tasks", "load", "arrivals", "cv", "period", "swing", "mean", "service", "service.cv", "alpha", "tenants",
         "bands"}
    )  # fmt: skip

    def __init__(self, name: str, settings: Settings, seed: int) -> None:
        self.name = name
        self.kind = "generated tasks"
        self._settings = settings
        self._seed = seed
        self.weights: Mapping[str, float] = tenants_of(settings.tenants)
        self.fleet: SimulatedFleet | None = fleet()

    def arrivals(self, capacity: float) -> Iterator[Arrival]:
        """Tasks one by one."""
        settings, seed = self._settings, self._seed
        gaps = gaps_of(settings, settings.mean / (settings.load * capacity), stream(seed, "arrivals"))
        work = sampler(settings.service, settings.mean, settings.service_cv, settings.alpha, stream(seed, "service"))
        owner = chooser(self.weights, stream(seed, "tenants"))
        band = chooser(bands_of(settings.bands), stream(seed, "bands"))
        need = chooser({str(index): share for index, (_skills, share) in enumerate(_NEEDS)}, stream(seed, "needs"))
        at = 0.0
        for number in range(1, (settings.tasks or TASKS) + 1):
            skills = _NEEDS[int(need())][0]
            priority: Priority = band()  # type: ignore[assignment]
            spec = TaskSpec(
                title=f"task {number}",
                kind=next(iter(skills), "any"),
                tenant=owner(),
                priority=priority,
                skills=dict(skills),
            )
            yield Arrival(at_s=at, works=[Work(spec=spec, run_s=work())])
            at += gaps(at)


def fleet() -> SimulatedFleet:
    """Sixty agents: in each team all sizes, in each another speed for each size; every tenth fails often."""
    agents = []
    for team, skills in enumerate(_TEAMS):
        for place, slots in enumerate(_SLOTS):
            speed = _SPEEDS[(place * 3 + team) % len(_SPEEDS)]
            name = f"team-{team + 1}-{place + 1:02}"
            spec = AgentSpec(name=name, slots=slots, skills=skills, cost=Cost(per_hour=round(speed * 2, 2)))
            fail = _FAIL if place == team and team < _FAILING else 0.0
            agents.append(simulated(spec, Behaviour(speed=speed, fail=fail)))
    return SimulatedFleet(tuple(agents), {}, {})
