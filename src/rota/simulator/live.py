"""What the simulation knows of a task that is not forgotten, and of tasks that belong together."""

from __future__ import annotations

from rota.simulator.arrival import Work


class Live:
    """One task on its way. Times in microseconds."""

    __slots__ = (
        "agent", "arrived", "attempts", "band", "deadline", "given_at", "group", "lane", "mask", "number", "place",
        "ready_at", "run", "slot", "state", "tenant", "waited", "work",
    )  # fmt: skip

    def __init__(self, number: int, place: int, work: Work, band: int, arrived: int, deadline: int | None) -> None:
        self.number = number
        self.place = place
        """Its number in the workload, from 0: what its luck depends on."""
        self.work = work
        self.band = band
        self.tenant = work.spec.tenant
        self.arrived = arrived
        self.deadline = deadline
        self.group: Group | None = None
        self.state = -1
        self.lane = 0
        self.mask = 0
        """Agents that may do it as it waits now, a bit each."""
        self.ready_at = 0
        self.waited = 0
        self.attempts = 0
        self.agent = 0
        self.slot = 0
        self.given_at = 0
        self.run = 0
        """How long its last attempt took."""


class Group:
    """Tasks that came together. Times in microseconds."""

    __slots__ = ("arrived", "deadline", "left", "numbers", "path", "processed", "repeated", "work")

    def __init__(self, arrived: int, path: int, work: int, processed: int) -> None:
        self.arrived = arrived
        self.path = path
        """Its longest chain."""
        self.work = work
        self.processed = processed
        """Slot-time spent in all before it came."""
        self.deadline: int | None = None
        self.numbers: list[int] = []
        self.left = 0
        self.repeated = False
        """A task of it was not done, or not at the first attempt."""
