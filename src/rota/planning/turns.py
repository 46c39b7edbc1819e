"""Whose turn comes next: the order of work inside a band, tenants and projects that stand back included.

The plan gives tasks as they come to their turn here; who only asks when a task's turn comes goes through the same
order as if slots were endless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush, heapreplace

import msgspec

from rota.planning.fair import Ahead, Charged, Eligible, Shares
from rota.planning.snapshot import Head, Lane, Snapshot

Place = tuple[int, int, int, int]
"""A task in its turn: due date, number, the index of its lane, its place among the heads of that."""


def bands(lanes: Iterable[Lane]) -> list[tuple[int, list[list[Lane]]]]:
    """Lanes that show tasks, by band, and in a band those in time before the late."""
    found: dict[tuple[int, bool], list[Lane]] = {}
    for lane in lanes:
        if lane.heads:
            found.setdefault((lane.band, lane.late), []).append(lane)
    by_band: dict[int, list[list[Lane]]] = {}
    for key in sorted(found):
        by_band.setdefault(key[0], []).append(found[key])
    return list(by_band.items())


def shares_of(snapshot: Snapshot, band: int, groups: Iterable[Sequence[Lane]]) -> Shares:
    """What the tenants of a band had so far; `groups` are its lanes that show tasks."""
    lanes = [lane for group in groups for lane in group]
    mean = sum([lane.heads[0].cost for lane in lanes]) // len(lanes)
    return Shares(band, snapshot.passes, snapshot.weights, snapshot.slack, mean, lanes)


class Turns:
    """The tasks that lanes of one band and lateness show, each when its turn comes."""

    def __init__(self, lanes: Sequence[Lane], shares: Shares) -> None:
        self._lanes = lanes
        self._shared = not shares.tenants.alone or bool(shares.inside)
        self._eligible: Eligible[Place] = Eligible(shares, lanes)
        self._waiting: list[Place] = [(*lane.heads[0][:2], index, 0) for index, lane in enumerate(lanes)]
        heapify(self._waiting)

    def first(self) -> Place | None:
        """The task whose turn it is; it stays the first until it is passed or its lane left. None = there is none."""
        waiting = self._waiting
        if not self._shared:
            return waiting[0] if waiting else None
        for place in self._eligible.back():
            heappush(waiting, place)
        while waiting:
            place = waiting[0]
            lane = self._lanes[place[2]]
            if self._eligible.may(lane):
                return place
            self._eligible.stand_back(lane, heappop(waiting))
        return None

    def charge(self, lane: Lane, work: int) -> Charged:
        """A task of the lane is given, with this much work, microseconds; what was charged."""
        return self._eligible.charge(lane, work)

    def go_on(self, lane: Lane, index: int, at: int) -> bool:
        """The first was given; after it comes this place of its lane. False when the lane shows no more: leave it."""
        if at >= len(lane.heads):
            return False
        heapreplace(self._waiting, (*lane.heads[at][:2], index, at))
        return True

    def leave(self, lane: Lane) -> None:
        """The first and its lane are done with: no more of it is given."""
        heappop(self._waiting)
        self._eligible.leave(lane)


def ahead(snapshot: Snapshot, lane: Lane) -> Ahead:
    """How far a lane of the snapshot that shows tasks is ahead of the others of its band and lateness, at first."""
    groups = dict(bands(snapshot.lanes))[lane.band]
    shares = shares_of(snapshot, lane.band, groups)
    own = next(group for group in groups if group[0].late == lane.late)
    return Eligible[Place](shares, own).ahead(lane)


def kept_back(snapshot: Snapshot, own: Lane, works: Mapping[int, int]) -> dict[int, float]:
    """By lane the share of this much work, microseconds, that its tenant is given before it stands back for `own`.

    `works` is what stands before a task of the lane `own` by due date alone. When the task's turn comes its tenant has
    had the work of its own lanes more; another one stands back when it has had more than that and the slack. Lanes
    that are missing are given all of it. `own` shows tasks.
    """
    groups = dict(bands(snapshot.lanes))[own.band]
    shares = shares_of(snapshot, own.band, groups)
    if shares.tenants.alone:
        return {}
    lanes = [lane for group in groups for lane in group]
    work: dict[int, int] = {}
    for lane in lanes:
        work[lane.tenant] = work.get(lane.tenant, 0) + works.get(lane.id, 0)
    had, weights = shares.tenants.passes, snapshot.weights
    then = had[own.tenant] + work[own.tenant] // weights.get(own.tenant, 1)
    found: dict[int, float] = {}
    for lane in lanes:
        if lane.slack is None or lane.tenant == own.tenant or not work[lane.tenant]:
            continue
        # It is given one task more: the one with which it gets ahead.
        most = (then - had[lane.tenant] + lane.slack * shares.mean) * weights.get(lane.tenant, 1) + shares.mean
        found[lane.id] = min(max(most, 0.0) / work[lane.tenant], 1.0)
    return found


def in_turn(snapshot: Snapshot) -> Iterator[tuple[Lane, Head]]:
    """The tasks that lanes show, in the order a plan would give them in if slots were endless; limits are kept.

    It ends early where a lane holds more than it shows: what comes then is not known. Two things that move tasks by a
    little are left out: batch groups, whose tasks come along with their first (see `groups`), and regret matching,
    which takes the next few tasks in an order of its own.
    """
    gauges = {name: msgspec.structs.replace(gauge) for name, gauge in snapshot.gauges.items()}
    for band, groups in bands(snapshot.lanes):
        shares = shares_of(snapshot, band, groups)
        for lanes in groups:
            turns = Turns(lanes, shares)
            while (place := turns.first()) is not None:
                _due, _task, index, at = place
                lane = lanes[index]
                if not all(gauges[limit].room for limit in lane.limits):
                    turns.leave(lane)
                    continue
                for limit in lane.limits:
                    gauges[limit].take()
                turns.charge(lane, lane.heads[at].cost)
                yield lane, lane.heads[at]
                if turns.go_on(lane, index, at + 1):
                    continue
                if lane.more:
                    return
                turns.leave(lane)
