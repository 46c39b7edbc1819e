"""The lanes of a pool that hold tasks, and why none of a lane may be given out now, for those who only ask."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from rota.engine.book import Book, LaneKey
from rota.engine.limit_standing import LimitStanding, standings_of
from rota.engine.parked import lane_parked
from rota.engine.unreviewed import CODE, unreviewed
from rota.model.times import rfc3339
from rota.operations.limits import said
from rota.store.protocol import Reader
from rota.store.sql.waiting import DEPTHS, PARKED_LIMITS


class Waiting(NamedTuple):
    """A lane with tasks in it."""

    lane: int
    key: LaneKey
    tasks: int


def lanes_of(reader: Reader, book: Book, pool: int) -> list[Waiting]:
    """Those of the pool that hold tasks."""
    found = [Waiting(lane, book.lane_key(reader, lane), int(n)) for lane, n, _rows in reader.one(DEPTHS) if n > 0]
    return [one for one in found if one.key.pool == pool]


class Shut(NamedTuple):
    """Why none of a lane may be given out, whoever listens: a code as in plans, and a text."""

    code: str
    text: str
    opens: int | None
    """From when on a clock no longer forbids it, microseconds: now where only an end of a task is waited for. None =
    nobody knows."""


def barred(reader: Reader, book: Book, lane: int, now: int) -> Shut | None:
    """Why none of the lane may be given out now; None = nothing forbids it."""
    return shut_lanes(reader, book, [lane], now).get(lane)


def shut_lanes(reader: Reader, book: Book, lanes: Collection[int], now: int) -> dict[int, Shut]:
    """Those of these lanes none of which may be given out now."""
    parked: dict[str, int] = dict(reader.one(PARKED_LIMITS, now))
    charged = {lane: book.charged(reader, lane) for lane in lanes}
    every = {name: limit for found in charged.values() for name, limit in found.items()}
    standings = standings_of(reader, every, now) if every else {}
    shut: dict[int, Shut] = {}
    for lane in lanes:
        reasons = [
            *_closed(reader, book, lane),
            *_parked(reader, book, lane, parked),
            *(_used_up(name, standings[name], now) for name in charged[lane] if not standings[name].gauge.room),
            *_broken(reader, book, lane),
        ]
        if reasons:
            moments = [one.opens for one in reasons if one.opens is not None]
            opens = max(moments) if len(moments) == len(reasons) else None
            shut[lane] = reasons[0]._replace(opens=opens)
    return shut


def _closed(reader: Reader, book: Book, lane: int) -> Iterator[Shut]:
    queue = book.queues[book.lane_key(reader, lane).queue]
    if queue.paused:
        because = f": {queue.reason}" if queue.reason else ""
        yield Shut("paused", f"queue {queue.name} is paused{because}", None)
    most = queue.policy.max_unreviewed
    if most is not None and unreviewed(reader, queue) >= most:
        text = f"{most:,} or more tasks of queue {queue.name} wait for approval; approve or reject some"
        yield Shut(CODE, text, None)


def _parked(reader: Reader, book: Book, lane: int, parked: Mapping[str, int]) -> Iterator[Shut]:
    limit = lane_parked(book, reader, lane, parked)
    if limit is not None:
        opens = max(parked[key] for key in book.keys_of(reader, lane).intersection(parked))
        yield Shut(f"limit:{limit}", f"limit {limit} is used up until {rfc3339(parked[limit])}", opens)


def _used_up(name: str, found: LimitStanding, now: int) -> Shut:
    return Shut(f"limit:{name}", said(name, found), now if found.limit.measure.concurrency else found.opens)


def _broken(reader: Reader, book: Book, lane: int) -> Iterator[Shut]:
    fault = book.broken.get(book.lane_key(reader, lane).shape)
    if fault is not None:
        yield Shut("broken", f"set aside for a minute: planning tasks like it failed: {fault.error}", None)
