"""Refusals: why an agent may not do a task, as a stable code with a text and the facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Passes = Literal["never", "by_itself", "when_freed", "when_changed"]
"""When a refusal ends: never while the agent and the task stay as they are, with time alone, when the agent ends
tasks it has, or when somebody (or something learnt) changes the agent."""

CODES: dict[str, tuple[Passes, str]] = {
    "pinned": ("never", "the task is pinned to another agent"),
    "banned": ("never", "the task bans the agent"),
    "avoided": ("by_itself", "the agent failed the task a moment ago"),
    "role": ("never", "the task needs another role"),
    "region": ("never", "the task needs another region"),
    "skill": ("never", "the agent lacks a skill, or its level is too low"),
    "resource": ("never", "the agent never offers as much of a resource"),
    "price": ("never", "one task costs more than the task's `max_cost`, however short it is"),
    "draining": ("when_changed", "the agent is drained and gets nothing new"),
    "unhealthy": ("when_changed", "the agent was not heard from"),
    "unwell": ("by_itself", "the agent's health command failed"),
    "off_hours": ("by_itself", "it is outside the agent's working hours"),
    "parked": ("by_itself", "its provider said that the agent's limit is used up"),
    "ejected": ("by_itself", "the agent failed three tasks in a row and is out for a while"),
    "breaker": ("by_itself", "the agent failed at half of such tasks lately and is given none for a while"),
    "cost": ("when_changed", "the task would probably cost more than its `max_cost`"),
    "dedicated": ("when_changed", "all its slots are reserved for others"),
    "limit": ("when_freed", "a limit on the agent has no room"),
    "slow_start": ("when_freed", "the agent has just started and is not given all its slots yet"),
    "busy": ("when_freed", "all slots are in use"),
    "kept": ("when_freed", "the free slot is kept for a task for which another one gave way"),
    "reserved": ("when_freed", "the free slots are reserved for others"),
    "resource_busy": ("when_freed", "too much of a resource is in use"),
}
"""Every code there is, when it passes, and what it means. Codes are never renamed: events and users rely on them."""


class Refusal(NamedTuple):
    """Why an agent may not do a task."""

    code: str
    text: str
    data: Mapping[str, Any] = {}
    """The facts, ready for JSON. `until` is a moment, microseconds, from which on the refusal may have passed."""

    @property
    def passes(self) -> Passes:
        """When it ends."""
        return CODES[self.code][0]

    @property
    def until(self) -> int | None:
        """The moment from which on it may have passed, microseconds; None = no clock decides that."""
        found: int | None = self.data.get("until")
        return found
