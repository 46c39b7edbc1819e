"""Who gets nothing for now, by the engine's own filters and limits: out after failures, off hours, slots kept for
others, no more slots found out yet, a limit that is used up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from rota.engine.agents_now import look_now
from rota.engine.agents_seen import agent_seen
from rota.engine.auto_slots import cap, slots_now
from rota.engine.book import Book
from rota.engine.limit_standing import LimitStanding, standings_of
from rota.engine.limits import Limit
from rota.operations.limits import capped
from rota.planning.for_now import Asked, standings
from rota.planning.hours import next_change
from rota.planning.refusal import Refusal
from rota.planning.snapshot import Agent
from rota.simulator.drive import Drive
from rota.store.protocol import Reader

_NO_EXCUSE = frozenset({"busy", "unhealthy"})
"""The simulation knows which slots are free, and its agents live."""
_BY_RESERVE = frozenset({"reserved", "dedicated"})
EVERYBODY = -1
"""As a set of agents, a bit each: all of them."""


class Barred(NamedTuple):
    """By lane: agents that get none of its tasks for now, a bit each; and when that may be over."""

    agents: dict[int, int]
    until: int | None
    """At most until then, microseconds; None = no clock ends it."""
    shared: bool
    """What other agents end may be over for these too: a limit has room again, something was learnt."""


class Hands(NamedTuple):
    """What an agent of the fleet had at a moment: the lanes of its tasks."""

    agent: int
    lanes: Sequence[int]


class Bars:
    """Asks the engine. `numbers` are agents' numbers in the engine, and their places in the fleet."""

    def __init__(self, drive: Drive, numbers: dict[int, int]) -> None:
        self._drive = drive
        self._numbers = numbers

    def of(self, lanes: Iterable[int], before: Hands | None = None) -> Barred:
        """Who is barred from these lanes. `before`: as this agent was when it had no more than that."""
        found: Barred = self._drive.reading(lambda reader: self._asked(reader, list(lanes), before))
        return found

    def _asked(self, reader: Reader, lanes: list[int], before: Hands | None) -> Barred:
        book = self._drive.book
        used_up = _used_up(reader, book, lanes, self._drive.now)
        barred = dict.fromkeys(used_up, EVERYBODY)
        untils = [one.opens for one in used_up.values()]
        shared = bool(used_up)
        pools: dict[int, list[int]] = {}
        for lane in lanes:
            if lane not in used_up:
                pools.setdefault(book.lane_key(reader, lane).pool, []).append(lane)
        for pool, own in pools.items():
            asked = {lane: _asked_of(reader, book, lane) for lane in own}
            agents = living(reader, book, pool, self._drive.now, asked.values(), self._before(before))
            known: dict[Asked, int] = {}
            for lane, what in asked.items():
                if what not in known:
                    refused = self._refused(agents, what)
                    known[what] = sum(1 << self._numbers[number] for number in refused)
                    untils += [self._until(reader, number, no) for number, no in refused.items()]
                    shared = shared or any(no.code == "cost" for no in refused.values())
                barred[lane] = known[what]
        ahead = (until for until in untils if until is not None and until > self._drive.now)
        return Barred(barred, min(ahead, default=None), shared)

    def _before(self, before: Hands | None) -> tuple[int, Sequence[int]] | None:
        if before is None:
            return None
        return next(number for number, at in self._numbers.items() if at == before.agent), before.lanes

    def _refused(self, agents: Sequence[Agent], asked: Asked) -> dict[int, Refusal]:
        return {
            number: no
            for number, no in standings(agents, asked).items()
            if no is not None and no.code not in _NO_EXCUSE and number in self._numbers
        }

    def _until(self, reader: Reader, number: int, no: Refusal) -> int | None:
        """When the clock alone may end the refusal."""
        book, now = self._drive.book, self._drive.now
        spec = book.agents[number].spec
        if no.code in _BY_RESERVE:
            edges = [next_change(one.hours, spec.time_zone, now) for one in spec.reserve if one.hours]
            return min((at for at in edges if at is not None), default=None)
        if no.code == "limit":
            found = standings_of(reader, book.limits.of_agent(spec.name), now)
            return min((one.opens for one in found.values() if one.opens is not None), default=None)
        return no.until


def living(
    reader: Reader,
    book: Book,
    pool: int,
    now: int,
    asked: Collection[Asked],
    before: tuple[int, Sequence[int]] | None = None,
) -> list[Agent]:
    """The agents of a pool as a plan sees them that all of them listen to. `before`: one of them, with the lanes of
    what it had a moment ago.
    """
    known = book.agents_of(pool)
    look = look_now(reader, book, pool, now, [one.needs for one in asked])
    look = look._replace(listening=dict.fromkeys(agent.id for agent in known))
    if before is not None:
        number, lanes = before
        used = dict.fromkeys(range(len(lanes)), now)
        look = look._replace(used={**look.used, number: used}, lanes={**look.lanes, number: lanes})
    found = [agent_seen(look, agent) for agent in known]
    if book.limits:
        capped(reader, book, found, now)
    if book.finds_slots:
        slots = slots_now(reader, list(known))
        for agent in found:
            cap(agent, slots)
    return found


def _used_up(reader: Reader, book: Book, lanes: Iterable[int], now: int) -> dict[int, LimitStanding]:
    """By lane: the limit that lets none of its tasks start, where one does."""
    if not book.limits:
        return {}
    charged = {lane: book.charged(reader, lane) for lane in lanes}
    every: dict[str, Limit] = {}
    for own in charged.values():
        every.update(own)
    found = {name: one for name, one in standings_of(reader, every, now).items() if not one.gauge.room}
    shut = {lane: min(found.keys() & own.keys(), default=None) for lane, own in charged.items()}
    return {lane: found[name] for lane, name in shut.items() if name is not None}


def _asked_of(reader: Reader, book: Book, lane: int) -> Asked:
    key = book.lane_key(reader, lane)
    return Asked(book.needs_of(reader, key.shape), key.band, key.tenant)
