"""Preemption: which running task gives its slot to a clearly better one that found none.

Only where no agent that may do the better task has a slot free and asks for work, or will in a moment; of the running
tasks that may give way the one that loses least work does (as in Borg and most cluster schedulers: least attained time
first).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from rota.model.priority import BANDS
from rota.model.queue import Preemption
from rota.model.requirements import Requirements
from rota.planning.for_now import Asked, refusal_now, standings
from rota.planning.price import has_price
from rota.planning.reserve import entitled
from rota.planning.snapshot import Agent, KindRoom


class Running(NamedTuple):
    """A task in an agent's hands."""

    task: int
    agent: int
    band: int
    """Its band now, with what it was promoted or lent since."""
    given: Asked
    """As what it was given."""
    since: int
    """When, microseconds."""
    preempted: int = 0
    """How often it gave way before."""
    settled: bool = False
    """It is not to be touched: not delivered yet, or asked to stop already."""


class Wanting(NamedTuple):
    """A task that waited long enough, and what it asks."""

    task: int
    asked: Asked


class Preempt(NamedTuple):
    """A decision: this task is to have the slot that the victim has at this agent."""

    task: int
    agent: int
    victim: int


def preempt(
    agents: Sequence[Agent],
    asking: Collection[int],
    running: Sequence[Running],
    wanting: Sequence[Wanting],
    policy: Preemption,
    now: int,
) -> list[Preempt]:
    """The decisions for tasks in the order of work. Nothing that is passed in is changed.

    `asking` are those agents that ask for work or will in a moment: where one of them has a free slot nobody gives way.
    """
    fleet = {agent.id: msgspec.structs.replace(agent) for agent in agents}
    left = [one for one in running if _may_give_way(one, fleet, policy)]
    decided: list[Preempt] = []
    for task, asked in wanting:
        if asked.band > BANDS[policy.band]:
            continue
        free = _free([agent for agent in fleet.values() if agent.id in asking], asked)
        if free is not None:
            free.running += 1  # it is going to ask for work: one better task less needs somebody else's slot
            continue
        victim = _least_lost(left, fleet, asked, now)
        if victim is None:
            continue
        left.remove(victim)
        decided.append(Preempt(task, victim.agent, victim.task))
    return decided


def _may_give_way(one: Running, fleet: Mapping[int, Agent], policy: Preemption) -> bool:
    agent = fleet.get(one.agent)
    if agent is None or one.settled or one.preempted >= policy.at_most or one.band < BANDS[policy.over]:
        return False
    return policy.priced or not has_price(agent.profile.cost)


def _free(agents: Sequence[Agent], asked: Asked) -> Agent | None:
    """One of these agents that may be given such a task now."""
    found = standings(agents, asked)
    return next((agent for agent in agents if found[agent.id] is None), None)


def _least_lost(left: Sequence[Running], fleet: Mapping[int, Agent], asked: Asked, now: int) -> Running | None:
    worse = [one for one in left if asked.band < one.band]
    fitting = [one for one in worse if refusal_now(_without(fleet[one.agent], one), asked) is None]
    return min(fitting, key=lambda one: (now - one.since, -one.task), default=None)


def _without(agent: Agent, one: Running) -> Agent:
    """The agent as it will be without this task."""
    needs = one.given.needs
    return msgspec.structs.replace(
        agent,
        running=agent.running - 1,
        used=_given_back(agent.used, needs),
        reserved=tuple(
            kept._replace(running=kept.running - 1) if entitled(kept, one.given.band, one.given.tenant) else kept
            for kept in agent.reserved
        ),
        kind_room={
            kind: KindRoom(room.room + (kind == needs.kind), room.until) for kind, room in agent.kind_room.items()
        },
    )


def _given_back(used: Mapping[str, float], needs: Requirements) -> dict[str, float]:
    return {**used, **{name: used.get(name, 0.0) - amount for name, amount in needs.resources}}
