"""Who gets what: routing rules, assignments by hand, and asking who would be best."""

from __future__ import annotations

import msgspec

from rota.model.commands.read import RefusalView
from rota.model.priority import Priority
from rota.model.rule import Rule


class SetRules(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Replace all routing rules. They are applied to tasks submitted from then on; the first that matches counts."""

    rules: list[Rule]


class ListRules(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The routing rules, in their order."""


class RulePage(msgspec.Struct, kw_only=True):
    """The rules."""

    rules: list[Rule]


class Assign(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Let only this agent have these tasks, which nobody has now. Who decided it and why is on record.

    A task that asks for what the agent is not is refused. With `override` what stands in the way is left out: bans,
    levels, role, region, whatever. `unassign` brings all of it back.
    """

    tasks: list[str]
    agent: str
    by: str
    """Who decides it."""
    reason: str = ""
    override: bool = False


class Unassign(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """End an assignment: the tasks ask again for what they asked before, and go to whoever is best."""

    tasks: list[str]
    by: str
    reason: str = ""


class Match(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which agents would be best for such a task, before there is any: ranked as the plan would rank them."""

    n: int = 5
    """How many to recommend."""
    queue: str = "default"
    """Whose pool is asked."""
    kind: str = "task"
    priority: Priority = "normal"
    tenant: str = "default"
    skills: dict[str, int] = {}
    role: str | None = None
    regions: list[str] = []
    pin: str | None = None
    ban: list[str] = []
    resources: dict[str, float] = {}
    near: str | None = None
    max_cost: float | None = None
    affinity: str | None = None


class Recommended(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An agent that would do."""

    agent: str
    rank: int
    """1 is the best. Those that may take it now come before those that first have to end what they have."""
    score: float
    """By the pool's strategy; the least is the best."""
    parts: dict[str, float]
    """What each score term adds to it."""
    expected_s: float
    """How long it would probably take, seconds."""
    success: float
    """The share of its attempts at such work that probably succeed, 0 to 1."""
    running: int
    slots: int
    cost: float | None = None
    """What it would probably cost, where the agent has a price."""
    waits: RefusalView | None = None
    """Why it can not take it at this moment."""


class Matched(msgspec.Struct, kw_only=True):
    """The agents that would do, best first, and why each of the others would not."""

    strategy: str
    recommended: list[Recommended]
    refusals: dict[str, RefusalView]
    """By agent."""
