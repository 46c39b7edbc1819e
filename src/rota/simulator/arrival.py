"""What comes in during a simulation: tasks, each with the work that it really is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec

from rota.model.task import TaskSpec
from rota.simulator.fleet import SimulatedFleet


class Work(msgspec.Struct, kw_only=True):
    """One task to come: what is submitted, and what only the simulator knows."""

    spec: TaskSpec
    run_s: float
    """How long an agent of speed 1 is busy with it, seconds."""
    tokens: float = 0.0
    """Tokens that are paid for."""
    line: int = 0
    """Where it stands in its file, from 1; 0 = it was generated."""


class Arrival(msgspec.Struct, kw_only=True):
    """Tasks that come at one moment. A `group` belongs together: its tasks may wait for each other by `ref`."""

    at_s: float
    """Seconds since the workload began."""
    works: list[Work]
    group: bool = False


class Workload(Protocol):
    """A source of arrivals. It is read twice: first to survey it, then to simulate it."""

    name: str
    """What the user called it."""
    kind: str
    """What sort of workload it is."""
    uses: frozenset[str]
    """Names of the workload settings that mean something to it."""
    weights: Mapping[str, float]
    """Weights of tenants; one that is missing has weight 1."""
    fleet: SimulatedFleet | None
    """The fleet that belongs to it, when the user names none."""

    def arrivals(self, capacity: float) -> Iterator[Arrival]:
        """Arrivals in order of time. `capacity` is how many seconds of work the fleet does in a second."""
        ...
