"""Fair shares: whose tasks stand back because their tenant is ahead of the others.

Each tenant of a band has a pass: work it was given, per weight (stride scheduling, Waldspurger 1995; start-time fair
queueing, Goyal 1996). A tenant whose pass is at most the least active one plus a slack is eligible, and among eligible
ones the due date decides; the others stand back until they are eligible again (the idea of EEVDF, Stoica 1996). A
pure pass before due loses deadlines, due before pass lets one tenant flood the others.

Idle tenants save nothing up: a pass counts as no less than the band's virtual time less the slack. While a tenant is
alone in its band nothing is charged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush

from rota.planning.snapshot import Lane


class Shares:
    """The passes of one band's tenants while a plan gives."""

    def __init__(
        self,
        band: int,
        stored: Mapping[tuple[int, int], int],
        weights: Mapping[int, int],
        slack: float,
        mean: int,
        active: set[int],
    ) -> None:
        """`mean` is the work of a mean task, microseconds; `slack` counts those; `active` are the tenants that wait."""
        self._band = band
        self._stored = stored
        self._weights = weights
        self.mean = mean
        self.alone = len(active) < 2
        least = stored.get((band, 0), 0) - round(slack * mean)
        self._passes = {tenant: max(stored.get((band, tenant), 0), least) for tenant in active}
        self._began = dict(self._passes)

    def of(self, tenant: int) -> int:
        """What the tenant had."""
        return self._passes[tenant]

    def charge(self, tenant: int, work: int) -> int:
        """The tenant was given this much work, microseconds; what it was charged."""
        if self.alone:
            return 0
        work = max(work, 1)
        self._passes[tenant] += max(work // self._weights.get(tenant, 1), 1)
        return work

    def charges(self) -> Iterator[tuple[tuple[int, int], int]]:
        """What is to be added to the stored passes, and to the virtual time."""
        if self.alone or self._passes == self._began:
            return
        for tenant, now in self._passes.items():
            if now != self._began[tenant]:
                yield (self._band, tenant), now - self._stored.get((self._band, tenant), 0)
        moved = min(self._passes.values()) - self._stored.get((self._band, 0), 0)
        if moved > 0:
            yield (self._band, 0), moved


class Eligible:
    """Which tenants of a group of lanes are eligible, while lanes run out and tenants are charged."""

    def __init__(self, shares: Shares, tenants: Iterable[int]) -> None:
        """`tenants` of the group's lanes, each as often as it has lanes."""
        self._shares = shares
        self._lanes: dict[int, int] = {}
        for tenant in tenants:
            self._lanes[tenant] = self._lanes.get(tenant, 0) + 1
        self._least = [(shares.of(tenant), tenant) for tenant in self._lanes]
        heapify(self._least)

    def may(self, lane: Lane) -> bool:
        """Whether the lane's tasks are in their turn."""
        return lane.slack is None or self._shares.alone or self.turn(lane) <= self._floor()

    def turn(self, lane: Lane) -> int:
        """How far the least pass must have come for the lane to be in its turn."""
        return self._shares.of(lane.tenant) - round((lane.slack or 0.0) * self._shares.mean)

    def leave(self, tenant: int) -> None:
        """One lane of the tenant has run out."""
        self._lanes[tenant] -= 1

    def _floor(self) -> int:
        """The least pass of a tenant that still has lanes. Passes only grow, so an old entry stands too early."""
        heap = self._least
        while heap:
            known, tenant = heap[0]
            if not self._lanes[tenant]:
                heappop(heap)
                continue
            current = self._shares.of(tenant)
            if current == known:
                return known
            heappop(heap)
            heappush(heap, (current, tenant))
        return 0
