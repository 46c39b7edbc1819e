"""Claims: agents that ask for tasks, and the listeners they become when there is nothing for them yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rota.engine.book import DRAINING, Agent
from rota.engine.brief import brief
from rota.engine.chosen import chosen_by, in_hands
from rota.engine.context import Context, Waiting
from rota.engine.health import healthy
from rota.engine.learn import catch_up, take_turns
from rota.engine.troubles import known_troubles
from rota.model import bounds, check
from rota.model.commands.work import Claim, Claimed
from rota.model.errors import RotaError, invalid
from rota.model.times import SECOND
from rota.planning.hours import is_open
from rota.store.sql.fleet import HEARTBEAT_OF
from rota.store.sql.leases import ADD_LISTENER, DROP_LISTENERS, LEASES_OF_REQUEST, LeaseRow

CONTENDED_S = 0.25
"""How long a claim that does not wait listens all the same when another node was planning its pool, seconds."""


def claim(context: Context, command: Claim, number: int) -> Claimed | Waiting:
    """Let the claim listen under this number, or answer what the same request was answered before."""
    if (command.agent is None) == (not command.agents):
        raise invalid("agent", "name one agent, or a roster in 'agents'")
    if len(command.agents) > bounds.CLAIM:
        raise RotaError(
            "too_large", f"has {len(command.agents):,} agents; the most is {bounds.CLAIM:,}", field="agents"
        )
    check.number(command.n, "n", 1, bounds.CLAIM)
    if not 0 <= command.wait <= bounds.WAIT_S:
        raise invalid("wait", f"{command.wait} is not between 0 and {bounds.WAIT_S:g} seconds")
    check.maybe_key(command.request, "request")
    check.maybe_key(command.instance, "instance")
    agents = context.book.agents_named(command.agents if command.agent is None else [command.agent])
    if command.instance is not None:
        for agent in agents:
            if agent.instance is not None and command.instance != agent.instance:
                raise RotaError("name_taken", f"agent {agent.name!r} is now another process", field="instance")
    numbers = tuple([agent.id for agent in agents])
    pools = {agent.pool for agent in agents}
    in_turn = {pool for pool in pools if take_turns(context.book.pools[pool])}
    for agent in agents if in_turn else ():
        if agent.pool in in_turn and _was_away(context, agent):
            catch_up(context, agent.id)
    context.seen.update(dict.fromkeys(numbers, context.now))
    if len(pools) > 1:
        raise invalid("agents", "belong to different pools; claim for each pool by itself")
    if command.request is not None:
        again = _again(context, numbers, command.request)
        if again:
            return Claimed(tasks=brief(context, again))
        _supersede(context, command)
    chosen = chosen_by(context, command)
    if chosen is not None and command.agent is not None:
        held = in_hands(context, [agent.id for agent in agents], chosen)
        if held:
            return Claimed(tasks=brief(context, held[: command.n]))
    wait = command.wait
    if all(agent.state == DRAINING for agent in agents):
        wait = 0.0
    waiting = Waiting(number, command, numbers, context.now + round(wait * SECOND), chosen)
    context.claims.append(waiting)
    context.changes.pools.add(agents[0].pool)
    return waiting


def _was_away(context: Context, agent: Agent) -> bool:
    """Whether it did not ask for tasks lately, or asks but would be given none: then it did not miss its turns."""
    if agent.unwell is not None or (
        agent.spec.hours and not is_open(agent.spec.hours, agent.spec.time_zone, context.now)
    ):
        return True
    streak = known_troubles(context).streaks.get(agent.id)
    if streak is not None and context.now < streak.until:
        return True
    heard = context.transaction.one(HEARTBEAT_OF, agent.id)
    return not heard or not healthy(heard[0][0], context.now)


def _supersede(context: Context, command: Claim) -> None:
    """The same request came again while it still listens, so its first caller is gone: the newcomer takes its place."""
    for waiting in (*context.listening.values(), *context.claims):
        same = waiting.claim.request == command.request and waiting.claim.agent == command.agent
        if same and waiting.claim.agents == command.agents and waiting.id not in context.answered:
            context.transaction.each(DROP_LISTENERS, [(waiting.id,)])
            context.answered[waiting.id] = Claimed()
    context.claims[:] = [waiting for waiting in context.claims if waiting.id not in context.answered]


def keep_listening(context: Context) -> None:
    """Write down the claims of this turn that got nothing and may wait; the others are answered: nothing."""
    for waiting in context.claims:
        if waiting.id in context.answered:
            continue
        if context.book.agents[waiting.agents[0]].pool in context.contended:
            # Nobody looked for it yet: another node was planning the pool.
            waiting.until = max(waiting.until, context.now + round(CONTENDED_S * SECOND))
        if waiting.until <= context.now:
            context.answered[waiting.id] = Claimed()
        else:
            context.kept.append(waiting)
    if context.kept:
        add_listeners(context, context.kept)


def add_listeners(context: Context, waiting: Iterable[Waiting]) -> None:
    """Write down who listens here. Claims for chosen tasks are only this node's own: no other could answer them."""
    rows = [
        (kept.id, context.node, msgspec.json.encode(kept.agents).decode(), kept.claim.n, kept.until)
        for kept in waiting
        if kept.chosen is None
    ]
    context.transaction.add(ADD_LISTENER, rows)


def _again(context: Context, agents: Sequence[int], request: str) -> list[LeaseRow]:
    found = [row for agent in agents for row in context.transaction.one(LEASES_OF_REQUEST, agent, request)]
    return [LeaseRow(*row) for row in found]
