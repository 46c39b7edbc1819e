"""Showing batches: how far they have come, and every attempt at their tasks."""

from __future__ import annotations

from rota.engine.book import Book
from rota.engine.brief import attempt_view
from rota.model import bounds, check, state
from rota.model.commands.read import AttemptPage, BatchGroup, BatchView, GetBatch, ListAttempts, TaskAttempt
from rota.model.errors import invalid
from rota.model.ids import task_id
from rota.model.times import SECOND, maybe_rfc3339
from rota.operations.tasks import page_cursor
from rota.store.protocol import Reader
from rota.store.sql.batches import BATCH_ATTEMPTS, BATCH_GROUPS


def get(reader: Reader, book: Book, request: GetBatch, now: int) -> BatchView:
    """Its tasks counted by queue, kind and state: one pass over their rows."""
    del now
    label = check.text(request.batch, "batch", bounds.KEY, empty=False)
    rows = reader.one(BATCH_GROUPS, label)
    states: dict[str, int] = {}
    groups = []
    for queue, kind, came_into, n, estimated, estimates, _submitted, _finished in rows:
        name = state.STATES[came_into]
        states[name] = states.get(name, 0) + int(n)
        groups.append(
            BatchGroup(
                queue=book.queues[queue].name,
                kind=kind,
                state=name,
                tasks=int(n),
                estimated=int(estimated),
                estimate_s=int(estimates) / SECOND,
            )
        )
    return BatchView(
        batch=label,
        tasks=sum(states.values()),
        states=states,
        groups=groups,
        submitted=maybe_rfc3339(min((row[6] for row in rows), default=None)),
        finished=maybe_rfc3339(max((row[7] for row in rows if row[7] is not None), default=None)),
    )


def attempts(reader: Reader, book: Book, request: ListAttempts, now: int) -> AttemptPage:
    """A page of attempts; those that still go on are leases and have no line yet."""
    del now
    check.number(request.limit, "limit", 1, bounds.PAGE)
    label = check.text(request.batch, "batch", bounds.KEY, empty=False)
    task, number = _cursor(request.cursor)
    rows = reader.one(BATCH_ATTEMPTS, label, task, task, number, request.limit + 1)
    page = rows[: request.limit]
    cursor = f"{page[-1][0]}.{page[-1][1]}" if len(rows) > len(page) else None
    found = [TaskAttempt(task=task_id(row[0]), attempt=attempt_view(row, book.agent_name(row[2]))) for row in page]
    return AttemptPage(attempts=found, cursor=cursor)


def _cursor(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return 0, 0
    task, dot, number = cursor.partition(".")
    if not dot:
        raise invalid("cursor", "is not a cursor that a page answered")
    return page_cursor(task), page_cursor(number)
