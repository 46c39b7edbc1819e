"""The lanes of a pool that hold tasks, and why none of a lane may be given out now, for those who only ask."""

from __future__ import annotations

from typing import NamedTuple

from rota.engine.book import Book, LaneKey
from rota.engine.parked import lane_parked
from rota.model.times import rfc3339
from rota.operations.limits import used_up
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


def barred(reader: Reader, book: Book, lane: int, now: int) -> tuple[str, str] | None:
    """Why none of the lane may be given out, whoever listens: a code as in plans, and a text. None = nothing does."""
    key = book.lane_key(reader, lane)
    queue = book.queues[key.queue]
    if queue.paused:
        return "paused", f"queue {queue.name} is paused" + (f": {queue.reason}" if queue.reason else "")
    parked: dict[str, int] = dict(reader.one(PARKED_LIMITS, now))
    limit = lane_parked(book, reader, lane, parked)
    if limit is not None:
        return f"limit:{limit}", f"limit {limit} is used up until {rfc3339(parked[limit])}"
    shut = used_up(reader, book, lane, now)
    if shut is not None:
        return shut
    if key.shape in book.broken:
        return "broken", f"set aside for a minute: planning tasks like it failed: {book.broken[key.shape].error}"
    return None
