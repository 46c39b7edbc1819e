"""A turn: one transaction. Commands in, due timers, one plan for each touched pool, commit, answers out.

`turn` is a function of the store, the moment and the commands; whatever it is told besides is only memory of what
the database says. It can be run again: nothing outside the transaction is changed before the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from rota.engine import (
    admission,
    agents,
    apply,
    archive,
    assign,
    claim,
    describe,
    edit,
    heartbeat,
    judge,
    keys,
    listening,
    outcome,
    projects,
    queues,
    rules,
    schedules,
    set_limits,
    submit,
    withdraw,
)
from rota.engine.all_or_none import check_all
from rota.engine.book import Book
from rota.engine.choose import choose
from rota.engine.context import Context, Waiting
from rota.engine.deliver import deliver
from rota.engine.dependencies import settle
from rota.engine.dispatch import dispatch
from rota.engine.floor import Floor
from rota.engine.held import FLEET
from rota.engine.learn import keep_samples, keep_served
from rota.engine.set_aside import Fault
from rota.engine.tick import Tick, tick
from rota.model.commands import apply as p
from rota.model.commands import fleet as f
from rota.model.commands import keys as k
from rota.model.commands import limits as l
from rota.model.commands import route as t
from rota.model.commands import schedules as c
from rota.model.commands import submit as s
from rota.model.commands import work as w
from rota.model.errors import RotaError
from rota.store.protocol import Rerun, Store

Command = Any
Answer = Any
"""What a command is answered, a `RotaError`, or the `Waiting` that it became."""

_APPLY: dict[type, Callable[[Context, Any], Answer]] = {
    s.Submit: submit.submit,
    s.Edit: edit.edit,
    s.Describe: describe.describe,
    s.Cancel: withdraw.cancel,
    s.Hold: withdraw.hold,
    s.Unhold: withdraw.unhold,
    s.Redrive: withdraw.redrive,
    w.Confirm: heartbeat.confirm,
    w.Heartbeat: heartbeat.heartbeat,
    w.Fail: outcome.fail,
    w.GiveBack: outcome.give_back,
    w.Ask: outcome.ask,
    w.Answer: judge.answer,
    w.Approve: judge.approve,
    w.Reject: judge.reject,
    f.Register: agents.register,
    f.Drain: agents.drain,
    f.ResumeAgent: agents.resume,
    f.RemoveAgent: agents.remove,
    f.SetHealth: agents.set_health,
    f.SetQueue: queues.set_queue,
    f.SetPool: queues.set_pool,
    f.SetTenant: queues.set_tenant,
    f.PauseQueue: queues.pause,
    f.ResumeQueue: queues.resume,
    f.PurgeQueue: withdraw.purge,
    f.CreateProject: projects.create,
    f.AddToProject: projects.add,
    f.FinalizeProject: projects.finalize,
    f.DeleteProject: projects.delete,
    f.RemoveFromProject: projects.remove,
    l.SetLimit: set_limits.set_limit,
    l.RemoveLimit: set_limits.remove_limit,
    l.ResetLimit: set_limits.reset_limit,
    t.SetRules: rules.set_rules,
    t.Assign: assign.assign,
    t.Unassign: assign.unassign,
    p.Apply: apply.apply,
    c.SetSchedule: schedules.set_schedule,
    c.RemoveSchedule: schedules.remove_schedule,
    c.PauseSchedule: schedules.pause_schedule,
    c.ResumeSchedule: schedules.resume_schedule,
    keys.AddKey: keys.add,
    k.RevokeKey: keys.revoke,
    keys.KeysUsed: keys.used,
    keys.SpendUrgent: keys.spend,
    listening.Withdraw: listening.withdraw,
    archive.TakeOut: archive.take_out,
    archive.PutBack: archive.put_back,
    Tick: tick,
}

_REPORTS, _BEATS, _OTHERS, _CLAIMS = range(4)
_PHASES: dict[type, int] = {w.Complete: _REPORTS, w.Heartbeat: _BEATS, w.Claim: _CLAIMS}
_BLIND = frozenset({s.Submit, f.AddToProject, w.Claim})
"""Commands that do not look at what others of the same turn gathered, so nothing has to be written before them."""

_CHANGES_FLEET = frozenset({
    f.Register, f.Drain, f.ResumeAgent, f.RemoveAgent, f.SetQueue, f.SetPool, f.SetTenant, f.PauseQueue, f.ResumeQueue,
    l.SetLimit, l.RemoveLimit, t.SetRules, p.Apply,
})  # fmt: skip
"""Commands whose turn no other node's may overlap: else one gives tasks to an agent that another removes."""

STREAM_ROWS = 250
"""So many new tasks are sent before the next command is looked at: PostgreSQL works on them in the meantime."""


class Outcome:
    """What a turn came to, once it is committed."""

    def __init__(self, answers: list[Answer], context: Context) -> None:
        self.answers = answers
        self.answered = context.answered
        self.kept = context.kept
        self.seen = context.seen
        self.events = context.changes.events
        self.next_due = context.changes.next_due
        self.topics = context.topics
        self.contended = context.contended
        self.trouble = context.trouble
        self.broken = context.broken
        self.waited_from = context.waited_from
        self.more = context.more
        """There was more due than one turn takes."""


def turn(
    store: Store,
    now: int,
    commands: Sequence[Command],
    *,
    node: int,
    book: Book,
    random: Random,
    listening: dict[int, Waiting],
    numbers: Callable[[], int],
    broken: dict[int, Fault],
    floor: Floor,
    whole: bool = False,
) -> Outcome:
    """Run one turn at `now` (microseconds). Raises what the store raises; then nothing happened.

    `whole`: all of the commands or none: raises `NotAll`.
    """
    done: Outcome | None = None
    try:
        # The floor is left before the commit, which waits for the disk.
        with store.write() as transaction, floor:
            transaction.hold(FLEET, shared=_CHANGES_FLEET.isdisjoint(map(type, commands)))
            book.refresh(transaction, alone=not store.nodes_share)
            context = Context(transaction, now, node, book, random, listening, broken)
            answers = _apply_all(context, commands, numbers)
            settle(context)
            context.flush()
            admission.admit(context)
            deliver(context)
            _plan_pools(context)
            claim.keep_listening(context)
            if whole:
                check_all(context, answers)
            keep_samples(context)
            keep_served(context)
            context.flush()
            context.write_depths()
            context.changes.close(transaction)
            done = Outcome(answers, context)
    except Rerun as again:
        # The answers stand when the lost commit turned out to have happened.
        if not again.committed or done is None:
            raise
    return done


def _apply_all(context: Context, commands: Sequence[Command], numbers: Callable[[], int]) -> list[Answer]:
    """Results together, then heartbeats, the rest as it came, claims last: so that claims see the freed slots."""
    answers: list[Answer] = [None] * len(commands)
    phases: tuple[list[int], ...] = ([], [], [], [])
    for index, command in enumerate(commands):
        phases[_PHASES.get(type(command), _OTHERS)].append(index)
    reports, beats, others, claims = phases
    if reports:
        judged = outcome.complete(context, [commands[index] for index in reports])
        for index, answer in zip(reports, judged, strict=True):
            answers[index] = answer
    for index in (*beats, *others, *claims):
        command = commands[index]
        if type(command) not in _BLIND:
            settle(context)
            context.flush()
        elif len(context.changes.tasks) >= STREAM_ROWS:
            context.flush()
        try:
            if type(command) is w.Claim:
                answers[index] = claim.claim(context, command, numbers())
            else:
                answers[index] = _APPLY[type(command)](context, command)
        except RotaError as error:
            answers[index] = error
    return answers


def _plan_pools(context: Context) -> None:
    """Plan each touched pool."""
    for pool in sorted(context.changes.pools | context.look):
        if pool not in context.book.pools:
            continue
        context.flush()
        choose(context, context.book.pools[pool])
        if not dispatch(context, context.book.pools[pool]) and pool in context.changes.pools:
            # The holder may have looked before this turn's changes, and hears of them. Who only looked stays
            # silent: if every loser signalled, idle nodes would wake each other for ever.
            context.contended.add(pool)
            context.topics.add(f"pool:{pool}")
