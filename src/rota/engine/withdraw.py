"""Taking tasks out of the running order: cancel, hold, unhold, redrive, purge."""

from __future__ import annotations

from collections.abc import Sequence

from rota.engine.context import Context
from rota.engine.dependencies import RUN_CHILD, UNTIL_DONE
from rota.engine.ending import end
from rota.engine.held import hold_sequences
from rota.engine.named import fits, known, numbers
from rota.engine.needs import take_back
from rota.engine.place import Groups, leave, put, tell
from rota.engine.timer_kinds import CANCEL
from rota.model import bounds, check, state
from rota.model.commands.fleet import Purged, PurgeQueue
from rota.model.commands.submit import Cancel, Changed, Hold, Redrive, Unhold
from rota.model.ids import task_id
from rota.model.times import SECOND
from rota.planning.inherit import NOTHING, Need
from rota.store.sql.fleet import LANES
from rota.store.sql.leases import FLAG_CANCEL
from rota.store.sql.relations import (
    ADD_DEPENDENCY,
    ADD_UNIQUE,
    DROP_EDGE,
    SEQUENCE_TAILS,
    SET_SEQUENCE_TAIL,
    UNIQUE_TASKS,
)
from rota.store.sql.tasks import BATCH_TASKS, MARK_PARENTS, MORE_PARENTS, SET_REASON, TaskRow
from rota.store.sql.waiting import FIRST_OF_LANE

GRACE_S = 30.0
"""How long an agent may still finish a task that was cancelled under it, seconds."""
PURGE = 10_000


def cancel(context: Context, command: Cancel) -> Changed:
    """Cancel tasks by id, by batch label, or both."""
    reason = check.text(command.reason, "reason", bounds.REASON) or "cancelled"
    chosen = numbers(command.tasks, empty=command.batch is not None)
    if command.batch is not None:
        check.maybe_key(command.batch, "batch")
        chosen += [number for (number,) in context.transaction.one(BATCH_TASKS, command.batch, bounds.OUTCOMES)]
    changed = Changed()
    rows = known(context, chosen, changed)
    open_rows = [row for row in rows if row.state not in state.ENDED]
    for row in rows:
        if row.state in state.ENDED and command.batch is None:
            changed.refused[task_id(row.id)] = f"wrong_state: it is {state.STATES[row.state]}"
    cancel_rows(context, open_rows, "cancel", reason, changed)
    return changed


def cancel_rows(context: Context, rows: Sequence[TaskRow], kind: str, reason: str, changed: Changed) -> None:
    """Cancel unfinished tasks at once; flag those in agents' hands."""
    in_hands = leave(context, rows)
    gone = [row for row in rows if row.id not in in_hands]
    end(context, gone, state.CANCELLED, kind, reason)
    changed.tasks += [task_id(row.id) for row in gone]
    until = context.now + round(GRACE_S * SECOND)
    flagged = {task for (task,) in context.transaction.each(FLAG_CANCEL, [(task, until) for task in sorted(in_hands)])}
    # What it says until the agent has stopped, and what it ends with; an earlier attempt's error stands there else.
    context.transaction.each(SET_REASON, [(task, reason) for task in sorted(flagged)])
    for task in flagged:
        context.changes.add_timer(until, CANCEL, task)
        context.changes.say("cancel_asked", task, reason=reason)
    changed.pending += [task_id(task) for task in in_hands]
    for node in {lease.node for lease in in_hands.values()}:
        context.topics.add(f"node:{node}")


def hold(context: Context, command: Hold) -> Changed:
    """Hold tasks that nobody has."""
    reason = check.text(command.reason, "reason", bounds.REASON) or "held"
    changed, groups = Changed(), Groups()
    fitting = (state.READY, state.SCHEDULED, state.BLOCKED)
    rows = [row for row in known(context, numbers(command.tasks), changed) if fits(row, fitting, changed)]
    in_hands = leave(context, rows)
    for row in rows:
        if row.id in in_hands:
            changed.refused[task_id(row.id)] = "wrong_state: it is running"
            continue
        put(context, row, groups, held=True, start=row.start, reason=reason)
        changed.tasks.append(task_id(row.id))
    tell(context, "hold", groups, reason=reason)
    return changed


def unhold(context: Context, command: Unhold) -> Changed:
    """Let held tasks go on."""
    changed, groups = Changed(), Groups()
    rows = [row for row in known(context, numbers(command.tasks), changed) if fits(row, (state.HELD,), changed)]
    leave(context, rows)
    for row in rows:
        put(context, row, groups, start=row.start)
        changed.tasks.append(task_id(row.id))
    tell(context, "unhold", groups)
    return changed


def redrive(context: Context, command: Redrive) -> Changed:
    """Give dead tasks fresh attempts. Refused for one whose unique key another unfinished task has by now."""
    changed, groups = Changed(), Groups()
    rows = [row for row in known(context, numbers(command.tasks), changed) if fits(row, (state.DEAD,), changed)]
    keys = [(row.unique_key,) for row in rows if row.unique_key is not None]
    used = {key for key, _task in context.transaction.each(UNIQUE_TASKS, keys)}
    for row in list(rows):
        if row.unique_key in used:
            changed.refused[task_id(row.id)] = "duplicate: another unfinished task has its unique key"
            rows.remove(row)
        elif row.unique_key is not None:
            used.add(row.unique_key)
            context.transaction.add(ADD_UNIQUE, [(row.unique_key, row.id)])
    leave(context, rows)
    last = _behind_the_last(context, rows)
    for row in rows:
        put(context, row, groups, attempts=0, waiting=int(row.id in last))
        changed.tasks.append(task_id(row.id))
    tell(context, "redrive", groups)
    # What waited for them may have ended with them, and asks for nothing any more.
    needed = [row.id for row in rows if Need(row.lent, row.needed_by, row.must_by) != NOTHING]
    if needed:
        context.flush()
        take_back(context, needed)
    return changed


def _behind_the_last(context: Context, rows: Sequence[TaskRow]) -> set[int]:
    """Put tasks of a sequence behind its last unfinished one, as if submitted now; those that have to wait."""
    members = sorted((row.id, row.sequence) for row in rows if row.sequence is not None)
    if not members:
        return set()
    context.flush()
    keys = sorted({key for _number, key in members})
    hold_sequences(context, keys)
    tails: dict[str, int] = dict(context.transaction.each(SEQUENCE_TAILS, [(key,) for key in keys]))
    live = {number for number, row in context.lock(list(tails.values())).items() if row.state not in state.ENDED}
    edges = []
    for number, key in members:
        if tails.get(key) in live:
            edges.append((number, tails[key], RUN_CHILD, UNTIL_DONE, 0))
        live.add(number)
        tails[key] = number
    for key in keys:
        context.transaction.one(SET_SEQUENCE_TAIL, key, tails[key])
    had = {child for (child,) in context.transaction.each(DROP_EDGE, [edge[:2] for edge in edges])}
    context.transaction.add(ADD_DEPENDENCY, edges)
    context.transaction.each(MORE_PARENTS, [edge[:1] for edge in edges if edge[0] not in had])
    context.transaction.each(MARK_PARENTS, sorted({(edge[1],) for edge in edges}))
    return {edge[0] for edge in edges}


def purge(context: Context, command: PurgeQueue) -> Purged:
    """Cancel the ready tasks of a queue, up to 10,000."""
    queue = context.book.queue(command.queue)
    reason = check.text(command.reason, "reason", bounds.REASON) or "purged"
    chosen: list[int] = []
    for lane in (row[0] for row in context.transaction.one(LANES) if row[2] == queue.id):
        chosen += [task for _due, task in context.transaction.one(FIRST_OF_LANE, lane, PURGE - len(chosen))]
        if len(chosen) >= PURGE:
            break
    changed = Changed()
    cancel_rows(context, list(context.lock(chosen).values()), "purge", reason, changed)
    return Purged(cancelled=len(changed.tasks))
