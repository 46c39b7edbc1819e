"""Tasks that can never be done: why, by shape. Asked of the engine for one task of each lane and each line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import msgspec

from rota.engine.limit_standing import LimitStanding, standings_of
from rota.engine.touches import is_place
from rota.model import state
from rota.model.requirements import Requirements, needs_of, text_of
from rota.operations.lanes import barred
from rota.planning.for_now import Asked, standings
from rota.planning.hours import next_change
from rota.planning.limit import PARTS
from rota.planning.refusal import Refusal
from rota.planning.snapshot import Agent
from rota.simulator.bars import living
from rota.simulator.drive import Drive
from rota.simulator.live import Live
from rota.simulator.patience import DAY_S
from rota.simulator.result import Stuck
from rota.store.protocol import Reader
from rota.store.sql import limits as sql
from rota.store.sql.limits import MeterRow

_WHY = {
    state.BLOCKED: "it waits for a task that is never done",
    state.HELD: "it is held, and in a simulation nobody unholds it",
    state.REVIEW: "its result waits for approval, and in a simulation nobody approves",
    state.ASKED: "it waits for an answer, and in a simulation nobody answers",
    state.SCHEDULED: "its time never came",
    state.RUNNING: "its agent never came to an end",
}
_WEEK = round(7 * DAY_S * 1e6)
_MOMENTS = 100
"""At so many beginnings and ends of hours agents are asked at most."""

_Group = tuple[int, int, Requirements]
"""State, lane or limit, requirements."""


def stuck(left: Iterable[Live], drive: Drive) -> list[Stuck]:
    """The reasons, those of most tasks first."""
    lives = list(left)
    found: list[Stuck] = drive.reading(lambda reader: _Why(reader, drive).of(lives)) if lives else []
    return found


class _Why:
    """What the engine says."""

    def __init__(self, reader: Reader, drive: Drive) -> None:
        self._reader = reader
        self._book = drive.book
        self._now = drive.now
        self._asked: dict[int, set[Asked]] = {}
        """By pool: what the tasks ask for that are ready there."""
        self._agents: dict[int, list[list[Agent]]] = {}
        """By pool: agents at moments of the week to come."""

    def of(self, lives: list[Live]) -> list[Stuck]:
        groups: dict[_Group, list[Live]] = {}
        lines = self._lines([live.number for live in lives if live.state == state.BLOCKED])
        for live in lives:
            at = live.lane if live.state == state.READY else lines.get(live.number, ("", 0))[1]
            groups.setdefault((live.state, at, needs_of(live.work.spec)), []).append(live)
        for at in {at for came_to, at, _needs in groups if came_to == state.READY}:
            pool, asked = self._pool_and_asked(at)
            self._asked.setdefault(pool, set()).add(asked)
        reasons: dict[tuple[str, str, Requirements], list[Live]] = {}
        for (came_to, at, needs), own in groups.items():
            first = min(own, key=lambda live: live.number)
            if came_to == state.READY:
                why = self._ready(at)
            elif first.number in lines:
                why = self._in_line(lines[first.number][0])
            else:
                why = state.STATES[came_to], _WHY[came_to]
            reasons.setdefault((*why, needs), []).extend(own)
        found = [
            Stuck(
                reason=reason,
                text=text,
                needs=msgspec.json.decode(text_of(needs)),
                tasks=len(own),
                example=min(own, key=lambda live: live.number).work.spec.title,
            )
            for (reason, text, needs), own in reasons.items()
        ]
        return sorted(found, key=lambda one: (-one.tasks, one.reason, one.text, one.example))

    def _lines(self, tasks: list[int]) -> dict[int, tuple[str, int]]:
        """For tasks that stand in line: at which key, and for which limit."""
        keys: dict[int, str] = dict(self._reader.each(sql.LINE_OF, [(task,) for task in tasks]))
        rows = self._reader.each(sql.METERS_OF, [(key,) for key in sorted(set(keys.values()))])
        specs = {meter.key: meter.spec for meter in map(MeterRow._make, rows)}
        return {task: (key, specs[key]) for task, key in keys.items() if key in specs}

    def _in_line(self, key: str) -> tuple[str, str]:
        meter = MeterRow(*next(iter(self._reader.each(sql.METERS_OF, [(key,)]))))
        if is_place(key):
            return f"limit:{key}", f"stands in line for what it {key}"
        limit = self._book.limits.by_id[meter.spec]
        found = standings_of(self._reader, {key: limit}, self._now)[key]
        return f"limit:{key}", "stands in line: " + _used_up(key, found)

    def _ready(self, lane: int) -> tuple[str, str]:
        book, reader = self._book, self._reader
        for name, found in standings_of(reader, book.charged(reader, lane), self._now).items():
            if not found.gauge.room:
                return f"limit:{name}", _used_up(name, found)
        shut = barred(reader, book, lane, self._now)
        if shut is not None:
            return shut.code, shut.text
        pool, asked = self._pool_and_asked(lane)
        if not book.agents_of(pool):
            name = book.pools[pool].name
            return "no_agent", f"there is no agent in pool {name!r}; add one, or move the queue to another pool"
        return _nobody(self._refusals(pool, asked))

    def _pool_and_asked(self, lane: int) -> tuple[int, Asked]:
        key = self._book.lane_key(self._reader, lane)
        return key.pool, Asked(self._book.needs_of(self._reader, key.shape), key.band, key.tenant)

    def _refusals(self, pool: int, asked: Asked) -> dict[str, Refusal | None]:
        """Why each agent may not do it, whatever the time: off hours is a reason only for one that never works."""
        found: dict[str, Refusal | None] = {}
        for agents in self._through_the_week(pool):
            names = {agent.id: agent.profile.name for agent in agents}
            for number, no in standings(agents, asked).items():
                known = found.get(names[number])
                if names[number] not in found or no is None or (known is not None and known.code == "off_hours"):
                    found[names[number]] = no
        return found

    def _through_the_week(self, pool: int) -> list[list[Agent]]:
        if pool not in self._agents:
            moments = islice(self._moments(pool), _MOMENTS)
            asked = self._asked[pool]
            self._agents[pool] = [living(self._reader, self._book, pool, now, asked) for now in moments]
        return self._agents[pool]

    def _moments(self, pool: int) -> Iterator[int]:
        """Now, and whenever hours of one of the agents begin or end in a week."""
        yield self._now
        edges: set[int] = set()
        for spec in [agent.spec for agent in self._book.agents_of(pool)]:
            for hours in {spec.hours, *(one.hours for one in spec.reserve)} - {()}:
                at = next_change(hours, spec.time_zone, self._now)
                while at is not None and at <= self._now + _WEEK:
                    edges.add(at)
                    at = next_change(hours, spec.time_zone, at)
        yield from sorted(edges)


def _used_up(name: str, found: LimitStanding) -> str:
    measure = found.limit.measure
    used = f"{(measure.most - found.gauge.left) / PARTS:g} of {measure.most / PARTS:g}"
    if measure.concurrency:
        return f"limit {name} has {used} in use, by tasks that are never done"
    return f"limit {name} is used up: {used} {found.limit.spec.unit}, and in a simulation nobody raises it"


def _nobody(refusals: Mapping[str, Refusal | None]) -> tuple[str, str]:
    counts: dict[str, int] = {}
    texts = []
    for name, no in refusals.items():
        if no is None:
            return "ready", "agents may do it, and none took it"
        counts[no.code] = counts.get(no.code, 0) + 1
        texts.append(f"{name}: {no.text}")
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    reason = "nobody:" + ",".join(f"{code}={n}" for code, n in ordered)
    more = f", and so on for {len(texts)} agents" if len(texts) > 1 else ""
    return reason, f"no agent may ever do it ({texts[0]}{more}); add an agent that may, or ask for less"
