"""`explain_task` and `explain_agent`: why a task waits or went where it did, what an agent would get next."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from rota.faces.mcp.dispatcher.refusals import told, told_of
from rota.faces.mcp.fence import fenced, maybe_fenced
from rota.faces.mcp.tool import Call, Hints, Tool
from rota.model.commands.read import (
    AgentExplanation,
    Explain,
    ExplainAgent,
    Explanation,
    GetHistory,
    NextTask,
    OrderView,
    RefusedWork,
    TaskHistory,
)

ATTEMPTS = 10
"""Attempts told, the newest."""


class ExplainTask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    task: str


class Tried(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An attempt."""

    number: int
    agent: str
    outcome: str
    started: str
    ended: str | None = None
    error: str | None = None
    notes: str | None = None


class ExplainedTask(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    task: str
    title: str
    state: str
    reason: str
    """A stable code: `slot`, `paused`, `limit:KEY`, `nobody:...`, `blocked`, `running`, ..."""
    text: str
    order: OrderView | None = None
    """Its place in the order of work, and when it will probably start."""
    agents: dict[str, str] = {}
    """For each agent `may`, or why not."""
    waiting_for: list[str] = []
    ahead: int | None = None
    why: dict[str, Any] = {}
    """For a task in somebody's hands: why that agent."""
    attempts: list[Tried] = []
    question: str | None = None
    result: str | None = None


def explain_task(call: Call) -> ExplainedTask:
    """The plan's own reasons, with the story of the task."""
    asked: ExplainTask = call.arguments
    found: Explanation = call.distributor.call(Explain(task=asked.task))
    story: TaskHistory = call.distributor.call(GetHistory(task=asked.task))
    task = story.task
    return ExplainedTask(
        task=task.id,
        title=fenced(task.title, f"{task.id} title"),
        state=found.state,
        reason=found.reason,
        text=fenced(found.text, f"{task.id} explanation"),
        order=found.order,
        agents={name: told_of(name, reason) for name, reason in found.agents.items()},
        waiting_for=found.waiting_for,
        ahead=found.ahead,
        why=found.why,
        attempts=[
            Tried(
                number=one.number,
                agent=one.agent,
                outcome=one.outcome,
                started=one.started,
                ended=one.ended,
                error=maybe_fenced(one.error, f"{task.id} attempt {one.number} error"),
                notes=maybe_fenced(one.notes, f"{task.id} attempt {one.number} notes"),
            )
            for one in story.attempts[-ATTEMPTS:]
        ],
        question=maybe_fenced(task.question, f"{task.id} question"),
        result=maybe_fenced(task.result, f"{task.id} result"),
    )


class ExplainOneAgent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    agent: str
    limit: Annotated[int, Meta(ge=1, le=100, description="How many of its next tasks.")] = 10


class ExplainedAgent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    agent: str
    slots: int
    running: int
    next: list[NextTask]
    refused: list[RefusedWork]
    """What waits and is not for it, and why."""
    barred: str | None = None
    """Why it gets nothing at all now."""


def explain_agent(call: Call) -> ExplainedAgent:
    """What it would be given next, and what it is refused."""
    asked: ExplainOneAgent = call.arguments
    found: AgentExplanation = call.distributor.call(ExplainAgent(agent=asked.agent, limit=asked.limit))
    return ExplainedAgent(
        agent=found.agent,
        slots=found.slots,
        running=found.running,
        next=found.next,
        refused=[
            msgspec.structs.replace(one, text=told(one.code, one.text, f"queue {one.queue} reason"))
            for one in found.refused[: asked.limit]
        ],
        barred=maybe_fenced(found.barred, f"agent {found.agent} reason"),
    )


TASK = Tool(
    name="explain_task",
    group="dispatcher",
    title="Explain a task",
    description="Why a task waits, where it stands and when it will probably start, or why its agent got it; with its "
    "attempts, question and result.",
    takes=ExplainTask,
    gives=ExplainedTask,
    scope="read",
    hints=Hints(reads=True),
    run=explain_task,
    example={"task": "task-7"},
)
AGENT = Tool(
    name="explain_agent",
    group="dispatcher",
    title="Explain an agent",
    description="What an agent would be given next, and which waiting work is not for it and why.",
    takes=ExplainOneAgent,
    gives=ExplainedAgent,
    scope="read",
    hints=Hints(reads=True),
    run=explain_agent,
    example={"agent": "data-1"},
)
