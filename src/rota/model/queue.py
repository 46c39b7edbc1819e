"""Queues: named streams of tasks, each with one policy."""

from __future__ import annotations

from typing import Literal

import msgspec

Strategy = Literal["balanced", "least_loaded", "round_robin"]
Ordering = Literal["deadline", "fifo"]
Overflow = Literal["refuse", "shed", "move"]


class Backoff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Waits between attempts: full jitter between zero and min(cap, base * 2^attempt), seconds.

    Source: Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
    """

    base: float = 1.0
    cap: float = 300.0


class QueuePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The policy of a queue. Every field has a default; spans are seconds."""

    pool: str = "default"
    max_attempts: int = 5
    backoff: Backoff = Backoff()
    term: float = 60.0
    """Seconds a lease lasts without a heartbeat."""
    ttl: float | None = None
    ordering: Ordering = "deadline"
    """Inside a band: `deadline` = by deadline, without one by submission plus target wait; `fifo` = by submission."""
    target_wait: dict[str, float] = {}
    """Seconds a task of each priority may wait; missing ones take the defaults."""
    approval: bool = False
    depth: int | None = None
    """The most tasks that may wait in it; None = no limit."""
    overflow: Overflow = "refuse"
    """Beyond `depth`: refuse the submit, shed the worst waiting band, or move to `overflow_queue`."""
    overflow_queue: str | None = None


class PoolPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The policy of a pool."""

    strategy: Strategy = "balanced"
    """Which agent gets the next task, of those that may."""
    avoid_s: float = 30.0
    """How long a retry avoids the agent that failed last, seconds."""


class QueueView(msgspec.Struct, kw_only=True):
    """A queue as shown: policy and counts by state of what is not finished."""

    name: str
    paused: bool
    policy: QueuePolicy
    waiting: int
    """Ready tasks, counted per lane; never counted on the hot table."""
    running: int
    aside: dict[str, int]
    reason: str | None = None
