"""Showing agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from rota.engine.agents_seen import Look, barred
from rota.engine.auto_slots import slots_now
from rota.engine.book import REMOVED, Agent, Book
from rota.engine.health import healthy
from rota.engine.trouble_rows import troubles_of
from rota.model import bounds, check
from rota.model.agent import AgentState, AgentView
from rota.model.commands.read import AgentPage, GetAgent, ListAgents
from rota.model.ids import task_id
from rota.model.times import maybe_rfc3339
from rota.planning.refusal import Refusal
from rota.store.protocol import Reader, Row
from rota.store.sql.fleet import ALL_SERVED, HEARTBEAT_OF, HEARTBEATS, SERVED
from rota.store.sql.leases import LEASES_OF_AGENT, LISTENERS
from rota.store.sql.waiting import PARKED_LIMITS

_STATES: tuple[AgentState, ...] = ("active", "draining", "removed")


def get(reader: Reader, book: Book, request: GetAgent, now: int) -> AgentView:
    """One agent with the tasks in its hands."""
    agent = book.agent(request.agent)
    found = reader.one(HEARTBEAT_OF, agent.id)
    heard = {agent.id: found[0][0]} if found else {}
    return _views(reader, book, [agent], now, heard, reader.each(SERVED, [(agent.id,)]))[0]


def listed(reader: Reader, book: Book, request: ListAgents, now: int) -> AgentPage:
    """A page of agents by name."""
    check.number(request.limit, "limit", 1, bounds.PAGE)
    pool = None if request.pool is None else book.pool(request.pool)
    agents = sorted(
        (
            agent
            for agent in book.agents.values()
            if agent.state != REMOVED
            and (request.pool is None or (pool is not None and agent.pool == pool.id))
            and (request.cursor is None or agent.name > request.cursor)
        ),
        key=lambda agent: agent.name,
    )
    page = agents[: request.limit]
    cursor = page[-1].name if len(agents) > len(page) else None
    heard = dict(reader.one(HEARTBEATS))
    return AgentPage(agents=_views(reader, book, page, now, heard, reader.one(ALL_SERVED)), cursor=cursor)


def said(refusal: Refusal | None) -> str | None:
    """A refusal as text: its code, then the sentence."""
    return None if refusal is None else f"{refusal.code}: {refusal.text}"


def _views(
    reader: Reader, book: Book, agents: list[Agent], now: int, heard: Mapping[int, int], served_rows: Sequence[Row]
) -> list[AgentView]:
    """The agents. When they were heard and what they did is of these and may be of more."""
    served = {row[0]: row for row in served_rows}
    listening: dict[int, int] = {}
    for _id, _node, ids, n in reader.one(LISTENERS):
        for number in msgspec.json.decode(ids, type=list[int]):
            listening[number] = listening.get(number, 0) + n
    now_in_use = slots_now(reader, agents)
    look = Look(
        reader, book, now, heard=heard, listening=listening, used={}, troubles=troubles_of(reader),
        parked=dict(reader.one(PARKED_LIMITS, now)),
    )  # fmt: skip
    views = []
    for agent in agents:
        leases = reader.one(LEASES_OF_AGENT, agent.id)
        numbers = served.get(agent.id, (0, 0, 0.0, 0, 0.0, 0, 0))
        spec = agent.spec
        views.append(
            AgentView(
                name=agent.name,
                state=_STATES[agent.state],
                healthy=agent.unwell is None and (agent.id in listening or healthy(heard.get(agent.id), now)),
                slots=spec.slots,
                running=len(leases),
                slots_now=now_in_use.get(agent.id),
                listening=min(listening.get(agent.id, 0), spec.slots - len(leases)),
                pool=spec.pool,
                role=spec.role,
                skills=spec.skills,
                region=spec.region,
                cost=spec.cost,
                weight=spec.weight,
                resources=spec.resources,
                hours=spec.hours,
                time_zone=spec.time_zone,
                reserve=spec.reserve,
                instance=agent.instance,
                last_seen=maybe_rfc3339(heard.get(agent.id)),
                tasks=[task_id(row[0]) for row in leases],
                done=numbers[5],
                failed=numbers[6],
                reason=agent.reason or agent.unwell,
                barred=said(barred(look, agent)),
            )
        )
    return views
