"""`set_policy`: how a queue, pool or tenant is dealt with, or a limit; what is not named stays."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from rota.faces.mcp.looking import looking
from rota.faces.mcp.tool import Call, Hints, Tool
from rota.model.commands.fleet import Ok, SetPool, SetQueue, SetTenant
from rota.model.commands.limits import SetLimit
from rota.model.errors import RotaError, invalid
from rota.model.limit import LimitSpec
from rota.model.queue import PoolPolicy, QueuePolicy
from rota.model.times import seconds
from rota.operations.decodable import decodable
from rota.operations.distributor import Distributor
from rota.operations.misfit import misfit

Policy = TypeVar("Policy", QueuePolicy, PoolPolicy)

_SPANS = frozenset(
    {
        "term", "ttl", "patience", "backoff.base", "backoff.cap", "avoid_s", "breaker_s", "eject_s", "slow_start_s",
        "preempt.patience_s",
    }
)  # fmt: skip
"""Fields of policies that are lengths of time, as are all of `target_wait`."""


class SetPolicy(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    queue: Annotated[
        str | None,
        Meta(
            description="A queue, made if new. set: max_attempts, backoff, term, ttl, ordering, target_wait, approval, "
            "depth, overflow, overflow_queue, stages, group_size, pool."
        ),
    ] = None
    pool: Annotated[
        str | None, Meta(description="A pool. set: strategy, matching, preempt, avoid_s, breaker_s, eject_s, slack.")
    ] = None
    tenant: Annotated[str | None, Meta(description="A tenant. set: weight.")] = None
    limit: Annotated[
        LimitSpec | None, Meta(description="A limit: so much of a unit for a key, at once or in a period.")
    ] = None
    set: Annotated[
        dict[str, Any], Meta(description="Fields and their new values; spans are seconds or text such as '30s'.")
    ] = {}


class PolicyNow(msgspec.Struct, kw_only=True):
    """Answer."""

    what: str
    changed: bool
    policy: dict[str, Any]
    """All of it, as it is now."""


def run(call: Call) -> PolicyNow:
    """Change what is named and leave the rest."""
    asked: SetPolicy = call.arguments
    named = [name for name in ("queue", "pool", "tenant", "limit") if getattr(asked, name) is not None]
    if len(named) != 1:
        raise invalid("queue", "name one queue, pool, tenant or limit")
    if asked.limit is None and not asked.set:
        raise invalid("set", f"says nothing to change of the {named[0]}")
    if asked.limit is not None:
        if asked.set:
            raise invalid("set", "goes with queue, pool and tenant; a limit is given whole")
        return _told(call.distributor.call(SetLimit(limit=asked.limit)), f"limit {asked.limit.name}", asked.limit)
    if asked.queue is not None:
        policy = _merged(_queue_now(call.distributor, asked.queue), asked.set)
        return _told(call.distributor.call(SetQueue(queue=asked.queue, policy=policy)), f"queue {asked.queue}", policy)
    if asked.pool is not None:
        pool = _merged(_pool_now(call.distributor, asked.pool), asked.set)
        return _told(call.distributor.call(SetPool(pool=asked.pool, policy=pool)), f"pool {asked.pool}", pool)
    return _tenant(call, str(asked.tenant), asked.set)


def _tenant(call: Call, tenant: str, values: Mapping[str, Any]) -> PolicyNow:
    weight = values.get("weight")
    if set(values) != {"weight"} or not isinstance(weight, int):
        raise invalid("set", 'of a tenant is {"weight": N}, a whole number: its share against the other tenants')
    done: Ok = call.distributor.call(SetTenant(tenant=tenant, weight=weight))
    return PolicyNow(what=f"tenant {tenant}", changed=done.changed, policy={"weight": weight})


def _queue_now(distributor: Distributor, name: str) -> QueuePolicy:
    with looking(distributor) as view:
        try:
            return view.book.queue(name).policy
        except RotaError as error:
            if error.code != "no_queue":
                raise
            return QueuePolicy()


def _pool_now(distributor: Distributor, name: str) -> PoolPolicy:
    with looking(distributor) as view:
        pool = view.book.pool(name)
        return PoolPolicy() if pool is None else pool.policy


def _merged(policy: Policy, changes: Mapping[str, Any]) -> Policy:
    """The policy with these values; a table in it is changed field by field."""
    values: dict[str, Any] = msgspec.to_builtins(policy)
    for name, value in changes.items():
        if name not in values:
            near = get_close_matches(name, values, 1)
            told = f"did you mean {near[0]!r}? There" if near else "there"
            raise invalid(f"set.{name}", f"there is no such field; {told} are: {', '.join(values)}")
        inner, new = values[name], _in_seconds(name, value)
        values[name] = {**inner, **new} if isinstance(inner, dict) and isinstance(new, Mapping) else new
    try:
        return msgspec.convert(values, decodable(type(policy)))
    except msgspec.ValidationError as error:
        found = misfit(error, type(policy), "set")
        raise invalid(f"set.{found.field}", found.message) from None


def _in_seconds(name: str, value: Any) -> Any:
    """The value with its spans as numbers, as a policy keeps them; here they may be text such as '30s'."""
    if isinstance(value, Mapping):
        return {key: _in_seconds(f"{name}.{key}", inner) for key, inner in value.items()}
    is_span = name in _SPANS or name.startswith("target_wait.")
    return seconds(value, f"set.{name}") if is_span and isinstance(value, str) else value


def _told(done: Ok, what: str, policy: msgspec.Struct) -> PolicyNow:
    return PolicyNow(what=what, changed=done.changed, policy=msgspec.to_builtins(policy))


TOOL = Tool(
    name="set_policy",
    group="dispatcher",
    title="Set a policy",
    description="Change how a queue (retries, TTL, depth, approval, ordering), a pool (strategy, preemption) or a "
    "tenant (weight) is dealt with, or set a limit. Try it with simulate first.",
    takes=SetPolicy,
    gives=PolicyNow,
    scope="admin",
    hints=Hints(idempotent=True, destroys=True),
    run=run,
    example={"queue": "training", "set": {"max_attempts": 3, "approval": True}},
    renamed=(("policy.", "set."),),
)
