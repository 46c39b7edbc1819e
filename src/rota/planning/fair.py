"""Fair shares: whose tasks stand back because others had less, on two levels: tenants, and inside one its projects.

Each tenant of a band has a pass: work it was given, per weight (stride scheduling, Waldspurger 1995; start-time fair
queueing, Goyal 1996). A tenant whose pass is at most the least active one plus a slack is eligible, and among eligible
ones the due date decides; the others stand back until they are eligible again (the idea of EEVDF, Stoica 1996). A
pure pass before due loses deadlines, due before pass lets one tenant flood the others. Inside a tenant its shares, one
for each project and one for tasks without, have passes in the same way (hierarchical fair queueing, Bennett and Zhang
1996), all of one weight. A task is in its turn when its tenant and its share are.

Who is idle saves nothing up: a pass counts as no less than the virtual time of its level less the slack. While a tenant
is alone in its band, and a share in its tenant, nothing is charged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Generic, NamedTuple, TypeVar

from rota.planning.snapshot import TENANT, VIRTUAL, Lane, PassKey

Entry = TypeVar("Entry")


class Level:
    """Passes of those who share: the tenants of a band, or the shares of one of its tenants."""

    def __init__(self, stored: Mapping[int, int], virtual: int, kept: int, active: set[int]) -> None:
        """`virtual` is the level's virtual time, `kept` what idle ones keep of their claim, both microseconds."""
        self.alone = len(active) < 2
        self._stored = {one: stored.get(one, 0) for one in active}
        self._virtual = virtual
        self.passes = {one: max(had, virtual - kept) for one, had in self._stored.items()}
        self._charged: set[int] = set()

    def charge(self, one: int, work: int) -> None:
        """It was given this much work per weight, microseconds."""
        self.passes[one] += max(work, 1)
        self._charged.add(one)

    def charges(self) -> Iterator[tuple[int | None, int]]:
        """What is to be added to the stored passes, and (None) to the virtual time."""
        if not self._charged:
            return
        for one in self._charged:
            yield one, self.passes[one] - self._stored[one]
        moved = min(self.passes.values()) - self._virtual
        if moved > 0:
            yield None, moved


_ALONE = Level({}, 0, 0, set())


def shared_passes(lanes: Iterable[Lane]) -> set[PassKey]:
    """The passes and virtual times that a plan over these lanes asks for: where more than one shares."""
    tenants: dict[int, set[int]] = {}
    inside: dict[tuple[int, int], set[int]] = {}
    for lane in lanes:
        tenants.setdefault(lane.band, set()).add(lane.tenant)
        inside.setdefault((lane.band, lane.tenant), set()).add(lane.share)
    found: set[PassKey] = set()
    for (band, tenant), shares in inside.items():
        if len(shares) > 1:
            found.update(PassKey(band, tenant, one) for one in (*shares, TENANT, VIRTUAL))
            found.add(PassKey(band, 0, TENANT))
    for band, those in tenants.items():
        if len(those) > 1:
            found.update(PassKey(band, tenant, TENANT) for tenant in (0, *those))
    return found


class Charged(NamedTuple):
    """What a task that is given costs those who share, microseconds of work; and the share, where that paid too."""

    work: int = 0
    share: int = -1


class Ahead(NamedTuple):
    """How far a lane's tenant, and inside it its project, is ahead of those that wait and had least.

    Microseconds of work, per weight for tenants; None = it shares with nobody.
    """

    tenant: int | None
    share: int | None
    most: int | None
    """By more than this it stands back; None = it never does."""


class Shares:
    """The passes of one band's tenants and their shares while a plan gives."""

    def __init__(
        self,
        band: int,
        stored: Mapping[PassKey, int],
        weights: Mapping[int, int],
        slack: float,
        mean: int,
        lanes: Iterable[Lane],
    ) -> None:
        """`mean` is the work of a mean task, microseconds; `slack` counts those; `lanes` are those that wait."""
        self._band = band
        self._weights = weights
        self.mean = mean
        active: dict[int, set[int]] = {}
        for lane in lanes:
            active.setdefault(lane.tenant, set()).add(lane.share)
        if len(active) == 1 and all(len(shares) == 1 for shares in active.values()):
            # One for all: nothing is compared, and nothing charged.
            self.tenants, self.inside = _ALONE, {}
            return
        kept = round(slack * mean)

        def level(ones: set[int], of: Mapping[int, PassKey], virtual: PassKey) -> Level:
            return Level({one: stored.get(of[one], 0) for one in ones}, stored.get(virtual, 0), kept, ones)

        keys = {tenant: PassKey(band, tenant, TENANT) for tenant in active}
        self.tenants = level(set(active), keys, PassKey(band, 0, TENANT))
        self.inside = {
            tenant: level(shares, {one: PassKey(band, tenant, one) for one in shares}, PassKey(band, tenant, VIRTUAL))
            for tenant, shares in active.items()
            if len(shares) > 1
        }
        """By tenant, where more than one share of it waits."""

    def charge(self, lane: Lane, work: int) -> Charged:
        """A task of the lane was given, with this much work; what was charged."""
        inside = self.inside.get(lane.tenant)
        if self.tenants.alone and inside is None:
            return Charged()
        work = max(work, 1)
        self.tenants.charge(lane.tenant, work // self._weights.get(lane.tenant, 1))
        if inside is None:
            return Charged(work)
        inside.charge(lane.share, work)
        return Charged(work, lane.share)

    def charges(self) -> Iterator[tuple[PassKey, int]]:
        """What is to be added to the stored passes and virtual times."""
        for tenant, more in self.tenants.charges():
            yield PassKey(self._band, tenant or 0, TENANT), more
        for tenant, inside in self.inside.items():
            for share, more in inside.charges():
                yield PassKey(self._band, tenant, VIRTUAL if share is None else share), more


class Floor:
    """The least pass of those on a level that still have lanes."""

    def __init__(self, level: Level, lanes: Iterable[int]) -> None:
        """`lanes` names whose they are, each as often as it has lanes."""
        self._level = level
        self._lanes = Counter(lanes)
        self._least = [(level.passes[one], one) for one in self._lanes]
        heapify(self._least)

    def leave(self, one: int) -> None:
        """One lane of it has run out."""
        self._lanes[one] -= 1

    def has(self, one: int) -> int:
        """How far it has come."""
        return self._level.passes[one]

    def least(self) -> int:
        """Passes only grow, so an old entry stands too early."""
        heap = self._least
        while heap:
            known, one = heap[0]
            if not self._lanes[one]:
                heappop(heap)
                continue
            current = self._level.passes[one]
            if current == known:
                return known
            heappop(heap)
            heappush(heap, (current, one))
        return 0


class Eligible(Generic[Entry]):
    """Which lanes of a group are in their turn, while lanes run out and tasks are charged; and who stands back."""

    def __init__(self, shares: Shares, lanes: Sequence[Lane]) -> None:
        self._shares = shares
        tenants = [lane.tenant for lane in lanes]
        self._tenants = None if shares.tenants.alone else Floor(shares.tenants, tenants)
        inside: dict[int, list[int]] = {tenant: [] for tenant in shares.inside}
        for lane in lanes:
            if lane.tenant in inside:
                inside[lane.tenant].append(lane.share)
        self._inside = {tenant: Floor(shares.inside[tenant], owners) for tenant, owners in inside.items()}
        self._ahead: list[tuple[int, int, Entry]] = []
        """Who stands back because of the tenant, by how far the least pass must have come."""
        self._ahead_inside: dict[int, list[tuple[int, int, Entry]]] = {tenant: [] for tenant in self._inside}
        self._moved: set[int] = set()
        """Tenants inside of which the least pass may have moved."""
        self._count = 0

    def may(self, lane: Lane) -> bool:
        """Whether the lane's tasks are in their turn."""
        return self._may_tenant(lane) and self._may_inside(lane)

    def ahead(self, lane: Lane) -> Ahead:
        """How far the lane's tasks are ahead of the others."""
        inside = self._inside.get(lane.tenant)
        return Ahead(
            None if self._tenants is None else self._tenants.has(lane.tenant) - self._tenants.least(),
            None if inside is None else inside.has(lane.share) - inside.least(),
            None if lane.slack is None else round(lane.slack * self._shares.mean),
        )

    def charge(self, lane: Lane, work: int) -> Charged:
        """A task of the lane was given."""
        self._moved.add(lane.tenant)
        return self._shares.charge(lane, work)

    def leave(self, lane: Lane) -> None:
        """The lane has run out."""
        if self._tenants is not None:
            self._tenants.leave(lane.tenant)
        if lane.tenant in self._inside:
            self._inside[lane.tenant].leave(lane.share)
            self._moved.add(lane.tenant)

    def stand_back(self, lane: Lane, entry: Entry) -> None:
        """Keep an entry of a lane that is not in its turn until it is."""
        self._count += 1
        if not self._may_tenant(lane):
            assert self._tenants is not None
            turn = self._turn(self._tenants, lane.tenant, lane)
            heappush(self._ahead, (turn, self._count, entry))
            return
        turn = self._turn(self._inside[lane.tenant], lane.share, lane)
        heappush(self._ahead_inside[lane.tenant], (turn, self._count, entry))

    def back(self) -> list[Entry]:
        """Those that stood back and need not for the same reason any more."""
        found: list[Entry] = []
        if self._ahead and self._tenants is not None:
            _take(self._ahead, self._tenants.least(), found)
        if self._moved:
            for tenant in sorted(self._moved & self._ahead_inside.keys()):
                if self._ahead_inside[tenant]:
                    _take(self._ahead_inside[tenant], self._inside[tenant].least(), found)
            self._moved.clear()
        return found

    def _may_tenant(self, lane: Lane) -> bool:
        if lane.slack is None or self._tenants is None:
            return True
        return self._turn(self._tenants, lane.tenant, lane) <= self._tenants.least()

    def _may_inside(self, lane: Lane) -> bool:
        floor = self._inside.get(lane.tenant)
        return lane.slack is None or floor is None or self._turn(floor, lane.share, lane) <= floor.least()

    def _turn(self, floor: Floor, one: int, lane: Lane) -> int:
        """How far the least pass must have come for the lane to be in its turn."""
        return floor.has(one) - round((lane.slack or 0.0) * self._shares.mean)


def _take(behind: list[tuple[int, int, Entry]], least: int, found: list[Entry]) -> None:
    while behind and behind[0][0] <= least:
        found.append(heappop(behind)[2])
