"""Showing queues and tenants."""

from __future__ import annotations

from rota.engine.book import Book, Queue
from rota.model import state
from rota.model.commands.read import GetQueue, ListQueues, ListTenants, QueuePage, TenantPage
from rota.model.queue import QueueView
from rota.store.protocol import Reader
from rota.store.sql.fleet import TENANTS
from rota.store.sql.history import COUNT_ASIDE, COUNT_RUNNING
from rota.store.sql.waiting import DEPTHS


def get(reader: Reader, book: Book, request: GetQueue, now: int) -> QueueView:
    """One queue with its counts."""
    del now
    return _views(reader, book, [book.queue(request.queue)])[0]


def listed(reader: Reader, book: Book, request: ListQueues, now: int) -> QueuePage:
    """All queues by name."""
    del request, now
    shown = [queue for queue in book.queues.values() if not queue.removed]
    return QueuePage(queues=_views(reader, book, sorted(shown, key=lambda queue: queue.name)))


def tenants(reader: Reader, book: Book, request: ListTenants, now: int) -> TenantPage:
    """All tenants by name."""
    del book, request, now
    return TenantPage(tenants={name: weight for _number, name, weight in sorted(reader.one(TENANTS), key=_by_name)})


def _by_name(row: tuple[int, str, int]) -> str:
    return row[1]


def _views(reader: Reader, book: Book, queues: list[Queue]) -> list[QueueView]:
    waiting: dict[int, int] = {}
    for lane, n, _rows in reader.one(DEPTHS):
        queue = book.lane_key(reader, lane).queue
        waiting[queue] = waiting.get(queue, 0) + int(n)
    running: dict[int, int] = dict(reader.one(COUNT_RUNNING))
    aside: dict[int, dict[str, int]] = {}
    for queue, came_into, n in reader.one(COUNT_ASIDE):
        aside.setdefault(queue, {})[state.STATES[came_into]] = n
    return [
        QueueView(
            name=queue.name,
            paused=queue.paused,
            policy=queue.policy,
            waiting=waiting.get(queue.id, 0),
            running=running.get(queue.id, 0),
            aside=aside.get(queue.id, {}),
            reason=queue.reason,
        )
        for queue in queues
    ]
