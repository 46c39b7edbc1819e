"""Agents: whoever does tasks."""

from __future__ import annotations

from typing import Literal

import msgspec

AgentState = Literal["active", "draining", "removed"]


class Cost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an agent's work costs, in the fleet's currency."""

    per_hour: float = 0.0
    per_task: float = 0.0
    per_1k_tokens: float = 0.0


class AgentSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An agent as it registers."""

    name: str
    role: str | None = None
    slots: int = 1
    skills: dict[str, int] = {}
    region: str | None = None
    pool: str = "default"
    cost: Cost | None = None
    weight: float | None = None
    """Its share under weighted strategies; None = its slots."""


class AgentView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An agent as shown."""

    name: str
    state: AgentState
    healthy: bool
    slots: int
    running: int
    """Leases and offers it holds."""
    listening: int = 0
    """Slots waiting in a claim right now."""
    pool: str = "default"
    role: str | None = None
    skills: dict[str, int] = {}
    region: str | None = None
    cost: Cost | None = None
    weight: float | None = None
    instance: str | None = None
    last_seen: str | None = None
    tasks: list[str] = []
    done: int = 0
    failed: int = 0
    reason: str | None = None
