"""The table of an agent as it is written in fleet.toml."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rota.model.bounds import KEY, LEVEL, NAME, SKILLS, SLOTS
from rota.model.priority import Priority
from rota.model.times import Span

MOST_AGENTS = 1_000
"""The highest `count` of one agent table."""
MOST_COST = 1e9
"""The highest price or weight: far beyond any real one, so that sums stay exact."""

Name = Annotated[str, Meta(min_length=1, max_length=NAME)]
Level = Annotated[int, Meta(ge=0, le=LEVEL)]
Money = Annotated[float, Meta(ge=0, le=MOST_COST)]


class CostTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an agent's work costs, in the fleet's currency."""

    per_hour: Annotated[Money, Meta(description="Price of one hour of work.")] = 0.0
    per_task: Annotated[Money, Meta(description="Price of one task, however long it takes.")] = 0.0
    per_1k_tokens: Annotated[Money, Meta(description="Price of a thousand tokens that the agent reports as used.")] = (
        0.0
    )
    energy_per_hour: Annotated[
        Money, Meta(description="Energy of an hour of work, in any unit: only the strategy `energy` looks at it.")
    ] = 0.0


class ReserveTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Slots that an agent keeps for some tasks: of a priority or a better one, of a tenant, or of both at once."""

    slots: Annotated[int, Meta(ge=1, le=SLOTS, description="How many of its slots.")] = 1
    priority: Annotated[Priority | None, Meta(description="For tasks of this priority and better ones.")] = None
    tenant: Annotated[Name | None, Meta(description="For tasks of this tenant.")] = None
    hours: Annotated[
        list[str], Meta(description="When they are kept, as in `hours` of the agent. Without it, always.")
    ] = []


class AgentTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An agent, or `count` equal ones.

    With `command` or `python` Rota starts its processes; with neither the agent connects from outside.
    """

    name: Annotated[
        Name, Meta(description="Its name; with `count` above 1 the agents are called `name-1`, `name-2`, ...")
    ]
    role: Annotated[Name | None, Meta(description="What it is in the team; tasks may ask for a role.")] = None
    count: Annotated[int, Meta(ge=1, le=MOST_AGENTS, description="How many agents of this kind.")] = 1
    slots: Annotated[
        Annotated[int, Meta(ge=1, le=SLOTS)] | Literal["auto"],
        Meta(
            description="How many tasks each of them does at once; `auto`: it is found out, one more after a success "
            "with all in use, a tenth less after a lost lease or a provider's limit."
        ),
    ] = 1
    min_slots: Annotated[
        Annotated[int, Meta(ge=1, le=SLOTS)] | None, Meta(description='The least of `slots = "auto"`; 1 without it.')
    ] = None
    max_slots: Annotated[
        Annotated[int, Meta(ge=1, le=SLOTS)] | None, Meta(description='The most of `slots = "auto"`; 16 without it.')
    ] = None
    skills: Annotated[
        dict[Name, Level],
        Meta(max_length=SKILLS, description="What it can do, each with its level: `{ python = 3, docs = 1 }`."),
    ] = {}
    region: Annotated[Name | None, Meta(description="Where it is; tasks may ask for regions.")] = None
    pool: Annotated[Name, Meta(description="The pool it belongs to.")] = "default"
    cost: Annotated[CostTable | None, Meta(description="What its work costs.")] = None
    weight: Annotated[
        Annotated[float, Meta(gt=0, lt=MOST_COST)] | None,
        Meta(
            description="Its share under weighted strategies; without it, its slots, and under `weighted` its slots "
            "times speed and success as learnt."
        ),
    ] = None
    resources: Annotated[
        dict[Name, Annotated[float, Meta(gt=0, lt=MOST_COST)]],
        Meta(
            max_length=SKILLS,
            description="What all its tasks together may use, under any names: `{ gpu = 2, memory_gb = 64 }`.",
        ),
    ] = {}
    hours: Annotated[
        list[str],
        Meta(
            description='When it works, each week: `["mon-fri 09:00-17:00", "sat 10:00-14:00"]`; `daily` is every day. '
            "What it has at the end it finishes. Without it, always."
        ),
    ] = []
    time_zone: Annotated[str, Meta(description="The time zone of its hours, such as `Europe/Berlin`.")] = "UTC"
    reserve: Annotated[list[ReserveTable], Meta(description="Slots that it keeps for some tasks.")] = []
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
    health: Annotated[
        list[str] | None,
        Meta(
            description="A program and its arguments, run every `health_every`: while it does not end well, in time, "
            "the agent is given nothing."
        ),
    ] = None
    health_every: Annotated[
        Span | None, Meta(description="How often `health` is run, and how long it may take; without it, 30 seconds.")
    ] = None
    env: Annotated[
        dict[str, str], Meta(description="Environment variables for its processes, on top of Rota's own.")
    ] = {}
    workspace: Annotated[
        Literal["worktree"] | None,
        Meta(
            description="`worktree`: each attempt of its command has a git worktree and a branch of its own, of the "
            "repository that fleet.toml lies in. See [coding-agents.md](coding-agents.md)."
        ),
    ] = None
    merge: Annotated[
        Annotated[str, Meta(min_length=1, max_length=KEY)] | None,
        Meta(description="With `workspace`: the branch that work begins at, and is merged into once it counts."),
    ] = None
    merge_by: Annotated[
        Literal["commit", "rebase"],
        Meta(description="How it is merged: with a merge commit, or its commits put on top of the branch."),
    ] = "commit"
    merge_check: Annotated[
        bool,
        Meta(
            description="Run `check` once more on what the merge makes, when that differs from what it has seen; it "
            "counts only if that passes."
        ),
    ] = True
    keep_failed: Annotated[
        bool, Meta(description="Keep the worktree of a failed attempt, in `.rota/kept`, instead of removing it.")
    ] = False
    limit: Annotated[
        Name | None,
        Meta(
            description="What its work is charged to at its provider, such as `anthropic:account`. An attempt that "
            "ends with exit code 75 and says when to come back stops all agents with the same one until then."
        ),
    ] = None
