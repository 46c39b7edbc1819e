"""What a plan sees: agents, listeners and lanes of one pool at one moment."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import NamedTuple

import msgspec

from rota.model.agent import AgentSpec, Cost
from rota.model.queue import Matching
from rota.model.requirements import Requirements
from rota.planning.limit import Gauge
from rota.planning.refusal import Refusal


class Profile(msgspec.Struct, frozen=True):
    """What decides for good whether an agent may do a task."""

    name: str
    role: str | None = None
    region: str | None = None
    skills: tuple[tuple[str, int], ...] = ()
    resources: tuple[tuple[str, float], ...] = ()
    """How much it offers of each, to all its tasks together."""
    cost: Cost | None = None


def profile_of(spec: AgentSpec) -> Profile:
    """The profile of an agent as it registered."""
    skills, resources = tuple(sorted(spec.skills.items())), tuple(sorted(spec.resources.items()))
    return Profile(spec.name, spec.role, spec.region, skills, resources, spec.cost)


class Reserved(NamedTuple):
    """Slots of an agent kept for tasks of a band (or a better one) or of a tenant; both must fit where both are set."""

    slots: int
    band: int | None = None
    tenant: int | None = None
    running: int = 0
    """Tasks it has that the slots are kept for."""


class KindRoom(NamedTuple):
    """How many tasks of a kind may be given now, and until when (microseconds) that holds; None = no clock says."""

    room: int
    until: int | None = None


class Known(NamedTuple):
    """What is expected of an agent at a kind of work: its time, seconds, and its share of successes."""

    seconds: float
    success: float


class Agent(msgspec.Struct):
    """An agent of the pool, whether it listens or not."""

    id: int
    profile: Profile
    slots: int
    running: int = 0
    """Leases and offers it holds."""
    barred: Refusal | None = None
    """Why it gets nothing now: `draining`, `unhealthy`, `unwell`, `off_hours`, `ejected`."""
    kept: int = 0
    """Free slots that are kept for tasks for which others gave way."""
    cap: int | None = None
    """The most it may hold now, where that is less than its slots: it has just started."""
    limited_by: str | None = None
    """The limit that sets `cap`, when one does."""
    cap_until: int | None = None
    """When it may hold one more, microseconds."""
    weight: float = 1.0
    by_hand: bool = False
    """The weight was set by hand; else it is the slots."""
    served: int = 0
    """Tasks given since it registered."""
    busy_s: float = 0.0
    """Busy slot-seconds of late, decayed (see `busy`), what it has in hands included."""
    given: int = 0
    """Tasks that this plan gave it."""
    mean_s: float = 1.0
    """Recent mean duration of its tasks, seconds."""
    used: Mapping[str, float] = {}
    """How much of each resource its tasks use."""
    reserved: tuple[Reserved, ...] = ()
    kind_room: Mapping[str, KindRoom] = {}
    """Kinds of work it failed at lately, with how many more it may be given; others know no bounds."""
    expected: Mapping[str, Known] = {}
    """By kind of work, where somebody asks for it."""

    def expected_s(self, kind: str) -> float:
        """How long it will take for a task of this kind, seconds."""
        known = self.expected.get(kind)
        return self.mean_s if known is None else known.seconds

    def success(self, kind: str) -> float:
        """Its share of successes at this kind, 0 to 1."""
        known = self.expected.get(kind)
        return 1.0 if known is None else known.success


class Listener(msgspec.Struct):
    """A claim that waits: up to `n` tasks for any of its agents."""

    id: int
    agents: tuple[int, ...]
    n: int


class Head(NamedTuple):
    """A waiting task as the plan sees it."""

    due: int
    task: int
    cost: int = 0
    """Expected work, microseconds."""
    affinity: int = 0
    """A hash of its affinity key; 0 = none."""
    group: int = 0
    """A hash of its group; 0 = none."""


class Lane(msgspec.Struct):
    """Waiting tasks that are the same to the plan. `heads` are its first, best first."""

    id: int
    shape: int
    band: int
    barred: str | None = None
    """Why none of it may be given out now: `paused`, `limit:KEY`, `broken`."""
    late: bool = False
    """Its tasks can hardly meet their deadlines any more."""
    tenant: int = 1
    share: int = 0
    """Which share of its tenant the tasks' project counts to; 0 = tasks without a project."""
    slack: float | None = 5.0
    """How far its tenant may be ahead before its tasks stand back, in mean tasks; None = as far as it likes."""
    heads: Sequence[Head] = ()
    more: bool = False
    """The lane holds more tasks than `heads` shows."""
    limits: tuple[str, ...] = ()
    """What its tasks are charged to, as in `Snapshot.gauges`."""
    group_size: int = 1
    """The most tasks of one group that go to an agent together."""
    companions: Mapping[int, Sequence[Head]] = {}
    """By group of the heads the first of its tasks, best first, heads among them: as many as a plan may give."""


class PassKey(NamedTuple):
    """Whose pass it is: that of a share of a tenant (see `Lane.share`), or `TENANT`: the tenant's own.

    Virtual times stand with them: of a band's tenants under tenant 0, of a tenant's shares under `VIRTUAL`.
    """

    band: int
    tenant: int
    share: int


TENANT = -1
VIRTUAL = -2

Fits = MutableMapping[int, dict[int, Refusal | None]]
"""Lasting refusals by shape and agent; None = the agent may."""


class Snapshot(msgspec.Struct):
    """One pool at one moment. Agents in order of id, listeners in order of arrival."""

    agents: Sequence[Agent]
    listeners: Sequence[Listener]
    lanes: Sequence[Lane]
    shapes: Mapping[int, Requirements]
    strategy: str = "balanced"
    terms: Mapping[str, float] = {}
    """The weights of score terms where they are the pool's own."""
    matching: Matching = "greedy"
    now: int = 0
    """Microseconds. Only a task's being overdue is read off it."""
    seed: int = 0
    weights: Mapping[int, int] = {}
    """By tenant; those that are missing weigh 1."""
    passes: Mapping[PassKey, int] = {}
    """What tenants and their shares had so far."""
    slack: float = 5.0
    """What idle tenants keep of their claim, in mean tasks."""
    gauges: Mapping[str, Gauge] = {}
    """What is left of each limit that lanes are charged to. Used up while a plan gives, as agents are."""
    fits: Fits = msgspec.field(default_factory=dict)
    """A memory, good while agents and shapes stay what they are."""
    plain: bool = False
    """It is known that of its agents nobody is barred or capped, and has slots kept or reserved, or rooms of kinds."""


class Give(msgspec.Struct, frozen=True):
    """A decision: this task to this agent, answering this listener."""

    task: int
    lane: int
    due: int
    agent: int
    listener: int
    score: float
    cost: int = 0
    """Expected work, microseconds, as charged to its tenant; 0 = not charged."""
    share: int = -1
    """The share of its tenant that was charged as well; -1 = none was."""
    came_with: int = 0
    """The task of its group with which it came along; 0 = it was chosen by itself."""


class Plan(msgspec.Struct):
    """All decisions of one plan, in the order they were taken.

    `parked` says for each lane that nobody may serve now why not. When `starved` names lanes, the plan stopped
    because it had seen all their heads but not all their tasks: it must be made again with more heads.
    """

    gives: list[Give] = []
    parked: dict[int, str] = {}
    starved: tuple[int, ...] = ()
    passed: dict[int, str] = {}
    """Lanes that were passed over because a limit had no room left for them, with the reason."""
    refused: dict[int, dict[int, str]] = {}
    """By lane and agent: who listened and may do such tasks, but not now, with the code (see `refusal`)."""
    charges: dict[PassKey, int] = {}
    """What is added to the pass of each."""
