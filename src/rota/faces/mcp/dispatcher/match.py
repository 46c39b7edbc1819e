"""`match_agents` and `route_task`: who would be best, and deciding it by hand."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from rota.faces.mcp.dispatcher.refusals import told_of, told_view
from rota.faces.mcp.new_task import Skills, levels
from rota.faces.mcp.tool import Call, Hints, Tool
from rota.model.commands.read import GetTask
from rota.model.commands.route import Assign, Match, Matched, Recommended, Unassign
from rota.model.commands.submit import Changed
from rota.model.errors import RotaError, invalid
from rota.model.priority import Priority
from rota.model.task import TaskView

_OF_TASK = (
    "queue",
    "kind",
    "priority",
    "tenant",
    "skills",
    "role",
    "regions",
    "pin",
    "ban",
    "resources",
    "near",
    "max_cost",
)
REFUSED = 50
"""Agents that would not do that are named with the reason."""


class MatchAgents(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    task: Annotated[str | None, Meta(description="Match this task; or leave it out and say what would be needed.")] = (
        None
    )
    kind: str | None = None
    skills: Skills | None = None
    role: str | None = None
    priority: Priority | None = None
    queue: str | None = None
    tenant: str | None = None
    resources: dict[str, float] | None = None
    regions: list[str] | None = None
    ban: list[str] | None = None
    max_cost: float | None = None
    n: Annotated[int, Meta(ge=1, le=100)] = 5


class MatchedAgents(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    strategy: str
    recommended: list[Recommended]
    """Best first; `waits` says why one can not take it at this moment."""
    refused: dict[str, str] = {}
    """Why the others would not do."""


def match(call: Call) -> MatchedAgents:
    """Rank the agents as the plan would."""
    asked: MatchAgents = call.arguments
    wanted = {} if asked.task is None else _needs(call.distributor.call(GetTask(task=asked.task)))
    for name in MatchAgents.__struct_fields__:
        value = getattr(asked, name)
        if name not in ("task", "n", "skills") and value is not None:
            wanted[name] = value
    if asked.skills is not None:
        wanted["skills"] = levels(asked.skills)
    found: Matched = call.distributor.call(Match(n=asked.n, **wanted))
    refused = {agent: told_of(agent, f"{no.code}: {no.text}") for agent, no in list(found.refusals.items())[:REFUSED]}
    recommended = [
        one if one.waits is None else msgspec.structs.replace(one, waits=told_view(one.agent, one.waits))
        for one in found.recommended
    ]
    return MatchedAgents(strategy=found.strategy, recommended=recommended, refused=refused)


def _needs(task: TaskView) -> dict[str, Any]:
    return {name: getattr(task, name) for name in _OF_TASK}


class RouteTask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    task: str
    agent: Annotated[str | None, Meta(description="Who is to do it; left out: whoever is best, as before.")] = None
    reason: Annotated[str, Meta(description="Why, for the record.")] = ""
    override: Annotated[bool, Meta(description="Leave out role, skills and bans that stand in the way.")] = False
    by: Annotated[str | None, Meta(description="Who decides; left out: this session.")] = None


class Routed(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    task: str
    state: str
    agent: str | None = None
    """The only one that may do it now."""


def route(call: Call) -> Routed:
    """Assign it, or end an assignment."""
    asked: RouteTask = call.arguments
    by = asked.by or call.session.agent
    if asked.agent is None and asked.override:
        raise invalid("override", "goes with agent; name who is to do it")
    changed: Changed = call.distributor.call(
        Unassign(tasks=[asked.task], by=by, reason=asked.reason)
        if asked.agent is None
        else Assign(tasks=[asked.task], agent=asked.agent, by=by, reason=asked.reason, override=asked.override)
    )
    if asked.task in changed.refused:
        code, _, text = changed.refused[asked.task].partition(": ")
        raise RotaError(code, text or f"{asked.task} can not be routed now", field="task")
    view: TaskView = call.distributor.call(GetTask(task=asked.task))
    return Routed(task=view.id, state=view.state, agent=view.pin)


MATCH = Tool(
    name="match_agents",
    group="dispatcher",
    title="Match agents",
    description="Who would be best for a task, or for work that needs such skills, before it is given: ranked as the "
    "plan would, with expected time, success and cost. Changes nothing.",
    takes=MatchAgents,
    gives=MatchedAgents,
    scope="read",
    hints=Hints(reads=True),
    run=match,
    example={"skills": ["pytorch", "lora"], "role": "ai-engineer"},
)
ROUTE = Tool(
    name="route_task",
    group="dispatcher",
    title="Route a task",
    description="Decide by hand which agent a waiting task goes to, or without agent end such a decision. It is on "
    "record. assign_tasks then hands it out.",
    takes=RouteTask,
    gives=Routed,
    scope="route",
    hints=Hints(idempotent=True),
    run=route,
    example={"task": "task-7", "agent": "ai-1", "reason": "it knows the model"},
)
