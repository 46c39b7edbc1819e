"""Putting tasks where they belong: ready in a lane, or set aside; and taking them out of there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rota.engine.context import Context
from rota.engine.line import is_in, lines_up, steps_out
from rota.engine.stage_timer import arm
from rota.engine.stand import keys_of, stand
from rota.engine.timer_kinds import LATE, START
from rota.model import state
from rota.model.event import Move, moves_of
from rota.store.sql.leases import LEASES_OF_TASKS, LeaseRow
from rota.store.sql.tasks import TaskRow
from rota.store.sql.waiting import LEAVE_ASIDE, TAKE_READY

Groups = dict[tuple[int, int | None], list[int]]
"""Tasks by the state they came into and, when ready, the lane."""


def resting(now: int, *, held: bool, waiting: int, start: int | None) -> int:
    """The state of an unfinished task that nobody has."""
    if held:
        return state.HELD
    if waiting > 0:
        return state.BLOCKED
    if start is not None and start > now:
        return state.SCHEDULED
    return state.READY


def temporary_shape(context: Context, row: TaskRow) -> int | None:
    """The shape of the lane that the task was put in, where that is not its own."""
    if row.lane is None:
        return None
    shape = context.book.lane_key(context.transaction, row.lane).shape
    return None if shape == row.shape else shape


def put(
    context: Context,
    row: TaskRow,
    groups: Groups,
    *,
    held: bool = False,
    shape: int | None = None,
    start: int | None = None,
    waiting: int | None = None,
    attempts: int | None = None,
    tries: int | None = None,
    agent: int | None = None,
    reason: str | None = None,
    admitted: bool = False,
) -> int:
    """Let an unfinished task rest where it belongs now, and note the move in `groups`; its new state.

    The task must have left where it was. It stands among those that wait by the same facts as before. `shape` is with
    what temporary requirements it waits, or will wait after its delay. A task with keys of its own that was not
    `admitted` to them stands in line.
    """
    changes = context.changes
    blocked_by = row.waiting if waiting is None else waiting
    came_into = resting(context.now, held=held, waiting=blocked_by, start=start)
    ready = came_into == state.READY
    place = stand(context, row, shape) if ready or shape is not None else None
    if row.keys is not None and not ready:
        steps_out(context, row)
    elif row.keys is not None and not admitted and not is_in(row):
        lines_up(context, row)
        came_into, ready = state.BLOCKED, False
    if ready:
        assert place is not None
        changes.add_ready(place.lane, place.due, row.id, place.cost, keys_of(row.affinity, row.grp))
        changes.pools.add(context.queue_of(row).pool)
        if place.turns_late is not None:
            changes.add_timer(place.turns_late, LATE, row.id)
    else:
        changes.aside.append((came_into, row.id))
        if came_into == state.SCHEDULED and start is not None:
            changes.add_timer(start, START, row.id)
    goes_to = place.lane if place is not None and (ready or shape is not None) else None
    changes.places.append(
        (
            row.id,
            came_into,
            goes_to,
            row.due if place is None else place.due,
            context.now if ready else None,
            row.attempts if attempts is None else attempts,
            row.tries if tries is None else tries,
            start,
            blocked_by,
            row.agent if agent is None else agent,
            reason,
            row.cost if place is None else place.cost,
        )
    )
    arm(context, row, came_into, blocked_by)
    groups.setdefault((came_into, goes_to if ready else None), []).append(row.id)
    return came_into


def leave(context: Context, rows: Iterable[TaskRow]) -> dict[int, LeaseRow]:
    """Take unfinished tasks out of `ready` or `aside`. Those in an agent's hands stay there: their leases."""
    listed = list(rows)
    ready = [(row.lane, row.due, row.id) for row in listed if row.state == state.READY and row.lane is not None]
    taken = {task for (task,) in context.transaction.each(TAKE_READY, ready)}
    for lane, _due, task in ready:
        if task in taken:
            assert lane is not None
            context.changes.depth[lane] = context.changes.depth.get(lane, 0) - 1
    aside = [(row.state, row.id) for row in listed if row.state in state.ASIDE]
    # There is less to review: more of their queues may be started.
    context.changes.pools.update(context.queue_of(row).pool for row in listed if row.state == state.REVIEW)
    context.transaction.each(LEAVE_ASIDE, aside)
    in_hands = [(task,) for _lane, _due, task in ready if task not in taken]
    return {found[0]: LeaseRow(*found) for found in context.transaction.each(LEASES_OF_TASKS, in_hands)}


def tell(context: Context, kind: str, groups: Mapping[tuple[int, int | None], list[int]], **data: object) -> None:
    """One event for all the moves."""
    moves: list[Move] = []
    numbers: list[int] = []
    for (came_into, lane), tasks in groups.items():
        moves.extend(moves_of(tasks, came_into, lane))
        numbers.extend(tasks)
    if numbers:
        context.changes.say(kind, numbers[0] if len(numbers) == 1 else None, tuple(moves), **data)
