"""What became of the tasks of each band and each tenant."""

from __future__ import annotations

import msgspec

from rota.model.times import SECOND
from rota.simulator.measures.sketch import Sketch, Spread, rounded


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks of one band or one tenant."""

    name: str
    weight: float
    tasks: int
    done: int
    queue_s: Spread | None
    """Seconds that tasks were ready and waited, over all their attempts."""
    slowdown_mean: float | None
    """Mean bounded slowdown of the done."""
    service_s: float
    """Slot-seconds spent on them."""
    deadlines_met: int
    with_deadline: int


class Line:
    """A row while it is counted. Queue times in microseconds."""

    __slots__ = ("done", "met", "queue", "service", "slowdown", "tasks", "with_deadline")

    def __init__(self) -> None:
        self.tasks = 0
        self.done = 0
        self.queue = Sketch()
        self.slowdown = 0.0
        self.service = 0
        self.met = 0
        self.with_deadline = 0

    def row(self, name: str, weight: float) -> Row:
        """The figures."""
        return Row(
            name=name,
            weight=weight,
            tasks=self.tasks,
            done=self.done,
            queue_s=self.queue.spread(SECOND),
            slowdown_mean=rounded(self.slowdown / self.done) if self.done else None,
            service_s=rounded(self.service / SECOND),
            deadlines_met=self.met,
            with_deadline=self.with_deadline,
        )
