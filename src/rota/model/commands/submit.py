"""Bringing tasks in and changing them while they wait."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.model.priority import Priority
from rota.model.task import After, TaskSpec
from rota.model.times import Span, When


class Submit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Submit 1 to 10,000 tasks: all or none.

    Tasks may depend on each other by `ref`. With an idempotency `key` the same call again answers the same ids
    and submits nothing; the same key with other tasks is refused.
    """

    tasks: list[TaskSpec]
    key: str | None = None
    batch: str | None = None
    """A label on all of them, to list or cancel them together."""


class Submitted(msgspec.Struct, kw_only=True):
    """Ids in the order of the submit. `existing` are those that a unique key answered instead."""

    ids: list[str]
    existing: list[str] = []


class Edit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Change a task that no agent has: what is left out stays as it is.

    With `version` the edit is refused if somebody changed the task since.
    """

    task: str
    version: int | None = None
    title: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    kind: str | msgspec.UnsetType = msgspec.UNSET
    priority: Priority | msgspec.UnsetType = msgspec.UNSET
    estimate: Span | None | msgspec.UnsetType = msgspec.UNSET
    deadline: When | None | msgspec.UnsetType = msgspec.UNSET
    skills: dict[str, int] | msgspec.UnsetType = msgspec.UNSET
    role: str | None | msgspec.UnsetType = msgspec.UNSET
    regions: list[str] | msgspec.UnsetType = msgspec.UNSET
    pin: str | None | msgspec.UnsetType = msgspec.UNSET
    ban: list[str] | msgspec.UnsetType = msgspec.UNSET
    limits: list[str] | msgspec.UnsetType = msgspec.UNSET
    resources: dict[str, float] | msgspec.UnsetType = msgspec.UNSET
    near: str | None | msgspec.UnsetType = msgspec.UNSET
    max_cost: float | None | msgspec.UnsetType = msgspec.UNSET
    group: str | None | msgspec.UnsetType = msgspec.UNSET
    max_attempts: int | msgspec.UnsetType = msgspec.UNSET
    start: When | None | msgspec.UnsetType = msgspec.UNSET
    """Not before; None = now, also after a failed attempt."""
    after: list[str | After] | msgspec.UnsetType = msgspec.UNSET
    """The whole new list of parents."""


class Describe(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Change what a task says, not what it asks: in whatever state it is. What is left out stays as it is.

    An agent that has it sees the new words only when it is given the task again.
    """

    task: str
    version: int | None = None
    title: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    payload: Any = msgspec.UNSET


class Cancel(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Cancel tasks: at once when no agent has them, else flagged to the agent, with 30 s of grace.

    Of a batch at most 10,000 a call; repeat until it answers none.
    """

    tasks: list[str] = []
    batch: str | None = None
    reason: str = ""


class Hold(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Keep waiting tasks from being given out until they are unheld."""

    tasks: list[str]
    reason: str = ""


class Unhold(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Let held tasks go on, at their old place."""

    tasks: list[str]


class Redrive(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Give dead tasks a new life with fresh attempts; their story stays."""

    tasks: list[str]


class Changed(msgspec.Struct, kw_only=True):
    """Tasks that were changed, and those that could not be, each with its error code."""

    tasks: list[str] = []
    pending: list[str] = []
    """Running tasks whose agent was told and has its grace."""
    refused: dict[str, str] = {}
