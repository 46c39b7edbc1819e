"""Arrivals as a simulation takes them: cut, paced, with estimates, deadlines and patience as set."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp

import msgspec

from rota.model.errors import invalid
from rota.model.requirements import Requirements, needs_of
from rota.simulator.arrival import Arrival, Work, Workload
from rota.simulator.chance import stream
from rota.simulator.deadlines import deadline_rule, longest_path
from rota.simulator.settings import Settings


def shaped(workload: Workload, settings: Settings, capacity: float, seed: int) -> Iterator[Arrival]:
    """The workload's arrivals with the settings applied; the same for the same seed, whatever the policy."""
    rule = deadline_rule(settings.deadline, stream(seed, "deadlines"))
    noise = stream(seed, "noise")
    patience = stream(seed, "patience")
    left = settings.tasks
    for arrival in workload.arrivals(capacity):
        if left is not None:
            if left == 0:
                return
            if arrival.group and left < len(arrival.works):
                _check_cut(settings, left, len(arrival.works))
                return
            arrival.works = arrival.works[:left]
            left -= len(arrival.works)
        arrival.at_s /= settings.pace
        for work in arrival.works:
            if settings.estimates == "none":
                work.spec.estimate = None
            elif settings.estimates == "run" or work.spec.estimate is None:
                factor = exp(settings.noise * noise.gauss(0.0, 1.0)) if settings.noise else 1.0
                work.spec.estimate = work.run_s * factor
            if settings.patience:
                work.spec.ttl = max(patience.expovariate(1.0) * settings.patience, 1e-6)
        if rule is not None:
            path = longest_path(arrival.works) if arrival.group else 0.0
            for work in arrival.works:
                work.spec.deadline = rule(arrival, work, path or work.run_s)
        yield arrival


def _check_cut(settings: Settings, left: int, first: int) -> None:
    """A group is never cut in two; when it is the first one, nothing would be left."""
    if left == settings.tasks:
        raise invalid("--set tasks", f"{left} is less than the {first} tasks of the first group, which stay together")


class Survey(msgspec.Struct):
    """What is known of a workload before it is simulated."""

    tasks: int = 0
    groups: int = 0
    work_s: float = 0.0
    first_s: float = 0.0
    last_s: float = 0.0
    tenants: dict[str, int] = {}
    queues: set[str] = set()
    needs: dict[tuple[str, Requirements], float] = {}
    """Seconds of work by queue and requirements."""

    @property
    def mean_s(self) -> float:
        """Mean seconds of work of a task."""
        return self.work_s / self.tasks if self.tasks else 0.0


def survey(workload: Workload, settings: Settings, capacity: float, seed: int) -> Survey:
    """Read all of a workload once; whatever is wrong with it is found here, before anything is simulated."""
    found = Survey()
    for arrival in shaped(workload, settings, capacity, seed):
        if found.tasks == 0:
            found.first_s = arrival.at_s
        found.last_s = arrival.at_s
        found.groups += arrival.group
        for work in arrival.works:
            _count(found, work)
    if found.tasks == 0:
        raise invalid(workload.name, "this workload has no tasks; there is nothing to simulate")
    return found


def _count(found: Survey, work: Work) -> None:
    spec = work.spec
    found.tasks += 1
    found.work_s += work.run_s
    found.tenants[spec.tenant] = found.tenants.get(spec.tenant, 0) + 1
    found.queues.add(spec.queue)
    key = spec.queue, needs_of(spec)
    found.needs[key] = found.needs.get(key, 0.0) + work.run_s
