"""The tables of fleet.toml as they are written. The schema and the reference are generated from here."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.model.bounds import ATTEMPTS, INT64, LEVEL, NAME, SKILLS, SLOTS
from rota.model.priority import Priority
from rota.model.queue import Ordering, Overflow, Strategy
from rota.model.times import Span

MOST_AGENTS = 1_000
"""The highest `count` of one agent table."""
MOST_COST = 1e9
"""The highest price or weight: far beyond any real one, so that sums stay exact."""

Name = Annotated[str, Meta(min_length=1, max_length=NAME)]
Level = Annotated[int, Meta(ge=0, le=LEVEL)]
Money = Annotated[float, Meta(ge=0, le=MOST_COST)]

NOT_YET = {
    "rule": "routing rules",
    "limit": "limits",
    "schedule": "schedules",
    "targets": "targets",
    "alert": "alerts",
}
"""Tables that are part of the design but not of this version: refused, never ignored."""
NOT_YET_AGENT = {"workspace": "workspaces"}
"""The same for fields of an agent."""


class CostTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an agent's work costs, in the fleet's currency."""

    per_hour: Annotated[Money, Meta(description="Price of one hour of work.")] = 0.0
    per_task: Annotated[Money, Meta(description="Price of one task, however long it takes.")] = 0.0
    per_1k_tokens: Annotated[Money, Meta(description="Price of a thousand tokens that the agent reports as used.")] = (
        0.0
    )


class AgentTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An agent, or `count` equal ones.

    With `command` or `python` Rota starts its processes; with neither the agent connects from outside.
    """

    name: Annotated[
        Name, Meta(description="Its name; with `count` above 1 the agents are called `name-1`, `name-2`, ...")
    ]
    role: Annotated[Name | None, Meta(description="What it is in the team; tasks may ask for a role.")] = None
    count: Annotated[int, Meta(ge=1, le=MOST_AGENTS, description="How many agents of this kind.")] = 1
    slots: Annotated[int, Meta(ge=1, le=SLOTS, description="How many tasks each of them does at once.")] = 1
    skills: Annotated[
        dict[Name, Level],
        Meta(max_length=SKILLS, description="What it can do, each with its level: `{ python = 3, docs = 1 }`."),
    ] = {}
    region: Annotated[Name | None, Meta(description="Where it is; tasks may ask for regions.")] = None
    pool: Annotated[Name, Meta(description="The pool it belongs to.")] = "default"
    cost: Annotated[CostTable | None, Meta(description="What its work costs.")] = None
    weight: Annotated[
        Annotated[float, Meta(gt=0, lt=MOST_COST)] | None,
        Meta(description="Its share under weighted strategies; without it, its slots."),
    ] = None
    command: Annotated[
        list[str] | None,
        Meta(
            description="The program and its arguments, started for each task in the folder of fleet.toml: "
            "the task comes as JSON on its standard input, the result is its standard output. `{field}` in "
            "an argument is replaced by that field of the task."
        ),
    ] = None
    python: Annotated[
        str | None, Meta(description="Instead of `command`: a Python function, as `module:function`.")
    ] = None
    check: Annotated[
        list[str] | None,
        Meta(description="A program and its arguments that must end well before a result counts."),
    ] = None
    timeout: Annotated[
        Span | None,
        Meta(description="The longest an attempt may take; it is stopped then. Without it there is no end."),
    ] = None
    stall: Annotated[
        Span | None,
        Meta(description="Stopped when it wrote nothing for this long. Without it, silence is no fault."),
    ] = None
    grace: Annotated[
        Span | None,
        Meta(description="Between asking a process to end and ending it by force; without it, 10 seconds."),
    ] = None
    env: Annotated[
        dict[str, str], Meta(description="Environment variables for its processes, on top of Rota's own.")
    ] = {}


class BackoffTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Waits between attempts: a random time up to `base`, doubled with each attempt, at most `cap`."""

    base: Annotated[Span, Meta(description="The longest wait after the first failure.")] = 1
    cap: Annotated[Span, Meta(description="The longest wait after any failure.")] = 300


class QueueTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The policy of a queue."""

    pool: Annotated[Name, Meta(description="The pool whose agents do its tasks.")] = "default"
    max_attempts: Annotated[int, Meta(ge=1, le=ATTEMPTS, description="Failed attempts after which a task is dead.")] = 5
    backoff: Annotated[BackoffTable, Meta(description="How long a failed task waits for its next attempt.")] = (
        msgspec.field(default_factory=BackoffTable)
    )
    term: Annotated[Span, Meta(description="How long a lease lasts without a heartbeat.")] = 60
    ttl: Annotated[
        Span | None,
        Meta(description="A task that no agent got within this time expires. Without it, tasks wait for ever."),
    ] = None
    ordering: Annotated[
        Ordering,
        Meta(
            description="Inside a priority: `deadline` = by deadline, or by submission plus target wait "
            "without one; `fifo` = by submission."
        ),
    ] = "deadline"
    target_wait: Annotated[
        dict[Priority, Span],
        Meta(
            description='How long a task of each priority may wait: `{ high = "2m" }`. Missing ones: '
            "emergency 1s, critical 30s, high 5m, normal 30m, low 2h."
        ),
    ] = {}
    approval: Annotated[bool, Meta(description="A person approves each outcome before it counts.")] = False
    depth: Annotated[
        Annotated[int, Meta(ge=1, le=INT64)] | None,
        Meta(description="The most tasks that may wait in it. Without it there is no limit."),
    ] = None
    overflow: Annotated[
        Overflow,
        Meta(
            description="Beyond `depth`: `refuse` the submit, `shed` the waiting tasks of the worst "
            "priority, or `move` what comes to `overflow_queue`."
        ),
    ] = "refuse"
    overflow_queue: Annotated[
        Name | None, Meta(description='The queue that takes what is too much, with `overflow = "move"`.')
    ] = None


class PoolTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The policy of a pool: the agents and queues that are planned together."""

    strategy: Annotated[Strategy, Meta(description="Which agent gets the next task, of those that may.")] = "balanced"
    avoid_s: Annotated[
        Annotated[float, Meta(ge=0, le=86_400)],
        Meta(description="Seconds for which a retry avoids the agent that failed last."),
    ] = 30.0


class FleetTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All of fleet.toml. An empty file is a fleet too: one queue, one pool, agents from outside."""

    database: Annotated[
        str | None,
        Meta(
            description="Where tasks are kept: a file, relative to the folder of fleet.toml (`sqlite:///PATH`"
            " says the same), or `postgresql://...`. Without it `ROTA_DATABASE` decides, else it is "
            "`.rota/rota.db` beside fleet.toml."
        ),
    ] = None
    queue: Annotated[dict[Name, QueueTable], Meta(description="One table `[queue.NAME]` for each queue.")] = {}
    pool: Annotated[dict[Name, PoolTable], Meta(description="One table `[pool.NAME]` for each pool.")] = {}
    agent: Annotated[list[AgentTable], Meta(description="One table `[[agent]]` for each kind of agent.")] = []
