"""What the methods of the client take by name, as the requests do: one description for both clients."""

from __future__ import annotations

from typing import Any, TypedDict

from rota.model.agent import Cost, Reserve
from rota.model.commands.work import Delivery
from rota.model.priority import Priority
from rota.model.stage import Stage
from rota.model.state import State
from rota.model.task import After
from rota.model.times import Span, When


class TaskFields(TypedDict, total=False):
    """The fields of `TaskSpec` but its title."""

    description: str
    kind: str
    payload: Any
    ref: str | None
    queue: str
    project: str | None
    tenant: str
    priority: Priority
    deadline: When | None
    start: When | None
    ttl: Span | None
    estimate: Span | None
    skills: dict[str, int]
    role: str | None
    regions: list[str]
    pin: str | None
    ban: list[str]
    limits: list[str]
    touches: list[str]
    resources: dict[str, float]
    near: str | None
    max_cost: float | None
    affinity: str | None
    group: str | None
    after: list[str | After]
    sequence: str | None
    unique: str | None
    max_attempts: int | None
    approval: bool | None
    held: bool
    stages: list[Stage]


class ClaimFields(TypedDict, total=False):
    """The fields of `Claim` but who claims."""

    n: int
    wait: float
    request: str | None
    instance: str | None
    project: str | None
    tasks: list[str]
    tenant: str | None
    override: bool
    delivery: Delivery


class TaskFilter(TypedDict, total=False):
    """The filters of `ListTasks`, together."""

    state: State | None
    queue: str | None
    project: str | None
    tenant: str | None
    priority: Priority | None
    kind: str | None
    batch: str | None
    agent: str | None
    unique: str | None
    whole: bool


class Spent(TypedDict, total=False):
    """What an attempt took, and what there is to say of it."""

    notes: str | None
    usage: dict[str, float]
    cost: float | None


class FailedFields(Spent, total=False):
    """The fields of `Failed` but its error."""

    retryable: bool
    retry_at: When | None
    limit: str | None


class MatchFields(TypedDict, total=False):
    """The fields of `Match`."""

    n: int
    queue: str
    kind: str
    priority: Priority
    tenant: str
    skills: dict[str, int]
    role: str | None
    regions: list[str]
    pin: str | None
    ban: list[str]
    resources: dict[str, float]
    near: str | None
    max_cost: float | None
    affinity: str | None


class AgentFields(TypedDict, total=False):
    """The fields of `AgentSpec` but its name."""

    role: str | None
    slots: int
    least_slots: int | None
    skills: dict[str, int]
    region: str | None
    pool: str
    cost: Cost | None
    weight: float | None
    resources: dict[str, float]
    hours: tuple[str, ...]
    time_zone: str
    reserve: tuple[Reserve, ...]
    limit: str | None
