"""All agents of a pool as a plan would see them at this moment, read without planning anything."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rota.engine.agents_seen import Look, agent_seen, expectations, lanes_in_hands
from rota.engine.book import Book
from rota.engine.estimates import Estimates
from rota.engine.kept_slots import kept_by_agent
from rota.engine.owned import Served
from rota.engine.trouble_rows import troubles_of
from rota.model.requirements import Requirements
from rota.planning.snapshot import Agent
from rota.store.protocol import Reader
from rota.store.sql.fleet import ALL_SERVED, HEARTBEATS
from rota.store.sql.leases import LISTENERS, SLOTS_OF_AGENTS
from rota.store.sql.waiting import PARKED_LIMITS


def agents_now(reader: Reader, book: Book, pool: int, now: int, asked: Iterable[Requirements]) -> list[Agent]:
    """The agents in order of number, ready to be asked for tasks with these requirements."""
    look = look_now(reader, book, pool, now, asked)
    return [agent_seen(look, agent) for agent in book.agents_of(pool)]


def look_now(reader: Reader, book: Book, pool: int, now: int, asked: Iterable[Requirements]) -> Look:
    """What is known of them, for those who know more: who lives, or what an agent had a moment ago."""
    known = book.agents_of(pool)
    used: dict[int, dict[int, int]] = {}
    for agent, slot, since in reader.each(SLOTS_OF_AGENTS, [(agent.id,) for agent in known]):
        used.setdefault(agent, {})[slot] = since
    listening = dict.fromkeys(
        agent for _id, _node, ids, _n in reader.one(LISTENERS) for agent in msgspec.json.decode(ids, type=list[int])
    )
    policy = book.pools[pool].policy
    troubles = troubles_of(reader)
    return Look(
        reader,
        book,
        now,
        heard=dict(reader.one(HEARTBEATS)),
        listening=listening,
        used=used,
        served=_served(reader),
        troubles=troubles,
        expected=expectations(Estimates(reader), known, asked, policy.strategy, policy.terms),
        lanes=lanes_in_hands(reader, known, troubles),
        kept=kept_by_agent(reader, now) if policy.preempt is not None else {},
        parked=dict(reader.one(PARKED_LIMITS, now)),
    )


def _served(reader: Reader) -> dict[int, Served]:
    return {agent: (*row,) for agent, *row in reader.one(ALL_SERVED)}
