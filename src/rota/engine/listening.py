"""Who listens in a pool: claims that wait here or at another node."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from rota.engine.book import Pool
from rota.engine.context import Context, Waiting
from rota.model.commands.work import Claimed
from rota.store.sql.leases import DROP_LISTENERS, LEASES_OF_LISTENER, LISTENERS


class Listening(NamedTuple):
    """A listener as the plan and the giving see it. `own` is set when this node answers it."""

    id: int
    node: int
    agents: tuple[int, ...]
    n: int
    own: Waiting | None


def listeners_of(context: Context, pool: Pool) -> list[Listening]:
    """Everybody who waits in this pool, the longest waiting first: rows of earlier turns, then this turn's claims."""
    agents = context.book.agents
    found: list[Listening] = []
    for listener in _waiting(context):
        if any(agent in agents and agents[agent].pool == pool.id for agent in listener.agents):
            found.append(listener)
    for claim in context.claims:
        if claim.chosen is None and agents[claim.agents[0]].pool == pool.id:
            found.append(Listening(claim.id, context.node, claim.agents, claim.claim.n, claim))
    return found


def _waiting(context: Context) -> list[Listening]:
    """Those of earlier turns that nothing was found for yet."""
    if context.owned is not None:
        # Nobody listens but here, and numbers grow with time.
        return [
            Listening(number, context.node, own.agents, own.claim.n, own)
            for number, own in context.listening.items()
            if number not in context.answered and own.chosen is None
        ]
    found = []
    for number, node, agents_text, n in context.transaction.one(LISTENERS):
        known = context.listening.get(number)
        if number in context.answered or (known is None and node == context.node):
            continue
        ids = known.agents if known is not None else tuple(msgspec.json.decode(agents_text, type=list[int]))
        found.append(Listening(number, node, ids, n, known))
    return found


class Withdraw(NamedTuple):
    """Listeners of this node whose time is over, or whose caller has gone."""

    listeners: tuple[int, ...]


def withdraw(context: Context, command: Withdraw) -> None:
    """End these listeners with an empty answer; one that another node gave something to meanwhile gets that."""
    context.transaction.each(DROP_LISTENERS, [(number,) for number in sorted(command.listeners)])
    for number in command.listeners:
        if number not in context.answered and not context.transaction.one(LEASES_OF_LISTENER, context.node, number):
            context.answered[number] = Claimed()
