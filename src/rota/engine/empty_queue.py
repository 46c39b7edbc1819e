"""Emptying a queue that goes: its waiting tasks are cancelled, or move to another."""

from __future__ import annotations

from rota.engine.book import Queue
from rota.engine.context import Context
from rota.engine.place import Groups, leave, put, tell
from rota.engine.withdraw import cancel_rows
from rota.model import state
from rota.model.commands.submit import Changed
from rota.model.errors import RotaError, invalid
from rota.store.sql.fleet import LANES
from rota.store.sql.tasks import STAGE_TASKS, TaskRow
from rota.store.sql.waiting import ASIDE_OF_QUEUE, FIRST_OF_LANE

MOST = 10_000
"""Tasks that one call moves or cancels."""
PURGE, MOVE = "purge", "move:"
_WAITING = (state.BLOCKED, state.SCHEDULED, state.HELD)


def empty(context: Context, queue: Queue, word: str) -> int:
    """Do what `word` says with the tasks that wait in the queue: `purge`, or `move:QUEUE`; how many they were."""
    context.write_depths()
    if word == PURGE:
        rows = _waiting(context, queue, (*_WAITING, state.ASKED, state.REVIEW))
        changed = Changed()
        cancel_rows(context, rows, "purge", f"queue {queue.name} is removed", changed)
        return len(changed.tasks)
    if not word.startswith(MOVE):
        raise invalid("gone", f"{word[:100]!r} is none of keep, purge, move:QUEUE")
    return _move(context, _waiting(context, queue, _WAITING), context.book.queue(word.removeprefix(MOVE)), queue)


def _move(context: Context, rows: list[TaskRow], to: Queue, queue: Queue) -> int:
    if to.id == queue.id:
        raise invalid("gone", "it can not move into itself; name another queue")
    in_hands = leave(context, rows)
    moving = [row._replace(queue=to.id) for row in rows if row.id not in in_hands]
    written = [(row.id, row.queue, row.shape, row.own_shape, row.promoted, row.fired) for row in moving]
    context.transaction.each(STAGE_TASKS, sorted(written))
    groups: Groups = {}
    for row in moving:
        put(context, row, groups, held=row.state == state.HELD, start=row.start, reason=row.reason)
    tell(context, "move", groups, queue=to.name)
    return len(moving)


def _waiting(context: Context, queue: Queue, aside: tuple[int, ...]) -> list[TaskRow]:
    found: list[int] = []
    for lane in (row[0] for row in context.transaction.one(LANES) if row[2] == queue.id):
        found += [task for _due, task in context.transaction.one(FIRST_OF_LANE, lane, MOST + 1)]
    for came_into in aside:
        found += [task for (task,) in context.transaction.one(ASIDE_OF_QUEUE, came_into, queue.id, MOST + 1)]
    if len(found) > MOST:
        message = f"{queue.name!r} holds more than {MOST:,} tasks; purge or finish some first"
        raise RotaError("too_large", message, field="gone")
    return list(context.lock(found).values())
