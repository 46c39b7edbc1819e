"""What the owner of a SQLite file remembers between its turns: rows that nobody but its own turns can change.

Reading them again each turn took a third of the time of small turns. Nodes that share a PostgreSQL database read.
A turn that is rolled back forgets all of it, with the rest of the book.
"""

from __future__ import annotations

from collections.abc import Iterable

from rota.engine.estimates import Beliefs
from rota.engine.trouble_rows import Troubles
from rota.store.sql.leases import LeaseRow

Served = tuple[int, float, int, float, int, int]
"""served, busy_s, busy_at, mean_s, done, failed of an agent."""


class Owned:
    """Always what the database says, or will say once the open turn is committed."""

    def __init__(self) -> None:
        self.served: dict[int, Served] = {}
        self.beliefs: Beliefs = {}
        self.parked: dict[str, int] | None = None
        """Limits that providers parked, and until when."""
        self.troubles: Troubles | None = None
        self.depths: dict[int, int] | None = None
        """Waiting tasks by lane; lanes without any are left out."""
        self.depth_rows = 0
        """In how many rows of the database they are."""
        self.slots: dict[int, dict[int, int]] = {}
        """Slots in use by agent, with the moment each was taken."""

    def count(self, more: Iterable[tuple[int, int]]) -> None:
        """So many tasks more or less wait in these lanes."""
        depths = self.depths
        if depths is None:
            return
        for lane, n in more:
            self.depth_rows += 1
            left = depths.get(lane, 0) + n
            if left:
                depths[lane] = left
            else:
                depths.pop(lane, None)

    def take(self, leases: Iterable[LeaseRow]) -> None:
        """These leases were given out."""
        for lease in leases:
            if lease.agent in self.slots:
                self.slots[lease.agent][lease.slot] = lease.since

    def end(self, leases: Iterable[LeaseRow]) -> None:
        """These leases were ended."""
        for lease in leases:
            if lease.agent in self.slots:
                self.slots[lease.agent].pop(lease.slot, None)
