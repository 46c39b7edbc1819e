"""What follows when an attempt fails: a retry after a full-jitter wait, away from the agent that failed, or death."""

from __future__ import annotations

import msgspec

from rota.engine.book import ACTIVE
from rota.engine.context import Context
from rota.engine.ending import end, end_attempt
from rota.engine.place import Groups, put
from rota.engine.stages import after_failure
from rota.engine.timer_kinds import WIDEN
from rota.model import state
from rota.model.bounds import REASON
from rota.model.times import SECOND
from rota.planning.backoff import full_jitter
from rota.planning.filter import refusal
from rota.store.sql.leases import LeaseRow
from rota.store.sql.tasks import TaskRow


def failed(
    context: Context,
    row: TaskRow,
    lease: LeaseRow,
    groups: Groups,
    *,
    outcome: str,
    error: str | None,
    retryable: bool = True,
    retry_at: int | None = None,
    note: str | None = None,
) -> int:
    """End a lease that did not lead to a result; the task's new state, noted in `groups`."""
    cancelled = lease.cancel_at is not None
    end_attempt(
        context,
        lease,
        row.kind,
        "cancelled" if cancelled else outcome,
        counted=not cancelled,
        error=error,
        note=note,
        estimate=row.estimate,
    )
    if cancelled:
        end(context, [row], state.CANCELLED, "", row.reason or "cancelled", tries=1, agent=lease.agent, told=False)
        groups.setdefault((state.CANCELLED, None), []).append(row.id)
        return state.CANCELLED
    context.changes.count(row.queue, outcome)
    attempts = row.attempts + 1
    if not retryable or attempts >= row.max_attempts:
        why = "not retryable" if not retryable else f"attempt {attempts} of {row.max_attempts} {outcome}"
        end(
            context, [row], state.DEAD, "", f"{why}: {error or 'no reason given'}"[:REASON],
            attempts=1, tries=1, agent=lease.agent, told=False,
        )  # fmt: skip
        groups.setdefault((state.DEAD, None), []).append(row.id)
        return state.DEAD
    row = after_failure(context, row, attempts)
    policy = context.queue_of(row).policy
    start = retry_at if retry_at is not None else context.now + full_jitter(policy.backoff, attempts, context.random)
    shape = avoiding(context, row, lease.agent)
    return put(
        context, row, groups, start=start, shape=shape, attempts=attempts, tries=row.tries + 1, agent=lease.agent,
        reason=(error or outcome)[:REASON],
    )  # fmt: skip


def avoiding(context: Context, row: TaskRow, agent: int) -> int | None:
    """The shape with which this agent does not get the task for a while; None when nobody else could do it."""
    book = context.book
    pool = book.pools[context.queue_of(row).pool]
    if pool.policy.avoid_s <= 0:
        return None
    needs = book.needs_of(context.transaction, row.shape)
    others = (
        other for other in book.agents.values() if other.id != agent and other.pool == pool.id and other.state == ACTIVE
    )
    if not any(refusal(other.profile, needs) is None for other in others):
        return None
    context.changes.add_timer(context.now + round(pool.policy.avoid_s * SECOND), WIDEN, row.id)
    return book.shape(context.transaction, msgspec.structs.replace(needs, avoid=(book.agent_name(agent),)))
