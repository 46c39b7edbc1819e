"""Queues: named streams of tasks, each with one policy."""

from __future__ import annotations

from typing import Literal

import msgspec

from rota.model.priority import Priority
from rota.model.stage import Stage

Matching = Literal["greedy", "regret"]
Ordering = Literal["deadline", "fair", "fifo", "shortest", "makespan"]
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
    """Inside a band: `deadline` = by deadline, without one by submission plus target wait plus ten times the estimate;
    `fair` = the tenant that had least, first come inside it; `fifo` = first come; `shortest` = least estimate first;
    `makespan` = what delays the end of a batch most first."""
    patience: float | None = None
    """Seconds of waiting that each second of a task's estimate excuses; None = as the ordering says."""
    target_wait: dict[str, float] = {}
    """Seconds a task of each priority may wait; missing ones take the defaults."""
    approval: bool = False
    max_unreviewed: int | None = None
    """No more of its tasks are started while so many wait for approval; None = no limit."""
    depth: int | None = None
    """The most tasks that may wait in it; None = no limit."""
    overflow: Overflow = "refuse"
    """Beyond `depth`: refuse the submit, shed the worst waiting band, or move to `overflow_queue`."""
    overflow_queue: str | None = None
    stages: tuple[Stage, ...] = ()
    """Of all tasks submitted to it from then on, before those a task brings itself."""
    group_size: int = 8
    """The most tasks of one group that go to an agent together; 1 = each goes by itself."""
    near: dict[str, tuple[str, ...]] = {}
    """For a region those near it, for stages that widen; a missing one has those whose names begin like its own."""


class Preemption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When running work gives way to a task that is clearly better."""

    band: Priority = "emergency"
    """Tasks of this priority and better ones may take a slot."""
    over: Priority = "low"
    """Work of this priority and worse gives way."""
    patience_s: float = 10.0
    """How long the better task waits first, seconds."""
    at_most: int = 2
    """How often one task gives way; then it is left alone."""
    priced: bool = False
    """Also work of agents with a price gives way: what was spent on it is lost."""


class PoolPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The policy of a pool."""

    strategy: str = "balanced"
    """Which agent gets the next task, of those that may."""
    terms: dict[str, float] = {}
    """Weights of score terms, where the strategy is the pool's own; empty = it is one that Rota knows."""
    matching: Matching = "greedy"
    """`greedy`: task by task in the order of work. `regret`: inside one band, first the task that would lose most."""
    avoid_s: float = 30.0
    """How long a retry avoids the agent that failed last, seconds."""
    breaker_s: float = 30.0
    """How long an agent gets no tasks of a kind after it failed at half of them lately, seconds; 0 = it goes on."""
    eject_s: float = 30.0
    """How long an agent is out after three failures in a row, seconds, doubled each time; 0 = it goes on."""
    slow_start_s: float = 0.0
    """How long it takes until a new agent is given all its slots, seconds; 0 = at once."""
    slack: float = 5.0
    """How far a tenant may be ahead of the one that had least before its tasks stand back, in mean tasks."""
    preempt: Preemption | None = None
    """None = nothing that runs ever gives way."""
    late_quantile: float = 0.2
    """A task is late when even this share of such work would not be done by its deadline."""


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
