"""Agents: whoever does tasks."""

from __future__ import annotations

from typing import Literal

import msgspec

from rota.model.priority import Priority

AgentState = Literal["active", "draining", "removed"]


class Cost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an agent's work costs, in the fleet's currency."""

    per_hour: float = 0.0
    per_task: float = 0.0
    per_1k_tokens: float = 0.0
    energy_per_hour: float = 0.0
    """The energy an hour of work takes, as a price or in any unit; it is not part of what work costs."""


class Reserve(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Slots that an agent keeps for tasks of a priority (or a better one), or of a tenant; both where both are set."""

    slots: int = 1
    priority: Priority | None = None
    tenant: str | None = None
    hours: tuple[str, ...] = ()
    """When they are kept (see `AgentSpec.hours`); empty = always."""


class AgentSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An agent as it registers."""

    name: str
    role: str | None = None
    slots: int = 1
    least_slots: int | None = None
    """Set: how many tasks it can do at once is found out, between this and `slots`."""
    skills: dict[str, int] = {}
    region: str | None = None
    pool: str = "default"
    cost: Cost | None = None
    weight: float | None = None
    """Its share under weighted strategies; None = its slots (times speed and success, where the strategy says so)."""
    resources: dict[str, float] = {}
    """What it offers to all its tasks together, by name: `{"gpu": 2, "memory_gb": 64}`."""
    hours: tuple[str, ...] = ()
    """When it works, each week: `mon-fri 09:00-17:00`; empty = always."""
    time_zone: str = "UTC"
    """Of its hours, such as `Europe/Berlin`."""
    reserve: tuple[Reserve, ...] = ()
    limit: str | None = None
    """What its work is charged to at its provider: while that is parked, it is given nothing."""


class AgentView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An agent as shown."""

    name: str
    state: AgentState
    healthy: bool
    slots: int
    running: int
    """Leases and offers it holds."""
    slots_now: int | None = None
    """How many it may use now, where that is found out."""
    listening: int = 0
    """Slots waiting in a claim right now."""
    pool: str = "default"
    role: str | None = None
    skills: dict[str, int] = {}
    region: str | None = None
    cost: Cost | None = None
    weight: float | None = None
    resources: dict[str, float] = {}
    hours: tuple[str, ...] = ()
    time_zone: str = "UTC"
    reserve: tuple[Reserve, ...] = ()
    instance: str | None = None
    last_seen: str | None = None
    tasks: list[str] = []
    done: int = 0
    failed: int = 0
    reason: str | None = None
    barred: str | None = None
    """Why it is given nothing at present: a code as in refusals, then a text. One that is `ejected` is given tasks all
    the same for which more than half of those that may would be out."""
