"""Where the tasks of one submit stand: worked out once for all that are alike."""

from __future__ import annotations

from typing import NamedTuple

from rota.engine.book import Queue
from rota.engine.context import Context
from rota.engine.estimates import Expected
from rota.planning.inherit import Need
from rota.planning.order import Facts, Standing, standing


class Alike(NamedTuple):
    """What tasks that stand at the same place have in common. Times in microseconds."""

    queue: int
    band: int
    kind: str
    estimate: int | None
    deadline: int | None
    need: Need


class Placed(NamedTuple):
    """What follows from it."""

    facts: Facts
    expected: Expected
    found: Standing


class Standings:
    """The places of one submit's tasks."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[Alike, Placed] = {}

    def of(self, queue: Queue, alike: Alike) -> Placed:
        """Where such a task stands if it is ready now."""
        placed = self._known.get(alike)
        if placed is None:
            placed = self._known[alike] = self._place(queue, alike)
        return placed

    def _place(self, queue: Queue, alike: Alike) -> Placed:
        context, need = self._context, alike.need
        quantile = context.book.pools[queue.pool].policy.late_quantile
        expected = context.estimates.of(alike.kind, alike.estimate, quantile)
        facts = Facts(context.now, alike.band, alike.deadline, *expected, None, need.band, need.due, need.must)
        return Placed(facts, expected, standing(facts, context.now, queue.policy))
