"""Queues of which no more is started while too much of their work waits for approval."""

from __future__ import annotations

from rota.engine.book import Queue
from rota.store.protocol import Reader
from rota.store.sql.waiting import COUNT_UNREVIEWED

CODE = "unreviewed"


def barred_by_queue(reader: Reader, queue: Queue, known: dict[int, str | None]) -> str | None:
    """Why nothing of the queue may be started: `paused`, `unreviewed`; None = nothing forbids it.

    `known` keeps what was found, for as long as nothing changes.
    """
    if queue.paused:
        return "paused"
    if queue.policy.max_unreviewed is None:
        return None
    if queue.id not in known:
        known[queue.id] = CODE if unreviewed(reader, queue) >= queue.policy.max_unreviewed else None
    return known[queue.id]


def unreviewed(reader: Reader, queue: Queue) -> int:
    """How much of its work waits for approval; counted no further than matters."""
    return int(reader.one(COUNT_UNREVIEWED, queue.id, queue.policy.max_unreviewed or 0)[0][0])
