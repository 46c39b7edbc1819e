"""What agents report of the tasks in their hands: done, failed, given back, asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rota.engine.attempts import failed
from rota.engine.context import Context
from rota.engine.ending import end_attempt, note_end, note_text
from rota.engine.limit_use import release
from rota.engine.line import keys_of, steps_aside, steps_out
from rota.engine.parked import names_of, park, parked
from rota.engine.place import Groups, put, tell
from rota.engine.repeated import Recorded, recorded
from rota.engine.timer_kinds import LIMIT
from rota.model import bounds, check, state
from rota.model.branch import check_branch
from rota.model.commands.work import Ask, Complete, Done, Fail, Failed, GiveBack, Judged
from rota.model.errors import RotaError, invalid
from rota.model.event import Move
from rota.model.ids import task_id, task_number, token_number
from rota.model.times import ahead
from rota.store.sql.leases import END_LEASES, LeaseRow
from rota.store.sql.tasks import SET_QUESTION, TaskRow

_FAILED = frozenset({"failed", "limited", "cancelled"})
_GIVEN_BACK = frozenset({"given_back", "preempted", "cancelled"})
"""What attempts come to that were reported failed, or given back."""


def complete(context: Context, commands: Sequence[Complete]) -> list[Judged | RotaError]:
    """Record results. All completes of a turn share their statements; each outcome is judged by itself."""
    answers: list[Judged | RotaError] = []
    reported: list[tuple[Judged, Done, int, int, str | None]] = []
    for command in commands:
        try:
            check.some(command.outcomes, "outcomes", bounds.OUTCOMES)
        except RotaError as error:
            answers.append(error)
            continue
        judged = Judged()
        answers.append(judged)
        twice = _twice(judged, [str(outcome.task) for outcome in command.outcomes])
        for index, outcome in enumerate(command.outcomes):
            if str(outcome.task) in twice:
                continue
            try:
                field = f"outcomes[{index}]"
                _check_note(outcome, field)
                result = check.json_text(outcome.result, f"{field}.result", bounds.RESULT_BYTES)
                number, token = (
                    task_number(outcome.task, f"{field}.task"),
                    token_number(outcome.token, f"{field}.token"),
                )
                reported.append((judged, outcome, number, token, result))
            except RotaError as error:
                judged.refused[str(outcome.task)] = f"{error.code}: {error}"
    rows, ended = _take(context, [(number, token) for _, _, number, token, _ in reported])
    moves: list[Move] = []
    late: list[tuple[Judged, Done, int, int, str | None]] = []
    for one in reported:
        judged, outcome, number, token, result = one
        lease = ended.pop((number, token), None)
        if lease is None:
            late.append(one)
            continue
        came_into = _done(context, rows[number], lease, outcome, result)
        judged.states[outcome.task] = state.STATES[came_into]
        moves.append(Move(number, number, came_into, None, None, None, lease.attempt))
    if moves:
        context.changes.say("complete", moves[0].first if len(moves) == 1 else None, tuple(moves))
    before = recorded(context, [(number, token) for _, _, number, token, _ in late])
    for judged, outcome, number, token, result in late:
        then = before.get((number, token))
        if then is not None and then.outcome == "done" and result == then.result:
            judged.states[outcome.task] = then.shown
        else:
            judged.refused[outcome.task] = "lease_lost"
    return answers


def _done(context: Context, row: TaskRow, lease: LeaseRow, outcome: Done, result: str | None) -> int:
    changes = context.changes
    note = note_text(lease.note, notes=outcome.notes, usage=outcome.usage, cost=outcome.cost, branch=outcome.branch)
    end_attempt(context, lease, row.kind, "done", counted=True, note=note, estimate=row.estimate)
    if result is not None:
        changes.results.append((row.id, result))
    came_into = state.REVIEW if row.review else state.DONE
    finished = None if row.review else context.now
    changes.ends.append((row.id, came_into, finished, row.attempts + 1, row.tries + 1, lease.agent, None))
    if row.review:
        steps_aside(context, row)
        changes.aside.append((state.REVIEW, row.id))
        if row.children:
            context.ended[row.id] = state.REVIEW
    else:
        note_end(context, row, state.DONE)
    return came_into


def fail(context: Context, command: Fail) -> Judged:
    """Record failed attempts: tried again later, or dead; a provider's limit parks its key and burns nothing."""
    check.some(command.outcomes, "outcomes", bounds.OUTCOMES)
    judged = Judged()
    twice = _twice(judged, [str(outcome.task) for outcome in command.outcomes])
    checked: list[tuple[Failed, int, int]] = []
    for index, outcome in enumerate(command.outcomes):
        field = f"outcomes[{index}]"
        _check_note(outcome, field)
        check.text(outcome.error, f"{field}.error", bounds.NOTES)
        check.maybe_name(outcome.limit, f"{field}.limit")
        if outcome.limit is not None and outcome.retry_at is None:
            raise invalid(f"{field}.limit", "needs retry_at: until when its tasks have to wait")
        if outcome.retry_at is not None:
            ahead(outcome.retry_at, context.now, f"{field}.retry_at")
        task, token = task_number(outcome.task, f"{field}.task"), token_number(outcome.token, f"{field}.token")
        if outcome.task not in twice:
            checked.append((outcome, task, token))
    rows, ended = _take(context, [(number, token) for _, number, token in checked])
    groups: Groups = {}
    before = recorded(context, [(number, token) for _, number, token in checked if (number, token) not in ended])
    for outcome, number, token in checked:
        lease = ended.pop((number, token), None)
        if lease is None:
            then = before.get((number, token))
            _again(judged, outcome.task, then, _FAILED, outcome.error)
            continue
        judged.states[outcome.task] = state.STATES[_failed(context, rows[number], lease, outcome, groups)]
    tell(context, "fail", groups)
    return judged


def _failed(context: Context, row: TaskRow, lease: LeaseRow, outcome: Failed, groups: Groups) -> int:
    note = note_text(lease.note, notes=outcome.notes, usage=outcome.usage, cost=outcome.cost, branch=outcome.branch)
    retry_at = None if outcome.retry_at is None else ahead(outcome.retry_at, context.now, "retry_at")
    if outcome.limit is not None and retry_at is not None and lease.cancel_at is None:
        return _limited(context, row, lease, outcome, retry_at, groups, note)
    return failed(
        context,
        row,
        lease,
        groups,
        outcome="failed",
        error=outcome.error,
        retryable=outcome.retryable,
        retry_at=retry_at,
        note=note,
    )


def _limited(
    context: Context, row: TaskRow, lease: LeaseRow, outcome: Failed, retry_at: int, groups: Groups, note: str | None
) -> int:
    assert outcome.limit is not None
    # Of two reports the later time holds: whoever saw it was told so by the provider.
    retry_at = max(retry_at, parked(context).get(outcome.limit, 0))
    park(context, outcome.limit, retry_at)
    context.changes.add_timer(retry_at, LIMIT, context.queue_of(row).pool)
    context.changes.say("limit", limit=outcome.limit, until=retry_at)
    end_attempt(context, lease, row.kind, "limited", counted=False, error=outcome.error, note=note)
    own = names_of(context.book.limits, [outcome.limit]).intersection(keys_of(row))
    context.look_at.update(own)
    # What its agent alone is charged to, others need not wait for.
    of_agent = context.book.agents[lease.agent].spec.limit == outcome.limit
    charged = own or of_agent or outcome.limit in context.book.keys_of(context.transaction, lease.lane)
    return put(
        context,
        row,
        groups,
        start=row.start if charged else retry_at,
        tries=row.tries + 1,
        reason=f"limit {outcome.limit}",
    )


def give_back(context: Context, command: GiveBack) -> Judged:
    """Take tasks back unfinished: ready at their old place, no attempt counted."""
    check.some(command.tasks, "tasks", bounds.OUTCOMES)
    check.text(command.reason, "reason", bounds.REASON)
    start = None if command.start is None else ahead(command.start, context.now, "start")
    wanted = [
        (held.task, task_number(held.task, f"tasks[{i}].task"), token_number(held.token, f"tasks[{i}].token"))
        for i, held in enumerate(command.tasks)
    ]
    judged = Judged()
    twice = _twice(judged, [held.task for held in command.tasks])
    wanted = [found for found in wanted if found[0] not in twice]
    rows, ended = _take(context, [(number, token) for _, number, token in wanted])
    groups: Groups = {}
    before = recorded(context, [(number, token) for _, number, token in wanted if (number, token) not in ended])
    for text, number, token in wanted:
        lease = ended.pop((number, token), None)
        if lease is None:
            _again(judged, text, before.get((number, token)), _GIVEN_BACK, command.reason or None)
            continue
        how = "given_back" if lease.preempt_at is None else "preempted"
        row = rows[number] if start is None else rows[number]._replace(start=start)
        came_into = take_back(context, row, lease, groups, how, command.reason or None, said=command.said)
        judged.states[text] = state.STATES[came_into]
    tell(context, "give_back", groups)
    return judged


def take_back(
    context: Context,
    row: TaskRow,
    lease: LeaseRow,
    groups: Groups,
    outcome: str,
    reason: str | None = None,
    *,
    said: bool = False,
) -> int:
    """A lease ended through no fault of the task: back to its old place, or cancelled if that was asked for.

    A reason that its agent `said` is the task's from now on; else it keeps the one it had, such as its last failure.
    """
    if lease.cancel_at is not None:
        return failed(context, row, lease, groups, outcome="cancelled", error=reason, retryable=False)
    end_attempt(context, lease, row.kind, outcome, counted=False, error=reason)
    context.changes.count(row.queue, outcome)
    return put(
        context,
        row,
        groups,
        start=row.start,
        tries=row.tries + 1,
        agent=lease.agent,
        reason=reason if said else row.reason,
    )


def ask(context: Context, command: Ask) -> Judged:
    """Free the slot and let the task wait for an answer."""
    check.text(command.question, "question", bounds.NOTES, empty=False)
    checkpoint = check.json_text(command.checkpoint, "checkpoint", bounds.CHECKPOINT_BYTES)
    number, token = task_number(command.task), token_number(command.token)
    rows, ended = _take(context, [(number, token)])
    lease = ended.get((number, token))
    if lease is None:
        then = recorded(context, [(number, token)]).get((number, token))
        if then is not None and then.outcome == "asked" and then.question == command.question:
            return Judged(states={command.task: then.shown})
        raise RotaError("lease_lost", f"{command.task} is not in this agent's hands any more", field="token")
    row, changes = rows[number], context.changes
    groups: Groups = {}
    if lease.cancel_at is not None:
        came_into = failed(context, row, lease, groups, outcome="cancelled", error=None, retryable=False)
        tell(context, "ask", groups)
        return Judged(states={command.task: state.STATES[came_into]})
    end_attempt(context, lease, row.kind, "asked", counted=False)
    if checkpoint is not None:
        changes.checkpoints.append((number, checkpoint))
    context.transaction.one(SET_QUESTION, command.question, number)
    steps_out(context, row)
    changes.aside.append((state.ASKED, number))
    changes.places.append(
        (
            number,
            state.ASKED,
            None,
            row.due,
            None,
            row.attempts,
            row.tries + 1,
            row.start,
            row.waiting,
            lease.agent,
            None,
            row.cost,
        )
    )
    tell(context, "ask", {(state.ASKED, None): [number]})
    return Judged(states={task_id(number): state.STATES[state.ASKED]})


def _again(
    judged: Judged,
    task: str,
    then: Recorded | None,
    outcomes: frozenset[str],
    said: str | None,
) -> None:
    """Judge a report without a lease: the very same as before is answered again, any other is late."""
    if then is not None and then.outcome in outcomes and then.error == said:
        judged.states[task] = then.shown
    else:
        judged.refused[task] = "lease_lost"


def _take(
    context: Context, wanted: list[tuple[int, int]]
) -> tuple[dict[int, TaskRow], dict[tuple[int, int], LeaseRow]]:
    """Lock the tasks and end the leases whose token fits; the lease's row is the only right to an outcome."""
    rows = context.lock([number for number, _token in wanted])
    taken = context.transaction.each(END_LEASES, sorted(set(wanted)))
    ended = {}
    for found in taken:
        lease = LeaseRow._make(found)
        ended[lease.task, lease.token] = lease
        context.seen[lease.agent] = context.now
        context.changes.pools.add(context.queue_of(rows[lease.task]).pool)
    release(context, ended.values())
    return rows, ended


def _twice(judged: Judged, tasks: Sequence[str]) -> set[str]:
    """Tasks named more than once, refused: which of two outcomes should hold nobody can say."""
    if len(tasks) == 1 or len(set(tasks)) == len(tasks):
        return set()
    twice = {task for task, n in Counter(tasks).items() if n > 1}
    judged.refused.update(dict.fromkeys(twice, "duplicate: it is named more than once; report it once"))
    return twice


def _check_note(outcome: Done | Failed, field: str) -> None:
    if outcome.notes is not None:
        check.text(outcome.notes, f"{field}.notes", bounds.NOTES)
    if outcome.cost is not None:
        check.amount(outcome.cost, f"{field}.cost")
    if outcome.usage != {}:
        check.amounts(outcome.usage, f"{field}.usage")
    if outcome.branch is not None:
        check_branch(outcome.branch, f"{field}.branch")
