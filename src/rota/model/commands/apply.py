"""Bringing the database to what a file wishes: all of it or nothing."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from rota.model.agent import AgentSpec
from rota.model.limit import LimitSpec
from rota.model.queue import PoolPolicy, QueuePolicy
from rota.model.rule import Rule
from rota.model.schedule import ScheduleSpec

How = Literal["create", "change", "remove", "reset", "keep"]
Sort = Literal["pool", "tenant", "queue", "limit", "rules", "schedule", "agent"]


class Apply(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Bring pools, tenants, queues, limits, rules, schedules and agents to what is said here: all of it or nothing.

    What is not named stays as it is. With `removes`, what the same `source` named the last time and names no more goes:
    queues, limits, schedules and agents are removed, pools and tenants get what is usual. A queue that holds tasks is
    only removed when `gone` says what becomes of them. With `dry_run` nothing is done, and the answer is what would be.
    """

    source: str | None = None
    """Who wishes it, such as the path of a file. Without it nothing is remembered, and nothing removed."""
    pools: dict[str, PoolPolicy] = {}
    tenants: dict[str, int] = {}
    """Weights."""
    queues: dict[str, QueuePolicy] = {}
    limits: list[LimitSpec] = []
    rules: list[Rule] | None = None
    """All of them, in their order; None = those that are in use stay."""
    schedules: list[ScheduleSpec] = []
    agents: list[AgentSpec] = []
    """Those known by these names are changed; the others come by themselves."""
    removes: bool = False
    gone: dict[str, str] = {}
    """What becomes of tasks in queues that go: `keep` (the queue stays too), `purge`, or `move:QUEUE`."""
    dry_run: bool = False
    seen: str | None = None
    """The digest of the changes that were agreed to: refused when they are others by now."""


class FleetChange(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One difference between the wish and the database."""

    sort: Sort
    name: str
    how: How
    fields: dict[str, list[Any]] = {}
    """What is changed: before and after."""
    tasks: int = 0
    """Tasks that are moved or cancelled."""


class Applied(msgspec.Struct, kw_only=True):
    """What was changed, or would be."""

    changes: list[FleetChange]
    digest: str
