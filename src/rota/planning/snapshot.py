"""What a plan sees: agents, listeners and lanes of one pool at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from rota.model.queue import Strategy
from rota.model.requirements import Requirements


class Profile(msgspec.Struct, frozen=True):
    """What decides whether an agent may do a task. Equal profiles are answered once."""

    name: str
    role: str | None = None
    region: str | None = None
    skills: tuple[tuple[str, int], ...] = ()


class Agent(msgspec.Struct):
    """An agent of the pool, whether it listens or not."""

    id: int
    profile: Profile
    slots: int
    running: int = 0
    """Leases and offers it holds."""
    barred: str | None = None
    """Why it gets nothing now: `draining`, `unhealthy`."""
    weight: float = 1.0
    served: int = 0
    """Tasks given since it registered."""
    busy_s: float = 0.0
    """Recent busy slot-seconds, decayed (see `score.BUSY_TAU_S`)."""
    mean_s: float = 1.0
    """Recent mean duration of its tasks, seconds."""


class Listener(msgspec.Struct):
    """A claim that waits: up to `n` tasks for any of its agents."""

    id: int
    agents: tuple[int, ...]
    n: int


class Lane(msgspec.Struct):
    """Waiting tasks that are the same to the plan. `heads` are its first (due, task), best first."""

    id: int
    shape: int
    band: int
    barred: str | None = None
    """Why none of it may be given out now: `paused`, `limit:KEY`, `broken`."""
    heads: Sequence[tuple[int, int]] = ()
    more: bool = False
    """The lane holds more tasks than `heads` shows."""


class Snapshot(msgspec.Struct):
    """One pool at one moment. Agents in order of id, listeners in order of arrival."""

    agents: Sequence[Agent]
    listeners: Sequence[Listener]
    lanes: Sequence[Lane]
    shapes: Mapping[int, Requirements]
    strategy: Strategy = "balanced"
    seed: int = 0


class Give(msgspec.Struct, frozen=True):
    """A decision: this task to this agent, answering this listener."""

    task: int
    lane: int
    due: int
    agent: int
    listener: int
    score: float


class Plan(msgspec.Struct):
    """All decisions of one plan, in the order they were taken.

    `parked` says for each lane that nobody may serve now why not. When `starved` names lanes, the plan stopped
    because it had seen all their heads but not all their tasks: it must be made again with more heads.
    """

    gives: list[Give] = []
    parked: dict[int, str] = {}
    starved: tuple[int, ...] = ()
