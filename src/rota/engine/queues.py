"""Queues, pools and tenants: their policies, pauses, weights."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rota.engine.book import GONE, Queue
from rota.engine.context import Context
from rota.engine.schedules import spec_of
from rota.engine.stages_of_submit import check_targets
from rota.model import bounds, check, state
from rota.model.commands.fleet import Ok, PauseQueue, ResumeQueue, SetPool, SetQueue, SetTenant
from rota.model.errors import RotaError, invalid
from rota.model.priority import BANDS
from rota.model.queue import PoolPolicy, Preemption, QueuePolicy
from rota.model.rule import name_of
from rota.model.stage_check import check_stages
from rota.planning.stages import next_queue
from rota.planning.strategies import STRATEGIES, fault
from rota.store.sql import fleet
from rota.store.sql.history import COUNT_ASIDE, COUNT_RUNNING
from rota.store.sql.schedules import SCHEDULES, ScheduleRow
from rota.store.sql.waiting import QUEUE_DEPTH

WEIGHT = 1_000_000
"""The most a tenant may weigh."""


def set_queue(context: Context, command: SetQueue) -> Ok:
    """Create a queue or replace its policy."""
    name, policy = check.name(command.queue, "queue"), command.policy
    check_queue(policy, "policy")
    pool = context.book.pool(policy.pool)
    if pool is None:
        raise invalid("policy.pool", f"there is no pool named {policy.pool!r}; create it first")
    if policy.overflow_queue == name:
        raise invalid("policy.overflow_queue", f"{name!r} is the queue itself; name another one")
    if policy.overflow_queue is not None:
        context.book.queue(policy.overflow_queue, "policy.overflow_queue")
    check_targets(context.book, policy.stages, "policy.stages", name)
    known = next((queue for queue in context.book.queues.values() if queue.name == name), None)
    if known is not None and known.policy == policy and not known.removed:
        return Ok(changed=False)
    if known is not None and known.pool != pool.id and _holds(context, known):
        raise RotaError(
            "not_empty", f"queue {name!r} holds tasks; its pool can only change while it is empty", field="policy.pool"
        )
    text = msgspec.json.encode(policy).decode()
    context.transaction.one(fleet.SET_QUEUE, name, pool.id, text)
    context.book.changed(context.transaction)
    context.changes.say("set_queue", None, queue=name, policy=msgspec.to_builtins(policy), fleet=context.book.version)
    if known is not None and known.removed:
        context.changes.say("resume", None, queue=name, reason=None, fleet=context.book.version)
    return Ok()


def remove_queue(context: Context, queue: Queue) -> None:
    """Forget a queue that holds nothing and that nothing leads into. Tasks of the past still name it; set again, it
    goes on.
    """
    leads = next(_leading_into(context, queue.name), None)
    if leads is not None:
        message = f"queue {queue.name!r} is to go, and {leads}; change that first, or keep the queue"
        raise RotaError("not_empty", message, field="queue")
    held = _held(context, queue)
    held.pop(state.STATES[state.DEAD], None)
    if held:
        told = " and ".join(f"{n:,} {what}" for what, n in held.items())
        message = (
            f"queue {queue.name!r} is to go and holds {told}; say what becomes of what waits: keep (the queue stays),"
            " purge (it is cancelled) or move:QUEUE. What runs, and what waits for a person, ends first"
        )
        raise RotaError("not_empty", message, field="queue")
    context.transaction.one(fleet.PAUSE_QUEUE, GONE, None, queue.id)
    context.book.changed(context.transaction)
    context.changes.say("pause", None, queue=queue.name, reason="removed", fleet=context.book.version)


def _leading_into(context: Context, name: str) -> Iterator[str]:
    """What sends tasks into the queue."""
    for other in context.book.queues.values():
        if other.removed or other.name == name:
            continue
        if other.policy.overflow_queue == name:
            yield f"what is too much for queue {other.name!r} moves into it"
        if any(next_queue(stage.change) == name for stage in other.policy.stages):
            yield f"a stage of queue {other.name!r} moves tasks into it"
    for at, rule in enumerate(context.book.rules.rules):
        if rule.set.queue == name:
            yield f"the rule {name_of(rule, at)} sends tasks into it"
    for schedule in (spec_of(ScheduleRow(*row)) for row in context.transaction.one(SCHEDULES)):
        if schedule.task.queue == name:
            yield f"the schedule {schedule.name!r} submits to it"


def set_pool(context: Context, command: SetPool) -> Ok:
    """Create a pool or replace its policy."""
    name = check.name(command.pool, "pool")
    check_pool(command.policy, "policy")
    known = context.book.pool(name)
    if known is not None and known.policy == command.policy:
        return Ok(changed=False)
    number = context.transaction.one(fleet.SET_POOL, name, msgspec.json.encode(command.policy).decode())[0][0]
    context.book.changed(context.transaction)
    context.changes.pools.add(number)
    context.changes.say(
        "set_pool", None, pool=name, policy=msgspec.to_builtins(command.policy), fleet=context.book.version
    )
    return Ok()


def set_tenant(context: Context, command: SetTenant) -> Ok:
    """Give a tenant its weight."""
    check.text(command.tenant, "tenant", bounds.NAME, empty=False)
    check.number(command.weight, "weight", 1, WEIGHT)
    number = context.book.tenant(context.transaction, command.tenant)
    if context.book.weights.get(number, 1) == command.weight:
        return Ok(changed=False)
    context.transaction.one(fleet.SET_WEIGHT, command.tenant, command.weight)
    context.book.changed(context.transaction)
    context.changes.say("set_tenant", None, tenant=command.tenant, weight=command.weight, fleet=context.book.version)
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
    check.number(policy.group_size, f"{field}.group_size", 1, bounds.GROUP)
    if (policy.overflow == "move") != (policy.overflow_queue is not None):
        raise invalid(f"{field}.overflow_queue", 'goes with overflow = "move", and overflow = "move" needs it')
    check.name(policy.pool, f"{field}.pool")
    check_stages(policy.stages, f"{field}.stages", attempts=policy.max_attempts)
    for region, near in policy.near.items():
        check.name(region, f"{field}.near")
        check.names(near, f"{field}.near.{region}")


def check_pool(policy: PoolPolicy, field: str) -> None:
    """Refuse a policy that is out of range."""
    if policy.terms and policy.strategy in STRATEGIES:
        raise invalid(f"{field}.strategy", f"{policy.strategy!r} has its own terms; give yours another name")
    if not policy.terms and policy.strategy not in STRATEGIES:
        raise invalid(f"{field}.strategy", f"{policy.strategy!r} is none of {', '.join(STRATEGIES)}")
    found = fault(policy.terms) if policy.terms else None
    if found is not None:
        raise invalid(f"{field}.terms.{found[0]}", found[1])
    for key in ("avoid_s", "breaker_s", "eject_s", "slow_start_s"):
        if not 0 <= getattr(policy, key) <= 86_400:
            raise invalid(f"{field}.{key}", f"{getattr(policy, key)} is not between 0 and 86400 seconds")
    if policy.preempt is not None:
        _check_preemption(policy.preempt, f"{field}.preempt")
    if policy.matching not in ("greedy", "regret"):
        raise invalid(f"{field}.matching", f"{policy.matching!r} is neither greedy nor regret")


def _check_preemption(policy: Preemption, field: str) -> None:
    for key in ("band", "over"):
        if getattr(policy, key) not in BANDS:
            raise invalid(f"{field}.{key}", f"{getattr(policy, key)!r} is none of {', '.join(BANDS)}")
    if BANDS[policy.band] >= BANDS[policy.over]:
        raise invalid(f"{field}.over", f"{policy.over} is no worse than {policy.band}; work only gives way to better")
    if not 0 <= policy.patience_s <= 86_400:
        raise invalid(f"{field}.patience_s", f"{policy.patience_s} is not between 0 and 86400 seconds")
    check.number(policy.at_most, f"{field}.at_most", 1, bounds.ATTEMPTS)


def _holds(context: Context, queue: Queue) -> bool:
    return bool(_held(context, queue))


def _held(context: Context, queue: Queue) -> dict[str, int]:
    """How many tasks it holds that are unfinished or dead, by state."""
    context.write_depths()
    found = {
        "ready": int(context.transaction.one(QUEUE_DEPTH, queue.id)[0][0]),
        "running": sum(row[1] for row in context.transaction.one(COUNT_RUNNING) if row[0] == queue.id),
    }
    for of, came_into, n in sorted(context.transaction.one(COUNT_ASIDE)):
        if of == queue.id:
            found[state.STATES[came_into]] = n
    return {what: n for what, n in found.items() if n}
