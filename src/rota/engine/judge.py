"""What people decide: answers to questions, approval and rejection of outcomes."""

from __future__ import annotations

import msgspec

from rota.engine.book import ACTIVE
from rota.engine.context import Context
from rota.engine.ending import end, note_end
from rota.engine.named import fits, known, numbers
from rota.engine.place import Groups, leave, put, tell
from rota.engine.stages import after_failure
from rota.engine.timer_kinds import WIDEN
from rota.model import bounds, check, state
from rota.model.commands.submit import Changed
from rota.model.commands.work import Answer, Approve, Reject
from rota.model.errors import RotaError
from rota.model.ids import task_id, task_number
from rota.model.times import SECOND
from rota.planning.filter import refusal
from rota.store.sql.leases import REJECT_ATTEMPT
from rota.store.sql.tasks import SET_ANSWER, TaskRow

FIRST_S = 30.0
"""How long only the agent that asked may take the answered task, seconds."""


def answer(context: Context, command: Answer) -> Changed:
    """Answer an asked task: ready again, for the agent that asked first."""
    check.text(command.answer, "answer", bounds.NOTES)
    row = _one(context, command.task, state.ASKED)
    context.transaction.one(SET_ANSWER, command.answer, row.id)
    leave(context, [row])
    groups: Groups = {}
    put(context, row, groups, shape=_for_the_asker(context, row))
    tell(context, "answer", groups)
    return Changed(tasks=[command.task])


def _for_the_asker(context: Context, row: TaskRow) -> int | None:
    asker = context.book.agents.get(row.agent or 0)
    needs = context.book.needs_of(context.transaction, row.shape)
    if asker is None or asker.state != ACTIVE or needs.pin is not None or refusal(asker.profile, needs) is not None:
        return None
    context.changes.add_timer(context.now + round(FIRST_S * SECOND), WIDEN, row.id)
    return context.book.shape(context.transaction, msgspec.structs.replace(needs, pin=asker.name))


def approve(context: Context, command: Approve) -> Changed:
    """Let outcomes under review count."""
    changed = Changed()
    rows = [row for row in known(context, numbers(command.tasks), changed) if fits(row, (state.REVIEW,), changed)]
    leave(context, rows)
    for row in rows:
        context.changes.ends.append((row.id, state.DONE, context.now, row.attempts, row.tries, row.agent, None))
        note_end(context, row, state.DONE)
        changed.tasks.append(task_id(row.id))
    context.changes.moved("approve", [row.id for row in rows], state.DONE)
    return changed


def reject(context: Context, command: Reject) -> Changed:
    """Send an outcome back with the reason. Its attempt was counted when it was reported."""
    reason = check.text(command.reason, "reason", bounds.REASON, empty=False)
    row = _one(context, command.task, state.REVIEW)
    leave(context, [row])
    context.changes.count(row.queue, "rejected")
    context.transaction.one(REJECT_ATTEMPT, reason, row.id, row.tries)
    if row.attempts >= row.max_attempts:
        end(context, [row], state.DEAD, "reject", f"attempt {row.attempts} of {row.max_attempts} rejected: {reason}")
        return Changed(tasks=[command.task])
    row = after_failure(context, row, row.attempts)
    groups: Groups = {}
    put(context, row, groups, reason=f"rejected: {reason}")
    tell(context, "reject", groups, reason=reason)
    return Changed(tasks=[command.task])


def _one(context: Context, task: str, wanted: int) -> TaskRow:
    number = task_number(task)
    row = context.lock([number]).get(number)
    if row is None:
        raise RotaError("no_task", f"there is no {task}", field="task")
    if row.state != wanted:
        raise RotaError("wrong_state", f"{task} is {state.STATES[row.state]}, not {state.STATES[wanted]}", field="task")
    return row
