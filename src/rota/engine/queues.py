"""Queues and pools: their policies, pauses."""

from __future__ import annotations

import msgspec

from rota.engine.book import Queue
from rota.engine.context import Context
from rota.model import bounds, check
from rota.model.commands.fleet import Ok, PauseQueue, ResumeQueue, SetPool, SetQueue
from rota.model.errors import RotaError, invalid
from rota.model.priority import BANDS
from rota.model.queue import PoolPolicy, QueuePolicy
from rota.planning.score import SCORES
from rota.store.sql import fleet
from rota.store.sql.history import COUNT_ASIDE, COUNT_RUNNING
from rota.store.sql.waiting import QUEUE_DEPTH


def set_queue(context: Context, command: SetQueue) -> Ok:
    """Create a queue or replace its policy."""
    name, policy = check.name(command.queue, "queue"), command.policy
    check_queue(policy, "policy")
    pool = context.book.pool(policy.pool)
    if pool is None:
        raise invalid("policy.pool", f"there is no pool named {policy.pool!r}; create it first")
    if policy.overflow_queue is not None and policy.overflow_queue != name:
        context.book.queue(policy.overflow_queue, "policy.overflow_queue")
    known = next((queue for queue in context.book.queues.values() if queue.name == name), None)
    if known is not None and known.policy == policy:
        return Ok(changed=False)
    if known is not None and known.pool != pool.id and _holds(context, known):
        raise RotaError(
            "not_empty", f"queue {name!r} holds tasks; its pool can only change while it is empty", field="policy.pool"
        )
    text = msgspec.json.encode(policy).decode()
    context.transaction.one(fleet.SET_QUEUE, name, pool.id, text)
    context.book.changed(context.transaction)
    context.changes.say("set_queue", None, queue=name, policy=msgspec.to_builtins(policy), fleet=context.book.version)
    return Ok()


def set_pool(context: Context, command: SetPool) -> Ok:
    """Create a pool or replace its policy."""
    name = check.name(command.pool, "pool")
    check_pool(command.policy, "policy")
    known = context.book.pool(name)
    if known is not None and known.policy == command.policy:
        return Ok(changed=False)
    context.transaction.one(fleet.SET_POOL, name, msgspec.json.encode(command.policy).decode())
    context.book.changed(context.transaction)
    context.changes.say(
        "set_pool", None, pool=name, policy=msgspec.to_builtins(command.policy), fleet=context.book.version
    )
    return Ok()


def pause(context: Context, command: PauseQueue) -> Ok:
    """Give out nothing of the queue."""
    return _set_paused(context, command.queue, True, check.text(command.reason, "reason", bounds.REASON) or None)


def resume(context: Context, command: ResumeQueue) -> Ok:
    """End a pause."""
    return _set_paused(context, command.queue, False, None)


def _set_paused(context: Context, name: str, paused: bool, reason: str | None) -> Ok:
    queue = context.book.queue(name)
    if queue.paused == paused:
        return Ok(changed=False)
    context.transaction.one(fleet.PAUSE_QUEUE, int(paused), reason, queue.id)
    context.book.changed(context.transaction)
    context.changes.pools.add(queue.pool)
    context.changes.say("pause" if paused else "resume", None, queue=name, reason=reason, fleet=context.book.version)
    return Ok()


def check_queue(policy: QueuePolicy, field: str) -> None:
    """Refuse a policy that contradicts itself or is out of range."""
    check.number(policy.max_attempts, f"{field}.max_attempts", 1, bounds.ATTEMPTS)
    if not 0 <= policy.backoff.base <= policy.backoff.cap <= bounds.SPAN_S:
        raise invalid(f"{field}.backoff", "needs 0 <= base <= cap")
    if not 1 <= policy.term <= 86_400 * 7:
        raise invalid(f"{field}.term", f"{policy.term} is not between 1 second and 7 days")
    if policy.ttl is not None and not 0 < policy.ttl <= bounds.SPAN_S:
        raise invalid(f"{field}.ttl", f"{policy.ttl} is not a positive number of seconds")
    for key, seconds in policy.target_wait.items():
        if key not in BANDS:
            raise invalid(f"{field}.target_wait", f"{key!r} is none of {', '.join(BANDS)}")
        if not 0 <= seconds <= bounds.SPAN_S:
            raise invalid(f"{field}.target_wait.{key}", f"{seconds} is not a number of seconds from 0 up")
    if policy.depth is not None:
        check.number(policy.depth, f"{field}.depth", 1, bounds.INT64)
    if (policy.overflow == "move") != (policy.overflow_queue is not None):
        raise invalid(f"{field}.overflow_queue", 'goes with overflow = "move", and overflow = "move" needs it')
    check.name(policy.pool, f"{field}.pool")


def check_pool(policy: PoolPolicy, field: str) -> None:
    """Refuse a policy that is out of range."""
    if policy.strategy not in SCORES:
        raise invalid(f"{field}.strategy", f"{policy.strategy!r} is none of {', '.join(SCORES)}")
    if not 0 <= policy.avoid_s <= 86_400:
        raise invalid(f"{field}.avoid_s", f"{policy.avoid_s} is not between 0 and 86400 seconds")


def _holds(context: Context, queue: Queue) -> bool:
    waiting = int(context.transaction.one(QUEUE_DEPTH, queue.id)[0][0])
    running = any(row[0] == queue.id for row in context.transaction.one(COUNT_RUNNING))
    aside = any(row[0] == queue.id for row in context.transaction.one(COUNT_ASIDE))
    return bool(waiting or running or aside)
