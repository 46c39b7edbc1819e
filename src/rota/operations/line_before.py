"""What stands before a waiting task: the plan's own order over the tasks that compete with it, as if slots were
endless."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from rota.engine.book import Book
from rota.engine.heads import heads_of
from rota.engine.limit_standing import standings_of
from rota.model.times import SECOND
from rota.operations.lanes import Shut, Waiting, shut_lanes
from rota.planning import turns
from rota.planning.expect import Before
from rota.planning.fair import Ahead, shared_passes
from rota.planning.limit import Gauge
from rota.planning.order import slack
from rota.planning.snapshot import Lane, PassKey, Snapshot
from rota.store.protocol import Reader
from rota.store.sql.fleet import PASSES
from rota.store.sql.listing import ShownRow
from rota.store.sql.waiting import WORK_AHEAD

LOOKED_AT = 1_000
"""Tasks that are gone through one by one, over all lanes of the band."""
COUNTED = 10_000
"""Tasks of one lane that are counted before the task; more are told as at least so many."""
LAST = ((1 << 63) - 1, 0)
"""Behind all due dates and numbers."""
ALONE = Ahead(None, None, 0)


class Line(NamedTuple):
    """What stands before a task."""

    before: Before
    charged_alike: Mapping[str, Before]
    """By limit of the task: those of them that are charged to it too."""
    ahead: Ahead
    about: bool
    """So many stand before it that they were counted by due date, with an estimate of which tenants stand back."""


def line_before(reader: Reader, book: Book, row: ShownRow, lanes: Iterable[Waiting], now: int) -> Line:
    """The tasks of these lanes, the task's own among them, that are given before it; limits let fewer come."""
    assert row.lane is not None
    key = book.lane_key(reader, row.lane)
    come = _coming(reader, book, row.lane, lanes, now)
    own_limits = book.charged(reader, row.lane)
    bound = {one.waiting.lane: () if one.later else _others(reader, book, one, own_limits) for one in come}
    gauges = _gauges(reader, book, bound, now)
    better = [one.waiting.lane for one in come if one.waiting.key.band < key.band]
    band = [one.waiting for one in come if one.waiting.key.band == key.band]
    drawn = draw(reader, book, band, level([one.tasks for one in band], LOOKED_AT), bound, gauges)
    own = next((lane for lane in drawn.lanes if lane.id == row.lane and lane.heads), None)
    found = {lane: _counted(reader, lane, LAST, bound, gauges) for lane in better}
    gone_through = _gone_through(drawn, row.id)
    about = gone_through is None and _is_shared(drawn)
    if gone_through is None:
        ends = {one.lane: (row.due, row.id) if one.key.late == key.late else LAST for one in band}
        earlier = [one.lane for one in band if one.key.late <= key.late]
        by_due = {lane: _counted(reader, lane, ends[lane], bound, gauges) for lane in earlier}
        gone_through = by_due if own is None else _kept_back(drawn, own, by_due)
    found |= gone_through
    alike = {
        name: _sum(before for lane, before in found.items() if name in book.charged(reader, lane))
        for name in own_limits
    }
    return Line(_sum(found.values()), alike, ALONE if own is None else turns.ahead(drawn, own), about)


def _is_shared(drawn: Snapshot) -> bool:
    return any(lane.slack is not None for lane in drawn.lanes) and bool(shared_passes(drawn.lanes))


def draw(
    reader: Reader,
    book: Book,
    lanes: Sequence[Waiting],
    heads_each: int,
    bound: Mapping[int, Collection[str]],
    gauges: Mapping[str, Gauge],
) -> Snapshot:
    """Lanes of one pool as a plan sees them, without agents: `bound` are limits by lane, `gauges` what is left of them.

    Tasks that come in while this is read are as good as those that come later.
    """
    drawn = []
    heads = heads_of(reader, [one.lane for one in lanes], heads_each)
    for one in lanes:
        key, policy = one.key, book.queues[one.key.queue].policy
        most = slack(policy.ordering, book.pools[key.pool].policy.slack)
        lane = Lane(one.lane, key.shape, key.band, None, bool(key.late), key.tenant, key.share, most)
        lane.heads, lane.more = heads.get(one.lane, ()), one.tasks > heads_each
        lane.limits = tuple(bound[one.lane])
        drawn.append(lane)
    pool = lanes[0].key.pool if lanes else 0
    asked = [(pool, *one) for one in sorted(shared_passes(drawn))]
    return Snapshot(
        agents=(),
        listeners=(),
        lanes=drawn,
        shapes={},
        weights=book.weights,
        passes={PassKey(*row[:3]): row[3] for row in reader.each(PASSES, asked)},
        slack=book.pools[pool].policy.slack if lanes else 0.0,
        gauges=gauges,
    )


def level(depths: Iterable[int], most: int) -> int:
    """How many tasks each lane may show so that all show no more than `most`: what one has less, the others have more.

    At least one.
    """
    left, deepest = most, sorted(depths)
    for at, depth in enumerate(deepest):
        each = left // (len(deepest) - at)
        if depth > each:
            return max(each, 1)
        left -= depth
    return most


class _Coming(NamedTuple):
    """A lane whose tasks may be given before the task."""

    waiting: Waiting
    later: bool
    """Nothing of it may be given yet, but before the task's own lane is let go on."""


def _coming(reader: Reader, book: Book, own: int, lanes: Iterable[Waiting], now: int) -> list[_Coming]:
    """Lanes that are shut for longer than the task's own are left out: a plan passes them over until then."""
    listed = list(lanes)
    shut = shut_lanes(reader, book, [one.lane for one in listed], now)
    until = _opens(shut.get(own), now)
    found = []
    for one in listed:
        opens = _opens(shut.get(one.lane), now)
        if one.lane == own or (opens is not None and (until is None or opens <= until)):
            found.append(_Coming(one, opens is None or opens > now))
    return found


def _opens(shut: Shut | None, now: int) -> int | None:
    return now if shut is None else shut.opens


def _others(reader: Reader, book: Book, one: _Coming, own: Collection[str]) -> tuple[str, ...]:
    """Limits that hold the lane back, but not the task: with those of its own it waits in one line."""
    return tuple(name for name in book.charged(reader, one.waiting.lane) if name not in own)


def _gauges(reader: Reader, book: Book, bound: Mapping[int, Collection[str]], now: int) -> dict[str, Gauge]:
    every = {
        name: limit
        for lane, names in bound.items()
        for name, limit in book.charged(reader, lane).items()
        if name in names
    }
    return {name: found.gauge for name, found in standings_of(reader, every, now).items()} if every else {}


def _gone_through(drawn: Snapshot, task: int) -> dict[int, Before] | None:
    """By lane what is given before the task; None when it is not met among those that are shown."""
    found: dict[int, tuple[int, int]] = {}
    for lane, head in turns.in_turn(drawn):
        if head.task == task:
            return {number: Before(n, work / SECOND) for number, (n, work) in found.items()}
        n, work = found.get(lane.id, (0, 0))
        found[lane.id] = (n + 1, work + head.cost)
    return None


def _kept_back(drawn: Snapshot, own: Lane, by_due: Mapping[int, Before]) -> dict[int, Before]:
    """Of what is due before, what the tenants are given before they stand back."""
    given = turns.kept_back(drawn, own, {lane: round(before.work_s * SECOND) for lane, before in by_due.items()})
    return {
        lane: Before(round(before.tasks * given.get(lane, 1.0)), before.work_s * given.get(lane, 1.0))
        for lane, before in by_due.items()
    }


def _counted(
    reader: Reader,
    lane: int,
    until: tuple[int, int],
    bound: Mapping[int, Collection[str]],
    gauges: Mapping[str, Gauge],
) -> Before:
    """The first of the lane by due date, as many as limits let start now."""
    most = COUNTED
    for gauge in (gauges[name] for name in bound[lane]):
        room = 0 if not gauge.room else (gauge.left - gauge.asks) // gauge.each + 1 if gauge.each else COUNTED
        most = min(most, room)
    n, cost = reader.one(WORK_AHEAD, lane, *until, most)[0]
    return Before(int(n), int(cost) / SECOND)


def _sum(found: Iterable[Before]) -> Before:
    listed = list(found)
    return Before(sum(one.tasks for one in listed), sum(one.work_s for one in listed))
