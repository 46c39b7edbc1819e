"""What ended leases give back of the limits they were charged to, and what they used beside the estimate."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from rota.engine.auto_slots import note_outcome
from rota.engine.context import Context
from rota.engine.limits import Limit
from rota.model.limit import MONEY, TASKS, TOKENS, amount_used
from rota.model.times import SECOND
from rota.planning.limit import PARTS
from rota.store.sql.leases import LeaseRow
from rota.store.sql.limits import END_LEASE_LIMITS

NOT_STARTED = frozenset({"lapsed"})
"""Outcomes of offers that never reached an agent: they give everything back."""
HOUR_S = 3_600.0


def release(context: Context, leases: Collection[LeaseRow]) -> None:
    """These leases were ended: they count no longer. What they used is noted as each of their attempts ends."""
    if context.owned is not None:
        context.owned.end(leases)
    if not context.book.limits:
        return
    ended = sorted((lease.task, lease.token) for lease in leases)
    for task, name, amount in sorted(context.transaction.each(END_LEASE_LIMITS, ended)):
        context.charged.setdefault(task, []).append((name, amount))
        # Tasks of other pools may be charged to the same limit.
        context.changes.pools.update(context.book.pools)


def note_use(context: Context, lease: LeaseRow, outcome: str, note: str | None) -> None:
    """Correct what the lease was charged by what it used, as far as that was reported."""
    note_outcome(context, lease.agent, outcome)
    if context.book.limits.by_task:
        context.ended_leases[lease.task] = (lease, outcome, note)
    charged = context.charged.pop(lease.task, ())
    if not charged:
        return
    known = {
        **context.book.charged(context.transaction, lease.lane),
        **context.book.limits.of_agent(context.book.agent_name(lease.agent)),
    }
    for name, amount in charged:
        limit = known.get(name)
        if limit is not None and not limit.measure.concurrency:
            note_one(context, name, limit, amount, lease.since, lease, outcome, note)


def note_one(
    context: Context, name: str, limit: Limit, amount: int, since: int, lease: LeaseRow, outcome: str, note: str | None
) -> None:
    """The same for one limit; `since` it was charged."""
    if outcome in NOT_STARTED:
        context.changes.uses.append((name, -amount, None, since))
        return
    if limit.spec.unit == TASKS:
        return
    said: dict[str, Any] = msgspec.json.decode(note) if note else {}
    actual = _used(context, limit, lease, said)
    if actual is not None:
        context.changes.uses.append((name, actual - amount, actual, since))


def _used(context: Context, limit: Limit, lease: LeaseRow, said: dict[str, Any]) -> int | None:
    """In millionths; None where neither the agent nor its prices say it."""
    usage, cost = said.get("usage", {}), said.get("cost")
    if limit.spec.unit == MONEY and cost is None:
        cost = _price(context, lease, amount_used(TOKENS, usage, None))
    found = amount_used(limit.spec.unit, usage, cost)
    return None if found is None else round(found * PARTS)


def _price(context: Context, lease: LeaseRow, tokens: float | None) -> float | None:
    """What the attempt cost by the agent's prices; None when it has none."""
    agent = context.book.agents.get(lease.agent)
    if agent is None or agent.spec.cost is None:
        return None
    cost = agent.spec.cost
    hours = (context.now - lease.since) / SECOND / HOUR_S
    return cost.per_task + cost.per_hour * hours + cost.per_1k_tokens * (tokens or 0.0) / 1_000
