"""`assign_tasks`: the next tasks, each with the agent that is best for it, the token and the brief to pass on."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Annotated

import msgspec
from msgspec import Meta

from rota.faces.mcp.fence import fenced
from rota.faces.mcp.tool import Call, Hints, Reply, Tool
from rota.faces.mcp.worker.claim import MOST
from rota.faces.mcp.worker.handing import HandedTask, claimed
from rota.model.agent import AgentView
from rota.model.bounds import CLAIM
from rota.model.commands.read import AgentPage, Explain, Explanation, ListAgents, ListTasks, TaskPage
from rota.model.commands.work import Claim
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor

TOLD = 3
"""Waiting tasks whose reason is told when none was given."""


class AssignTasks(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    n: Annotated[int, Meta(ge=1, le=MOST, description="The most tasks to hand out.")] = 1
    agents: Annotated[
        list[str], Meta(max_length=CLAIM, description="The roster; left out: all of register_roster.")
    ] = []
    role: Annotated[str | None, Meta(description="With `agents` left out: only those of this role.")] = None
    pool: str = "default"
    project: Annotated[str | None, Meta(description="Only tasks of this project.")] = None
    tasks: Annotated[list[str], Meta(description="Only these tasks.")] = []
    wait: Annotated[float, Meta(ge=0, le=45, description="Seconds to wait for the first.")] = 0.0
    request: Annotated[str | None, Meta(description="A key: the same call again gets the same tasks.")] = None


class Assignments(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    assignments: list[HandedTask]
    free: dict[str, int] = {}
    """Agents that still have free slots, and how many."""
    reasons: dict[str, str] = {}
    """When none was given: for some of the waiting tasks why."""
    next: str = ""


def run(call: Call) -> Future[Reply]:
    """Claim for the whole roster at once, so that the plan chooses between its agents."""
    asked: AssignTasks = call.arguments
    agents = asked.agents or [agent.name for agent in _roster(call.distributor, asked)]
    if not agents:
        whom = f"of role {asked.role!r} " if asked.role else ""
        raise RotaError("no_agent", f"no agent {whom}is in pool {asked.pool!r}; call register_roster", field="agents")
    claim = Claim(
        agents=agents, n=asked.n, wait=asked.wait, project=asked.project, tasks=asked.tasks, request=asked.request
    )
    return claimed(call, claim, lambda tasks: _answer(call.distributor, asked, agents, tasks))


def _roster(distributor: Distributor, asked: AssignTasks) -> list[AgentView]:
    page: AgentPage = distributor.call(ListAgents(pool=asked.pool, limit=CLAIM))
    return [
        agent
        for agent in page.agents
        # One that is a process of its own takes its tasks itself: nobody would tell it of these.
        if agent.instance is None and agent.state == "active" and (asked.role is None or agent.role == asked.role)
    ]


def _answer(
    distributor: Distributor, asked: AssignTasks, agents: Sequence[str], tasks: list[HandedTask]
) -> Assignments:
    page: AgentPage = distributor.call(ListAgents(limit=CLAIM))
    named = frozenset(agents)
    free = {
        agent.name: agent.slots - agent.running
        for agent in page.agents
        if agent.name in named and agent.state == "active" and agent.running < agent.slots
    }
    if tasks:
        text = "Start each agent with its brief. It, or you for it, reports with the token."
        return Assignments(assignments=tasks, free=free, next=text)
    reasons = _reasons(distributor, asked)
    if not free:
        text = "Every agent is busy: wait for reports, or register more."
    elif reasons:
        text = "Tasks wait, but not for these agents now: see reasons."
    else:
        text = "No task is ready. Submit some, or ask distribution_status what the others wait for."
    return Assignments(assignments=[], free=free, reasons=reasons, next=text)


def _reasons(distributor: Distributor, asked: AssignTasks) -> dict[str, str]:
    page: TaskPage = distributor.call(ListTasks(state="ready", project=asked.project, limit=TOLD))
    reasons = {}
    for task in page.tasks:
        found: Explanation = distributor.call(Explain(task=task.id))
        reasons[task.id] = f"{found.reason}: {fenced(found.text, f'{task.id} explanation')}"
    return reasons


TOOL = Tool(
    name="assign_tasks",
    group="dispatcher",
    title="Assign tasks to agents",
    description="Hand out the next n tasks: each to the agent of the roster that is best for it, with a token and a "
    "brief to start that agent with. They are leased: nobody else gets them. Renew with heartbeat while agents work.",
    takes=AssignTasks,
    gives=Assignments,
    scope="route",
    hints=Hints(),
    run=run,
    example={"n": 4, "project": "proj-1"},
)
