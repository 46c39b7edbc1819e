"""Who gets nothing for now, by the engine's own filters: out after failures, off hours, or slots kept for others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rota.engine.agents_seen import Look, agent_seen, expectations, lanes_in_hands
from rota.engine.book import Book
from rota.engine.estimates import Estimates
from rota.engine.trouble_rows import troubles_of
from rota.planning.for_now import Asked, standings
from rota.planning.snapshot import Agent
from rota.simulator.drive import Drive
from rota.store.protocol import Reader
from rota.store.sql.leases import SLOTS_OF_AGENTS

_NO_EXCUSE = frozenset({"busy", "unhealthy"})
"""The simulation knows which slots are free, and its agents live."""
EVERYBODY = -1
"""As a set of agents, a bit each: all of them."""


class Barred(NamedTuple):
    """By lane: agents that get none of its tasks for now, a bit each; and until when at most, microseconds."""

    agents: dict[int, int]
    until: int | None


class Bars:
    """Asks the engine. `numbers` are agents' numbers in the engine, and their places in the fleet."""

    def __init__(self, drive: Drive, numbers: dict[int, int]) -> None:
        self._drive = drive
        self._numbers = numbers

    def of(self, lanes: Iterable[int], given: int | None = None) -> Barred:
        """Who is barred from these lanes. `given`: this agent was given something just now; as it was before that."""
        found: Barred = self._drive.reading(lambda reader: self._asked(reader, list(lanes), given))
        return found

    def _asked(self, reader: Reader, lanes: list[int], given: int | None) -> Barred:
        book, now = self._drive.book, self._drive.now
        if book.limits:
            # What is used up may bar any task from any agent, and only the plan counts it.
            return Barred(dict.fromkeys(lanes, EVERYBODY), now + 1)
        barred: dict[int, int] = {}
        until: int | None = None
        for lane in lanes:
            key = book.lane_key(reader, lane)
            asked = Asked(book.needs_of(reader, key.shape), key.band, key.tenant)
            mask = 0
            for number, no in standings(self._agents(reader, book, key.pool, asked, given), asked).items():
                if no is None or no.code in _NO_EXCUSE or number not in self._numbers:
                    continue
                mask |= 1 << self._numbers[number]
                if no.until is not None and no.until > now:
                    until = no.until if until is None else min(until, no.until)
            barred[lane] = mask
        return Barred(barred, until)

    def _agents(self, reader: Reader, book: Book, pool: int, asked: Asked, given: int | None) -> list[Agent]:
        known = book.agents_of(pool)
        used: dict[int, dict[int, int]] = {}
        for agent, slot, since in reader.each(SLOTS_OF_AGENTS, [(agent.id,) for agent in known]):
            used.setdefault(agent, {})[slot] = since
        policy, troubles = book.pools[pool].policy, troubles_of(reader)
        look = Look(
            reader,
            book,
            self._drive.now,
            heard={},
            listening=dict.fromkeys(agent.id for agent in known),
            used=used,
            troubles=troubles,
            expected=expectations(Estimates(reader), known, [asked.needs], policy.strategy, policy.terms),
            lanes=lanes_in_hands(reader, known, troubles),
        )
        found = [agent_seen(look, agent) for agent in known]
        for agent in found:
            if given is not None and self._numbers.get(agent.id) == given:
                agent.running -= 1
        return found
