"""How many tasks are ready in each lane, and which lanes of better bands hold some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rota.store.protocol import Reader
from rota.store.sql.audit import LANES


class Lane(NamedTuple):
    """What makes a lane. Lanes are made and never changed, so the table may be believed."""

    id: int
    pool: int
    queue: int
    shape: int
    band: int
    tenant: int


class Lanes:
    """Every lane, and the number of ready tasks in it as the events say so far."""

    def __init__(self, reader: Reader) -> None:
        self.known: dict[int, Lane] = {row[0]: Lane(*row) for row in reader.one(LANES)}
        self.ready: dict[int, int] = {}
        self._full: dict[int, dict[int, set[int]]] = {}
        """By pool and band: the lanes that hold tasks."""

    def come(self, lane: Lane, n: int = 1) -> None:
        """`n` more tasks are ready in the lane."""
        had = self.ready.get(lane.id, 0)
        self.ready[lane.id] = had + n
        if had == 0:
            self._full.setdefault(lane.pool, {}).setdefault(lane.band, set()).add(lane.id)

    def go(self, lane: Lane) -> None:
        """One task less is ready in the lane."""
        left = self.ready[lane.id] - 1
        self.ready[lane.id] = left
        if left == 0:
            self._full[lane.pool][lane.band].discard(lane.id)

    def better(self, pool: int, band: int) -> Iterator[Lane]:
        """The lanes of the pool that hold tasks of a better band."""
        bands = self._full.get(pool)
        if not bands:
            return
        for other in sorted(bands):
            if other >= band:
                return
            for number in bands[other]:
                yield self.known[number]
