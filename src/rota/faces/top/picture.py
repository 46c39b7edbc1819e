"""What the screen shows at one moment."""

from __future__ import annotations

import msgspec


class Work(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A task in an agent's hands. Times in seconds, `cost` in the fleet's currency by the agent's price."""

    task: str
    title: str
    kind: str
    queue: str
    priority: str
    since_s: float | None = None
    """How long it has been at it; None = not known yet."""
    cost: float | None = None
    progress: float | None = None


class AgentLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An agent with what it does."""

    name: str
    state: str
    healthy: bool
    running: int
    slots: int
    done: int = 0
    failed: int = 0
    reason: str | None = None
    barred: str | None = None
    """Why it is given nothing at all at present."""
    last_seen: str | None = None
    """When it was last heard of; RFC 3339."""
    work: list[Work] = []


class QueueLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A queue with what is in it."""

    name: str
    waiting: int
    running: int
    aside: dict[str, int] = {}
    paused: bool = False
    reason: str | None = None


class Wait(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Why tasks of a queue wait, though they are ready."""

    queue: str
    priority: str
    tasks: int
    text: str
    agent: str | None = None
    """Who was asked; None = it holds for all."""


class Apart(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A task that goes on only when somebody decides."""

    task: str
    title: str
    state: str
    queue: str
    reason: str = ""


class Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Something that happened."""

    at: str
    kind: str
    tasks: list[str] = []
    state: str | None = None
    agent: str | None = None
    """Whom it is about, where it is about one agent."""


class Finish(msgspec.Struct, kw_only=True, omit_defaults=True):
    """When the whole backlog is likely to be done."""

    tasks: int
    """How many are still to be done by agents."""
    seconds: float | None = None
    """None = it can not be told; `text` says why."""
    per_second: float | None = None
    """How many are done a second, lately."""
    text: str = ""


class Picture(msgspec.Struct, kw_only=True, omit_defaults=True):
    """All of it. `took_s`: how long it took to be looked at."""

    at: str
    agents: list[AgentLine]
    queues: list[QueueLine]
    waits: list[Wait]
    apart: list[Apart]
    events: list[Line]
    finish: Finish
    states: dict[str, int]
    """Unfinished and dead tasks by state."""
    more_agents: int = 0
    """Agents that are not among these."""
    took_s: float = 0.0
