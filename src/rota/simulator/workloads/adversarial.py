"""Tenants that try to get more than their share: one floods, one sends a few huge tasks, one very many tiny ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import merge

from rota.model.task import TaskSpec
from rota.simulator.arrival import Arrival, Work
from rota.simulator.chance import sampler, stream
from rota.simulator.fleet import SimulatedFleet
from rota.simulator.settings import Settings
from rota.simulator.workloads.generated import TASKS

FLOOD = 200
"""Tasks of one flood, all at one moment."""
_TENANTS = {"steady-1": 1.0, "steady-2": 1.0, "flood": 1.0, "elephants": 20.0, "mice": 0.05}
"""Each tenant's mean work, in means. All five offer the same work and weigh the same."""


class Adversarial:
    """Five tenants of equal weight and equal offered work; only two of them behave."""

    uses = frozenset({"tasks", "load", "mean"})
    weights: Mapping[str, float] = dict.fromkeys(_TENANTS, 1.0)
    fleet: SimulatedFleet | None = None

    def __init__(self, name: str, settings: Settings, seed: int) -> None:
        self.name = name
        self.kind = "generated tasks"
        self._settings = settings
        self._seed = seed

    def arrivals(self, capacity: float) -> Iterator[Arrival]:
        """The tenants' tasks in order of time, so many in all."""
        streams = [self._tenant(tenant, capacity) for tenant in _TENANTS]
        left = self._settings.tasks or TASKS
        for at, tenant, run in merge(*streams):
            yield Arrival(at_s=at, works=[Work(spec=TaskSpec(title=f"of {tenant}", tenant=tenant), run_s=run)])
            left -= 1
            if left == 0:
                return

    def _tenant(self, tenant: str, capacity: float) -> Iterator[tuple[float, str, float]]:
        random = stream(self._seed, tenant)
        mean = self._settings.mean * _TENANTS[tenant]
        work = sampler("exponential", mean, 1.0, 1.0, random)
        at_once = FLOOD if tenant == "flood" else 1
        gap = mean * at_once * len(_TENANTS) / (self._settings.load * capacity)
        at = random.expovariate(1.0) * gap
        while True:
            for _ in range(at_once):
                yield at, tenant, work()
            at += random.expovariate(1.0) * gap
