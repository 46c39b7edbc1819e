"""Preemption: running tasks are asked to give way, and their slots kept for those that are better."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rota.engine.agents_now import agents_now
from rota.engine.book import Pool
from rota.engine.context import Context
from rota.engine.heads import heads_of
from rota.engine.kept_slots import KeptSlots, waiting_tasks
from rota.engine.limit_standing import standings_of
from rota.engine.parked import lane_parked, parked
from rota.engine.timer_kinds import PREEMPT, WAKE
from rota.engine.unreviewed import barred_by_queue
from rota.model.ids import task_id
from rota.model.priority import BANDS
from rota.model.queue import Preemption
from rota.model.times import SECOND
from rota.planning.for_now import Asked
from rota.planning.order import effective
from rota.planning.preempt import Preempt, Running, Wanting, preempt
from rota.store.sql.fleet import ALL_SERVED
from rota.store.sql.leases import COUNT_PREEMPTED, FLAG_PREEMPT, HELD_BY_AGENTS, KEEP_SLOT, LISTENERS, LeaseRow
from rota.store.sql.waiting import DEPTHS

GRACE_S = 30.0
"""How long an agent may still work on a task that is to give way, seconds; then it is taken out of its hands."""
KEEP_S = 30.0
"""How long after that the slot is kept for the better task, seconds."""
ASKS_AGAIN_S = 5.0
"""Who ended a task or registered so lately is taken to ask for work in a moment, seconds."""
LOOKED_AT = 8
"""Tasks of one lane that are looked at in one turn."""


def make_way(context: Context, pool: Pool, kept: KeptSlots) -> None:
    """After a plan: ask running tasks to give way to better ones that waited longer than the pool's patience."""
    policy = pool.policy.preempt
    if policy is None:
        return
    context.flush()
    wanting = _wanting(context, pool, policy, kept)
    if not wanting:
        return
    needs = [want.asked.needs for want in wanting]
    agents = agents_now(context.transaction, context.book, pool.id, context.now, needs)
    leases = _leases(context, [agent.id for agent in agents])
    asking = _asking(context, pool)
    decided = preempt(agents, asking, _running(context, leases), wanting, policy, context.now)
    _ask(context, pool, decided, {lease.task: lease for lease in leases})


def _asking(context: Context, pool: Pool) -> set[int]:
    """Agents that ask for work, and those that will in a moment; when that moment is over there is a timer."""
    found = {
        agent
        for _id, _node, agents, _n in context.transaction.one(LISTENERS)
        for agent in msgspec.json.decode(agents, type=list[int])
    }
    last_seen = {agent.id: agent.registered for agent in context.book.agents_of(pool.id)}
    for agent, _served, _busy_s, ended, *_ in context.transaction.one(ALL_SERVED):
        if agent in last_seen:
            last_seen[agent] = max(last_seen[agent], ended)
    for agent, at in last_seen.items():
        until = at + round(ASKS_AGAIN_S * SECOND)
        if agent not in found and context.now < until:
            context.changes.add_timer(until, WAKE, pool.id)
            found.add(agent)
    return found


def _wanting(context: Context, pool: Pool, policy: Preemption, kept: KeptSlots) -> list[Wanting]:
    """The better tasks in the order of work. For those that have not waited long enough there is a timer."""
    book, transaction = context.book, context.transaction
    lanes = _lanes(context, pool, policy)
    found = heads_of(transaction, lanes, LOOKED_AT)
    heads = {head.task: lane for lane, shown in found.items() for head in shown}
    ordered = []
    soon = set()
    for task, row in waiting_tasks(transaction, heads.keys() - kept.tasks).items():
        key = book.lane_key(transaction, heads[task])
        patient_until = (row.ready_at or 0) + round(policy.patience_s * SECOND)
        if patient_until > context.now:
            soon.add(patient_until)
            continue
        asked = Asked(book.needs_of(transaction, key.shape), key.band, key.tenant)
        ordered.append(((key.band, key.late, row.due, task), Wanting(task, asked)))
    for at in soon:
        context.changes.add_timer(at, WAKE, pool.id)
    return [want for _order, want in sorted(ordered, key=lambda pair: pair[0])]


def _lanes(context: Context, pool: Pool, policy: Preemption) -> list[int]:
    """Lanes of bands that may preempt, with tasks that could be given out if there was a slot."""
    book, transaction = context.book, context.transaction
    keys = parked(context)
    found = []
    known: dict[int, str | None] = {}
    context.write_depths()
    for lane, n, _rows in transaction.one(DEPTHS):
        key = book.lane_key(transaction, lane)
        if n <= 0 or key.pool != pool.id or key.band > BANDS[policy.band]:
            continue
        if barred_by_queue(transaction, book.queues[key.queue], known) or key.shape in context.broken:
            continue
        if lane_parked(book, transaction, lane, keys):
            continue
        charged = book.charged(transaction, lane)
        if all(one.gauge.room for one in standings_of(transaction, charged, context.now).values()):
            found.append(lane)
    return found


def _leases(context: Context, agents: Sequence[int]) -> list[LeaseRow]:
    found = context.transaction.each(HELD_BY_AGENTS, [(agent,) for agent in agents])
    return sorted(LeaseRow(*row) for row in found)


def _running(context: Context, leases: Sequence[LeaseRow]) -> list[Running]:
    book, transaction = context.book, context.transaction
    tasks = waiting_tasks(transaction, [lease.task for lease in leases])
    times = dict(transaction.each(COUNT_PREEMPTED, [(lease.task,) for lease in leases]))
    found = []
    for lease in leases:
        key, row = book.lane_key(transaction, lease.lane), tasks[lease.task]
        band = effective(row.band, row.promoted, row.lent)
        given = Asked(book.needs_of(transaction, key.shape), key.band, key.tenant)
        settled = bool(lease.offered) or lease.cancel_at is not None or lease.preempt_at is not None
        found.append(Running(lease.task, lease.agent, band, given, lease.since, times.get(lease.task, 0), settled))
    return found


def _ask(context: Context, pool: Pool, decided: Sequence[Preempt], leases: dict[int, LeaseRow]) -> None:
    """Flag the victims, keep their slots, and say so. One that was given back meanwhile is not flagged any more."""
    changes, until = context.changes, context.now + round(GRACE_S * SECOND)
    rows = sorted((one.victim, leases[one.victim].token, until) for one in decided)
    flagged = {task for (task,) in context.transaction.each(FLAG_PREEMPT, rows)}
    kept_until = until + round(KEEP_S * SECOND)
    kept = []
    for one in decided:
        if one.victim not in flagged:
            continue
        lease = leases[one.victim]
        kept.append((one.task, one.agent, one.victim, lease.token, kept_until))
        changes.add_timer(until, PREEMPT, one.victim)
        changes.say("preempt", one.victim, agent=one.agent, better=task_id(one.task), until=until)
        victim = task_id(one.victim)
        changes.say("keep_slot", one.task, better=one.task, agent=one.agent, victim=victim, until=kept_until)
        context.topics.add(f"node:{lease.node}")
    context.transaction.add(KEEP_SLOT, kept)
    if kept:
        changes.add_timer(kept_until, WAKE, pool.id)
