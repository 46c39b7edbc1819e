"""Agents, queues and limits as the events tell them, at every version of the fleet a plan may have worked with."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, NamedTuple

import msgspec

from rota.audit.report import Evidence
from rota.engine.set_aside import SET_ASIDE_S
from rota.model.agent import AgentSpec
from rota.model.requirements import Requirements, from_text
from rota.model.times import SECOND
from rota.planning.filter import refusal
from rota.planning.refusal import CODES, Refusal
from rota.planning.snapshot import Profile, profile_of
from rota.store.protocol import Reader
from rota.store.sql import audit as sql
from rota.store.sql.fleet import AGENTS, SHAPES
from rota.store.statement import One

ACTIVE, DRAINING, REMOVED = range(3)
PROBED_S = 30 * 86_400.0
"""An open breaker that nobody's work closes stays open: so long after it opened it is believed, seconds."""
LATE_S = 10.0
"""By so much may the clocks of nodes, and the turn after the end of a time, differ, seconds."""
_STATE = {"resume_agent": ACTIVE, "drain": DRAINING, "remove_agent": REMOVED}
_STATES = ("active", "draining", "removed")


class Standing(NamedTuple):
    """An agent from one version of the fleet on."""

    profile: Profile
    pool: str
    state: int


class Fleet:
    """What was known of agents and queues, by version: on PostgreSQL a plan may be a version behind the log."""

    def __init__(self, reader: Reader) -> None:
        self._queue_names: dict[int, str] = {number: name for number, name, _paused in reader.one(sql.QUEUES)}
        self._pool_names = dict(_pairs(reader, sql.POOLS))
        self._needs_text: dict[int, str] = dict(_pairs(reader, SHAPES))
        self._needs: dict[int, Requirements] = {}
        self._agents: dict[int, tuple[list[int], list[Standing]]] = {}
        self._paused: dict[str, tuple[list[int], list[bool]]] = {}
        self._limits: dict[str, int] = {}
        self._set_aside: dict[int, int] = {}
        self._broke: dict[tuple[int, str], int] = {}
        """When the breaker of an agent and a kind opened last."""
        self._out: dict[int, int] = {}
        """Until when an agent was ejected."""
        self._reserving: set[int] = set()
        """Agents that ever kept slots."""
        self._refusals: dict[tuple[Profile, int], Refusal | None] = {}

    def note(self, kind: str, at: int, data: dict[str, Any]) -> None:
        """An event changed the fleet."""
        version = int(data.get("fleet", 0))
        if kind == "register":
            spec = msgspec.convert(data["spec"], AgentSpec)
            self._register(version, int(data["agent"]), spec)
            if spec.reserve:
                self._reserving.add(int(data["agent"]))
        elif kind in _STATE:
            before = self.agent(int(data["agent"]), version)
            if before is not None:
                self._set(version, int(data["agent"]), before._replace(state=_STATE[kind]))
        elif kind in ("pause", "resume"):
            versions, values = self._paused.setdefault(data["queue"], ([], []))
            versions.append(version)
            values.append(kind == "pause")
        elif kind == "set_aside":
            self._set_aside[int(data["shape"])] = at
        elif kind == "breaker":
            self._broke[int(data["agent"]), data["kind_of_work"]] = at
        elif kind == "eject":
            self._out[int(data["agent"])] = int(data["until"])
        elif kind == "reset_limit":
            for key in data["unparked"]:
                self._limits.pop(key, None)
        elif kind == "limit":
            self._limits[data["limit"]] = max(int(data["until"]), self._limits.get(data["limit"], 0))

    def agent(self, number: int, version: int) -> Standing | None:
        """The agent as of this version; None when it was not known."""
        known = self._agents.get(number)
        if known is None:
            return None
        at = bisect_right(known[0], version)
        return known[1][at - 1] if at else None

    def agent_name(self, number: int) -> str | None:
        """What the agent is called, once it registered."""
        known = self._agents.get(number)
        return known[1][-1].profile.name if known else None

    def refusal(self, profile: Profile, shape: int) -> Refusal | None:
        """Why an agent of this profile may not do tasks of this shape."""
        key = (profile, shape)
        if key not in self._refusals:
            self._refusals[key] = refusal(profile, self.needs(shape))
        return self._refusals[key]

    def could_refuse(self, code: str, number: int, shape: int, at: int, version: int) -> bool:
        """Whether an agent's refusal of a shape with this code, only for that moment, can have been true."""
        agent, needs = self.agent(number, version), self.needs(shape)
        if agent is None:
            return False
        if code == "breaker":
            return at - self._broke.get((number, needs.kind), -(1 << 62)) <= PROBED_S * SECOND
        if code == "ejected":
            return at <= self._out.get(number, 0) + LATE_S * SECOND
        if code == "resource_busy":
            return bool(needs.resources)
        if code == "cost":
            return needs.max_cost is not None and agent.profile.cost is not None
        if code in ("reserved", "dedicated"):
            return number in self._reserving
        return CODES.get(code, ("never", ""))[0] != "never"

    def needs(self, shape: int) -> Requirements:
        """What the shape asks."""
        if shape not in self._needs:
            self._needs[shape] = from_text(self._needs_text.get(shape, "{}"))
        return self._needs[shape]

    def pool_name(self, pool: int) -> str:
        """What the pool is called."""
        return self._pool_names.get(pool, f"pool {pool}")

    def queue_name(self, queue: int) -> str:
        """What the queue is called."""
        return self._queue_names.get(queue, f"queue {queue}")

    def is_paused(self, queue: int, version: int) -> bool:
        """Whether the queue was paused as of this version."""
        versions, values = self._paused.get(self.queue_name(queue), ((), ()))
        at = bisect_right(versions, version)
        return bool(at) and values[at - 1]

    def is_used_up(self, limit: str, at: int) -> bool:
        """Whether the limit was parked beyond this moment."""
        return self._limits.get(limit, 0) > at

    def is_set_aside(self, shape: int, at: int) -> bool:
        """Whether it is on record that planning this shape failed not long before this moment."""
        since = self._set_aside.get(shape)
        return since is not None and at - since <= (SET_ASIDE_S + LATE_S) * SECOND

    def compare(self, reader: Reader, evidence: Evidence) -> None:
        """Whether the tables say of agents and queues what the events say."""
        newest = 1 << 62
        for number, name, pool, text, state, *_rest in reader.one(AGENTS):
            told = self.agent(number, newest)
            row = Standing(profile_of(msgspec.json.decode(text, type=AgentSpec)), self.pool_name(pool), state)
            if told != row:
                evidence.add("fleet_differs", f"agent {name!r} {_said(told)}", _said(row))
        for number, name, paused in reader.one(sql.QUEUES):
            if bool(paused) != self.is_paused(number, newest):
                words = ("open", "paused")
                evidence.add("fleet_differs", f"queue {name!r} {words[not paused]}", words[bool(paused)])

    def _register(self, version: int, number: int, spec: AgentSpec) -> None:
        before = self.agent(number, version)
        state = ACTIVE if before is None or before.state == REMOVED else before.state
        self._set(version, number, Standing(profile_of(spec), spec.pool, state))

    def _set(self, version: int, number: int, standing: Standing) -> None:
        versions, values = self._agents.setdefault(number, ([], []))
        versions.append(version)
        values.append(standing)


KINDS = frozenset({"register", *_STATE, "pause", "resume", "limit", "reset_limit", "set_aside", "breaker", "eject"})
"""Events that say something about the fleet."""


def _pairs(reader: Reader, statement: One) -> list[tuple[int, str]]:
    return [(number, text) for number, text in reader.one(statement)]


def _said(standing: Standing | None) -> str:
    if standing is None:
        return "unknown"
    profile = standing.profile
    return (
        f"{_STATES[standing.state]} in pool {standing.pool}, role {profile.role}, region {profile.region},"
        f" skills {dict(profile.skills)}"
    )
