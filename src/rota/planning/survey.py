"""Looking at the lanes before any head is read: whom listening agents may serve now, and why nobody may the others."""

from __future__ import annotations

from collections.abc import Collection

from rota.planning.candidates import fitting
from rota.planning.for_now import Asked, full, nobody, shut, standings
from rota.planning.snapshot import Lane, Snapshot
from rota.planning.wishes import open_now


def survey(snapshot: Snapshot) -> tuple[list[Lane], dict[int, str]]:
    """The lanes a listening agent may serve, and the parked with their reason.

    A lane that only busy agents may serve is in neither: it waits for a slot.
    """
    look = _Look(snapshot)
    lanes: list[Lane] = []
    parked: dict[int, str] = {}
    for lane in snapshot.lanes:
        if lane.barred is not None:
            parked[lane.id] = lane.barred
            continue
        reason = look.at(lane)
        if reason is _OPEN:
            lanes.append(lane)
        elif reason is not None:
            parked[lane.id] = reason
    return lanes, parked


def all_open(snapshot: Snapshot) -> bool:
    """Whether `survey` would find that those who listen may serve every lane."""
    look = _Look(snapshot)
    return not [lane for lane in snapshot.lanes if lane.barred is not None or look.at(lane) is not _OPEN]


_OPEN = "open"


class _Look:
    """What was found out for each shape, and each band and tenant where slots are reserved."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        plain = snapshot.plain
        self._free = open_now(snapshot.agents, snapshot.listeners, plain=plain)
        self._ids = {agent.id for agent in self._free}
        self._reserved = not plain and any(agent.reserved for agent in snapshot.agents)
        rooms = not plain and any(agent.kind_room or agent.barred for agent in self._free)
        self._plain = not self._reserved and not rooms
        self._known: dict[object, str | None] = {}

    def at(self, lane: Lane) -> str | None:
        """`_OPEN`, why nobody may serve it, or None: it waits for a slot."""
        key: object = (lane.shape, lane.band, lane.tenant) if self._reserved else lane.shape
        if key not in self._known:
            self._known[key] = self._look(lane)
        return self._known[key]

    def _look(self, lane: Lane) -> str | None:
        snapshot = self._snapshot
        needs = snapshot.shapes[lane.shape]
        asked = Asked(needs, lane.band, lane.tenant)
        fit = fitting(snapshot, lane.shape)
        if self._plain and not needs.resources and needs.max_cost is None:
            may = not self._ids.isdisjoint([agent.id for agent in fit])
        else:
            now = standings(snapshot.agents, asked, snapshot.fits[lane.shape])
            may = any(now[agent.id] is None for agent in self._free)
        return _OPEN if may else nobody(snapshot.agents, asked)


def refused_where_closed(
    snapshot: Snapshot, served: Collection[int], agents: Collection[int]
) -> dict[int, dict[int, str]]:
    """Of lanes that `survey` left out, by lane: which of these agents may do its tasks, but not now, with the code.

    Slots alone refuse nobody here who listens, so nothing is looked at unless more decides.
    """
    left = [lane for lane in snapshot.lanes if lane.barred is None and lane.id not in served]
    if not left:
        return {}
    more = any(agent.reserved or agent.kind_room or agent.barred for agent in snapshot.agents)
    found: dict[int, dict[int, str]] = {}
    for lane in left:
        needs = snapshot.shapes[lane.shape]
        if not (more or needs.resources or needs.max_cost is not None):
            continue
        asked = Asked(needs, lane.band, lane.tenant)
        for agent in fitting(snapshot, lane.shape):
            no = (agent.barred or shut(agent, asked) or full(agent, asked)) if agent.id in agents else None
            if no is not None:
                found.setdefault(lane.id, {})[agent.id] = no.code
    return found
