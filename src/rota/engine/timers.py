"""What comes due with time: delays and retries, time to live, the end of leases, lost nodes."""

from __future__ import annotations

from collections.abc import Sequence

from rota.engine.admission import admit_again
from rota.engine.agents import take_back_all
from rota.engine.attempts import failed
from rota.engine.context import Context
from rota.engine.ending import end
from rota.engine.limit_use import note_use, release
from rota.engine.needs import hand_up_again, take_back_again
from rota.engine.outcome import take_back
from rota.engine.parked import unpark_due
from rota.engine.place import Groups, leave, put, tell, temporary_shape
from rota.engine.schedule_ticks import come
from rota.engine.stages import stages_due
from rota.engine.stand import stand
from rota.engine.timer_kinds import (
    ADMIT,
    CANCEL,
    CRON,
    LATE,
    LIMIT,
    NEED,
    NEED_LESS,
    OF_NO_TASK,
    PREEMPT,
    STAGE,
    START,
    TTL,
    WAKE,
    WIDEN,
)
from rota.model import state
from rota.model.times import SECOND
from rota.store.sql import fleet
from rota.store.sql.leases import (
    ATTEMPTS_OF_TASKS,
    DROP_LISTENERS_OF_NODE,
    END_LEASES,
    EXTEND_LEASES,
    LAPSED_LEASES,
    LEASES_OF_LOST_NODE,
    LEASES_OF_TASKS,
    LeaseRow,
)
from rota.store.sql.tasks import TaskRow
from rota.store.sql.waiting import DUE_TIMERS_POSTGRES, DUE_TIMERS_SQLITE

AT_ONCE = 500
"""Timers fired and leases ended in one turn; the rest follows in the next."""
NODE_LOST_S = 15.0
"""A node not seen for this long is lost, seconds."""


def fire(context: Context, *, gap: bool = False) -> bool:
    """Fire the timers that are due; whether there may be more. After a `gap` no lease is fenced at once."""
    statement = DUE_TIMERS_SQLITE if context.transaction.dialect == "sqlite" else DUE_TIMERS_POSTGRES
    due = sorted(context.transaction.one(statement, context.now, AT_ONCE))
    rows = context.lock([ref for _at, kind, ref in due if kind not in OF_NO_TASK])
    fired: set[int] = set()
    for at, kind, ref in due:
        if kind == CRON:
            continue
        if kind == LIMIT:
            unpark_due(context)
            context.changes.pools.update(context.book.pools)
            continue
        if kind == WAKE:
            context.changes.pools.add(ref)
            continue
        if kind == ADMIT:
            admit_again(context, [ref])
            continue
        if ref in fired:  # two of one task: the second finds what the first made of it
            context.flush()
            rows.update(context.lock([ref]))
        if ref not in rows:
            continue
        fired.add(ref)
        if gap and kind in (CANCEL, PREEMPT):
            _fence_later(context, rows[ref], kind)
        else:
            _FIRED[kind](context, rows[ref], at)
    # Last: what they submit may push out tasks that were read above.
    come(context, [(at, ref) for at, kind, ref in due if kind == CRON])
    return len(due) == AT_ONCE


def _start(context: Context, row: TaskRow, at: int) -> None:
    """A delay or a retry's wait is over. A task that was moved on since has another start, or another state."""
    if row.state != state.SCHEDULED or row.start != at:
        return
    groups: Groups = {}
    leave(context, [row])
    put(context, row, groups, start=row.start, shape=temporary_shape(context, row), reason=row.reason)
    tell(context, "start", groups)


def _expire(context: Context, row: TaskRow, at: int) -> None:
    if row.state in state.ENDED or row.tries > 0 or row.expires != at:
        return
    if not leave(context, [row]):
        end(context, [row], state.EXPIRED, "expire", "nobody took it in time")


def _fence(context: Context, row: TaskRow, at: int) -> None:
    """The grace after a cancel is over: the task is taken out of the agent's hands."""
    del at
    leases = _flagged(context, row, CANCEL)
    if leases:
        take_back_all(context, leases, "cancelled")


def _make_way(context: Context, row: TaskRow, at: int) -> None:
    """The grace of a task that was asked to give way is over: it goes back to its old place."""
    del at
    leases = _flagged(context, row, PREEMPT)
    if leases:
        take_back_all(context, leases, "preempted")


def _fence_later(context: Context, row: TaskRow, kind: int) -> None:
    """The grace ended while nobody could hear of it: the agent has one more term, as after_gap gives every lease."""
    for lease in _flagged(context, row, kind):
        context.changes.add_timer(context.now + lease.term, kind, row.id)


def _flagged(context: Context, row: TaskRow, kind: int) -> list[LeaseRow]:
    leases = [LeaseRow(*found) for found in context.transaction.each(LEASES_OF_TASKS, [(row.id,)])]
    asked = [(lease, lease.preempt_at if kind == PREEMPT else lease.cancel_at) for lease in leases]
    return [lease for lease, at in asked if at is not None and at <= context.now]


def _widen(context: Context, row: TaskRow, _at: int) -> None:
    """A temporary requirement is over: the task goes to the lane of its own shape, now or once it is admitted."""
    if temporary_shape(context, row) is None or row.state not in (state.READY, state.SCHEDULED, state.BLOCKED):
        return
    if _avoids_until(context, row) > context.now or leave(context, [row]):
        return
    groups: Groups = {}
    put(context, row, groups, start=row.start, reason=row.reason)
    tell(context, "widen", groups)


def _avoids_until(context: Context, row: TaskRow) -> int:
    """Until when the task avoids the agent of its last attempt; 0 = it does not. That time has a timer of its own."""
    assert row.lane is not None
    shape = context.book.lane_key(context.transaction, row.lane).shape
    if not context.book.needs_of(context.transaction, shape).avoid:
        return 0
    ended = max(found[4] for found in context.transaction.each(ATTEMPTS_OF_TASKS, [(row.id,)]))
    avoid_s = context.book.pools[context.queue_of(row).pool].policy.avoid_s
    return int(ended) + round(avoid_s * SECOND)


def _turn_late(context: Context, row: TaskRow, _at: int) -> None:
    """The deadline can hardly be met any more: the task goes behind those of its band that are in time."""
    if row.state != state.READY or row.lane is None:
        return
    shape = temporary_shape(context, row)
    if stand(context, row, shape).lane == row.lane or leave(context, [row]):
        return
    groups: Groups = {}
    put(context, row, groups, start=row.start, shape=shape, reason=row.reason)
    tell(context, "late", groups)


_FIRED = {
    START: _start,
    TTL: _expire,
    CANCEL: _fence,
    WIDEN: _widen,
    LATE: _turn_late,
    NEED: hand_up_again,
    NEED_LESS: take_back_again,
    STAGE: stages_due,
    PREEMPT: _make_way,
}


def end_leases(context: Context) -> bool:
    """End leases nobody renewed and offers nobody confirmed; whether there may be more."""
    lapsed = [LeaseRow(*row) for row in context.transaction.one(LAPSED_LEASES, context.now, AT_ONCE)]
    if not lapsed:
        return False
    rows = context.lock([lease.task for lease in lapsed])
    taken = {row[0] for row in context.transaction.each(END_LEASES, [(lease.task, lease.token) for lease in lapsed])}
    release(context, [lease for lease in lapsed if lease.task in taken])
    groups: Groups = {}
    offers: Groups = {}
    for lease in lapsed:
        if lease.task not in taken:
            continue
        row = rows[lease.task]
        context.changes.pools.add(context.queue_of(row).pool)
        if not lease.offered:
            failed(context, row, lease, groups, outcome="lost", error="the lease ended without a heartbeat")
        elif lease.cancel_at is not None:
            take_back(context, row, lease, groups, "lapsed")
        else:
            note_use(context, lease, "lapsed", None)
            put(context, row, offers, start=row.start, reason=row.reason)
            if row.expires is not None:  # its time to live may have ended while it was offered
                context.changes.add_timer(row.expires, TTL, row.id)
    tell(context, "lease_end", groups)
    tell(context, "lapse", offers)
    return len(lapsed) == AT_ONCE


def after_gap(context: Context) -> None:
    """Time passed in which nobody could renew: no lease ends before one more term."""
    context.transaction.one(EXTEND_LEASES, context.now, context.now)


def bury_nodes(context: Context, lost: Sequence[int]) -> None:
    """Nodes that are gone: what their local agents held goes back, their listeners are dropped."""
    for node in lost:
        leases = [LeaseRow(*row) for row in context.transaction.one(LEASES_OF_LOST_NODE, node, 100_000)]
        take_back_all(context, leases, "node_lost")
        context.flush()
        context.transaction.one(DROP_LISTENERS_OF_NODE, node)
        context.transaction.one(fleet.UNBIND_AGENTS, node)
        context.transaction.one(fleet.DROP_NODE, node)
        context.changes.say("node_lost", None, node=node)
    if lost:
        context.book.changed(context.transaction)
        context.changes.pools.update(context.book.pools)


def lost_nodes(context: Context) -> list[int]:
    """Nodes that were not seen for too long."""
    limit = context.now - round(NODE_LOST_S * SECOND)
    return [node for (node,) in context.transaction.one(fleet.LOST_NODES, limit, context.node)]
