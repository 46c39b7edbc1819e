"""Counts of what happened, and the stream of events."""

from __future__ import annotations

from rota.engine.book import REMOVED, Book
from rota.model import bounds, check, state
from rota.model.commands.read import EventPage, GetStatistics, ListEvents, Statistics
from rota.model.errors import invalid
from rota.model.times import SECOND, ago
from rota.operations.tasks import event_view, page_cursor
from rota.store.protocol import Reader
from rota.store.sql.history import (
    BEYOND_SQLITE,
    COUNT_ASIDE_BY_STATE,
    EVENTS_POSTGRES,
    EVENTS_SQLITE,
    LAST_EVENT,
    LAST_POSTGRES,
    LAST_SQLITE,
    SINCE_POSTGRES,
    SINCE_SQLITE,
    STATISTICS,
)
from rota.store.sql.leases import COUNT_LEASES
from rota.store.sql.waiting import DEPTHS

MONTH = 30 * 24 * 60


def get(reader: Reader, book: Book, request: GetStatistics, now: int) -> Statistics:
    """Folded counts of the last minutes; nothing is counted on hot tables but leases, which are few."""
    check.number(request.minutes, "minutes", 1, MONTH)
    since = now // (60 * SECOND) - request.minutes
    counts: dict[str, int] = {}
    per_queue: dict[str, dict[str, int]] = {}
    waited = 0.0
    for _minute, queue, name, n, total in reader.one(STATISTICS, since, 1_000_000):
        counts[name] = counts.get(name, 0) + int(n)
        shown = per_queue.setdefault(book.queues[queue].name, {})
        shown[name] = shown.get(name, 0) + int(n)
        waited += total if name == "given" else 0.0
    return Statistics(
        minutes=request.minutes,
        counts=counts,
        waited_s=waited,
        per_queue=per_queue,
        waiting=sum(int(n) for _lane, n, _rows in reader.one(DEPTHS)),
        running=int(reader.one(COUNT_LEASES)[0][0]),
        aside={state.STATES[came_into]: n for came_into, n in reader.one(COUNT_ASIDE_BY_STATE)},
        agents=sum(agent.state != REMOVED for agent in book.agents.values()),
    )


def events(reader: Reader, book: Book, request: ListEvents, now: int) -> EventPage:
    """Events after the cursor. On PostgreSQL only those that no running transaction can still precede."""
    check.number(request.limit, "limit", 1, bounds.PAGE)
    start = request.cursor
    if start is None and request.since is not None:
        start = _before(reader, ago(request.since, now, "since"))
    transaction, seq = _cursor(start)
    if reader.dialect == "sqlite":
        if transaction:
            seq = _beyond(reader, transaction, seq)
        rows = reader.one(EVENTS_SQLITE, seq, request.limit)
    else:
        rows = reader.one(EVENTS_POSTGRES, str(transaction), seq, request.limit)
    cursor = rows[-1][0] if rows else (start or "0")
    return EventPage(events=[event_view(book, row[0], row[1], row[2], row[4], row[5]) for row in rows], cursor=cursor)


def _before(reader: Reader, at: int) -> str:
    """The cursor before the first event at or after that moment."""
    statement = SINCE_SQLITE if reader.dialect == "sqlite" else SINCE_POSTGRES
    found = reader.one(statement, at) or reader.one(LAST_SQLITE if reader.dialect == "sqlite" else LAST_POSTGRES)
    return str(found[0][0]) if found else "0"


def _beyond(reader: Reader, transaction: int, seq: int) -> int:
    """A cursor from before the database was carried here, where transactions overlapped: what was seen may be seen
    once more, and nothing is left out.
    """
    found = reader.one(BEYOND_SQLITE, transaction, transaction, seq)[0][0]
    return int(reader.one(LAST_EVENT)[0][0] if found is None else found)


def _cursor(cursor: str | None) -> tuple[int, int]:
    parts = (cursor or "0").split(".")
    if len(parts) > 2:
        raise invalid("cursor", "is not a cursor that a page answered")
    numbers = [page_cursor(part) for part in parts]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, numbers[0])
