"""Agents coming, going and changing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from rota.engine.book import ACTIVE, DRAINING, REMOVED, Agent
from rota.engine.context import Context
from rota.engine.learn import NEW, catch_up
from rota.engine.limit_use import release
from rota.engine.outcome import take_back
from rota.engine.place import Groups, tell
from rota.model import bounds, check
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Drain, Ok, Register, Registered, RemoveAgent, ResumeAgent, SetHealth
from rota.model.commands.work import Claimed
from rota.model.errors import RotaError, invalid
from rota.model.ids import task_id
from rota.model.times import SECOND
from rota.planning.hours import window_of, zone_of
from rota.planning.reserve import too_many
from rota.store.sql import fleet
from rota.store.sql.leases import DROP_LISTENERS, END_LEASES, LEASES_OF_AGENT, LISTENERS, LeaseRow

QUIET_S = 30.0
"""An instance not heard from for this long may be taken over without `replace`, seconds."""


def register(context: Context, command: Register) -> Registered:
    """Make an agent known, or change it."""
    spec = command.agent
    _check(spec)
    instance = check.maybe_key(command.instance, "instance")
    pool = context.book.pool(spec.pool)
    if pool is None:
        raise invalid("agent.pool", f"there is no pool named {spec.pool!r}; create it first")
    known = context.book.agent_named(spec.name)
    given_back: list[str] = []
    if known is not None and known.state != REMOVED and known.instance is not None and known.instance != instance:
        given_back = _take_over(context, known, command)
    if known is not None and known.pool != pool.id and _leases(context, known):
        raise RotaError("not_empty", f"agent {spec.name!r} holds tasks of its old pool", field="agent.pool")
    text = msgspec.json.encode(spec).decode()
    node = context.node if command.local else None
    transaction = context.transaction
    number = transaction.one(fleet.SET_AGENT, spec.name, pool.id, text, instance, node, context.now)[0][0]
    transaction.add(fleet.ADD_HEARTBEAT, [(number, context.now)])
    transaction.add(fleet.ADD_SERVED, [(number, *NEW)])
    context.book.changed(transaction)
    if known is None or known.state == REMOVED:
        catch_up(context, number)
    context.seen[number] = context.now
    context.changes.pools.add(pool.id)
    context.changes.say("register", None, agent=number, spec=msgspec.to_builtins(spec), fleet=context.book.version)
    return Registered(name=spec.name, given_back=given_back)


def _take_over(context: Context, known: Agent, command: Register) -> list[str]:
    heard = context.transaction.one(fleet.HEARTBEAT_OF, known.id)
    quiet = not heard or context.now - heard[0][0] > QUIET_S * SECOND
    if not command.replace and not quiet:
        raise RotaError(
            "name_taken",
            f"another process calls itself {known.name!r} and was heard from within {QUIET_S:g} s",
            field="agent.name",
        )
    _stop_listening(context, known)
    return take_back_all(context, _leases(context, known), "replaced")


def _stop_listening(context: Context, known: Agent) -> None:
    """The earlier process gets nothing more: its waiting claims end. A roster that names the agent goes on."""
    for number, _node, agents_text, _n in context.transaction.one(LISTENERS):
        if msgspec.json.decode(agents_text, type=list[int]) != [known.id] or number in context.answered:
            continue
        context.transaction.each(DROP_LISTENERS, [(number,)])
        if number in context.listening:
            context.answered[number] = Claimed()


def take_back_all(context: Context, leases: Sequence[LeaseRow], why: str) -> list[str]:
    """End these leases through no fault of their tasks: back to their old place, no attempt counted."""
    rows = context.lock([lease.task for lease in leases])
    taken = context.transaction.each(END_LEASES, sorted((lease.task, lease.token) for lease in leases))
    release(context, [LeaseRow(*row) for row in taken])
    groups: Groups = {}
    given_back = []
    for row in sorted(taken):
        lease = LeaseRow(*row)
        take_back(context, rows[lease.task], lease, groups, why)
        context.changes.pools.add(context.queue_of(rows[lease.task]).pool)
        given_back.append(task_id(lease.task))
    tell(context, why, groups)
    return given_back


def set_spec(context: Context, spec: AgentSpec) -> Ok:
    """Change what a known agent is, whoever speaks for it now."""
    _check(spec)
    known = context.book.agent(spec.name)
    pool = context.book.pool(spec.pool)
    if pool is None:
        raise invalid("pool", f"there is no pool named {spec.pool!r}; create it first")
    if known.spec == spec:
        return Ok(changed=False)
    if known.pool != pool.id and _leases(context, known):
        raise RotaError("not_empty", f"agent {spec.name!r} holds tasks of its old pool", field="pool")
    text = msgspec.json.encode(spec).decode()
    values = (spec.name, pool.id, text, known.instance, known.node, known.registered)
    context.transaction.one(fleet.SET_AGENT, *values)
    context.transaction.one(fleet.SET_AGENT_HEALTH, known.unwell, known.id)
    context.book.changed(context.transaction)
    context.changes.pools.add(pool.id)
    data = msgspec.to_builtins(spec)
    context.changes.say("register", None, agent=known.id, spec=data, fleet=context.book.version)
    return Ok()


def drain(context: Context, command: Drain) -> Ok:
    """Give the agent nothing new."""
    agent = context.book.agent(command.agent)
    reason = check.text(command.reason, "reason", bounds.REASON) or None
    return _set_state(context, agent, DRAINING, reason)


def resume(context: Context, command: ResumeAgent) -> Ok:
    """End a drain."""
    agent = context.book.agent(command.agent)
    context.changes.pools.add(agent.pool)
    if agent.state == DRAINING:
        catch_up(context, agent.id)
    return _set_state(context, agent, ACTIVE, None)


def set_health(context: Context, command: SetHealth) -> Ok:
    """Note what an agent's health command said."""
    agent = context.book.agent(command.agent)
    if command.instance is not None and agent.instance is not None and command.instance != agent.instance:
        raise RotaError("name_taken", f"agent {agent.name!r} is now another process", field="instance")
    if type(command.healthy) is not bool:
        raise invalid("healthy", f"must be true or false, not {type(command.healthy).__name__}")
    reason = check.text(command.reason, "reason", bounds.REASON)
    unwell = None if command.healthy else reason or "it says so"
    if agent.unwell == unwell:
        return Ok(changed=False)
    context.transaction.one(fleet.SET_AGENT_HEALTH, unwell, agent.id)
    context.book.changed(context.transaction)
    context.changes.pools.add(agent.pool)
    context.changes.say("health", agent=agent.id, reason=unwell, fleet=context.book.version)
    return Ok()


def remove(context: Context, command: RemoveAgent) -> Ok:
    """Forget the agent; its tasks go back."""
    agent = context.book.agent(command.agent)
    take_back_all(context, _leases(context, agent), "agent_removed")
    return _set_state(context, agent, REMOVED, None)


def _set_state(context: Context, agent: Agent, state: int, reason: str | None) -> Ok:
    if agent.state == state:
        return Ok(changed=False)
    context.transaction.one(fleet.SET_AGENT_STATE, state, reason, agent.id)
    context.book.changed(context.transaction)
    context.changes.say(
        ("resume_agent", "drain", "remove_agent")[state],
        None,
        agent=agent.id,
        reason=reason,
        fleet=context.book.version,
    )
    return Ok()


def _leases(context: Context, agent: Agent) -> list[LeaseRow]:
    return [LeaseRow(*row) for row in context.transaction.one(LEASES_OF_AGENT, agent.id)]


def _check(spec: AgentSpec) -> None:
    check.name(spec.name, "agent.name")
    check.name(spec.pool, "agent.pool")
    check.number(spec.slots, "agent.slots", 1, bounds.SLOTS)
    if spec.least_slots is not None:
        check.number(spec.least_slots, "agent.least_slots", 1, spec.slots)
    check.skills(spec.skills, "agent.skills", least=0)
    check.maybe_name(spec.role, "agent.role")
    check.maybe_name(spec.region, "agent.region")
    check.maybe_name(spec.limit, "agent.limit")
    if spec.weight is not None and not 0 < spec.weight < 1e9:
        raise invalid("agent.weight", f"{spec.weight} is not a positive number")
    check.resources(spec.resources, "agent.resources")
    _check_hours(spec.hours, "agent.hours")
    _maybe_wrong("agent.time_zone", zone_of, spec.time_zone)
    for at, one in enumerate(spec.reserve):
        field = f"agent.reserve[{at}]"
        check.number(one.slots, f"{field}.slots", 1, spec.slots)
        check.maybe_name(one.tenant, f"{field}.tenant")
        _check_hours(one.hours, f"{field}.hours")
        if one.tenant is None and one.priority in (None, "low"):
            raise invalid(field, "keeps slots for every task; name a priority above low, or a tenant")
    clash = too_many(spec.reserve, spec.slots)
    if clash is not None:
        told = " and ".join(f"{spec.reserve[at].slots} for {spec.reserve[at].tenant!r}" for at in clash)
        message = f"{told} at the same time are more than its {spec.slots} slots; reserve fewer"
        raise invalid(f"agent.reserve[{clash[-1]}].slots", message)
    if spec.cost is not None:
        for key in spec.cost.__struct_fields__:
            check.amount(getattr(spec.cost, key), f"agent.cost.{key}")


def _check_hours(hours: Sequence[str], field: str) -> None:
    if len(hours) > bounds.SKILLS:
        raise RotaError("too_large", f"has {len(hours)} entries; the most is {bounds.SKILLS}", field=field)
    for at, text in enumerate(hours):
        _maybe_wrong(f"{field}[{at}]", window_of, text)


def _maybe_wrong(field: str, read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except ValueError as error:
        raise invalid(field, str(error)) from None
