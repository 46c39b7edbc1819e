"""`hold`, `drain` and `redrive`: taking work and agents out, and bringing them back."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.faces.mcp.dispatcher.changing import ChangedTasks, changed_tasks
from rota.faces.mcp.dispatcher.lists import AgentLine, agent_line
from rota.faces.mcp.tool import Call, Hints, Tool
from rota.model.bounds import PAGE
from rota.model.commands.fleet import Drain, PauseQueue, ResumeAgent, ResumeQueue
from rota.model.commands.read import GetAgent, ListTasks, TaskPage
from rota.model.commands.submit import Hold, Redrive, Unhold
from rota.model.errors import invalid

Release = Annotated[bool, Meta(description="True: end it instead.")]
Tasks = Annotated[list[str], Meta(max_length=PAGE)]


class HoldWork(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    tasks: Tasks = []
    queue: Annotated[str | None, Meta(description="A whole queue instead of tasks.")] = None
    reason: str = ""
    release: Release = False


def hold(call: Call) -> ChangedTasks:
    """Hold tasks or pause a queue; or the opposite."""
    asked: HoldWork = call.arguments
    if bool(asked.tasks) == (asked.queue is not None):
        raise invalid("tasks", "name tasks, or a queue; one of them")
    if asked.queue is not None:
        pause = PauseQueue(queue=asked.queue, reason=asked.reason)
        call.distributor.call(ResumeQueue(queue=asked.queue) if asked.release else pause)
        return ChangedTasks(tasks=[], queue=asked.queue)
    command = Unhold(tasks=asked.tasks) if asked.release else Hold(tasks=asked.tasks, reason=asked.reason)
    return changed_tasks(call.distributor.call(command))


class DrainAgent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    agent: str
    reason: str = ""
    release: Release = False


def drain(call: Call) -> AgentLine:
    """Give it nothing new; or again."""
    asked: DrainAgent = call.arguments
    call.distributor.call(
        ResumeAgent(agent=asked.agent) if asked.release else Drain(agent=asked.agent, reason=asked.reason)
    )
    return agent_line(call.distributor.call(GetAgent(agent=asked.agent)))


class RedriveTasks(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    tasks: Tasks = []
    queue: Annotated[str | None, Meta(description="All dead tasks of this queue instead, at most 1,000 a call.")] = None
    project: Annotated[str | None, Meta(description="All dead tasks of this project instead.")] = None


def redrive(call: Call) -> ChangedTasks:
    """Give dead tasks a new life."""
    asked: RedriveTasks = call.arguments
    if sum((bool(asked.tasks), asked.queue is not None, asked.project is not None)) != 1:
        raise invalid("tasks", "name tasks, or a queue, or a project; one of them")
    tasks = asked.tasks
    if not tasks:
        page: TaskPage = call.distributor.call(
            ListTasks(state="dead", queue=asked.queue, project=asked.project, limit=PAGE)
        )
        tasks = [task.id for task in page.tasks]
    if not tasks:
        return ChangedTasks(tasks=[], queue=asked.queue)
    return changed_tasks(call.distributor.call(Redrive(tasks=tasks)))


HOLD = Tool(
    name="hold",
    group="dispatcher",
    title="Hold work",
    description="Keep waiting tasks, or a whole queue, from being given out; release=true lets them go on at their old "
    "place. What agents have, they go on with.",
    takes=HoldWork,
    gives=ChangedTasks,
    scope="route",
    hints=Hints(idempotent=True),
    run=hold,
    example={"queue": "training", "reason": "the GPU node is down"},
)
DRAIN = Tool(
    name="drain",
    group="dispatcher",
    title="Drain an agent",
    description="Give an agent nothing new; what it has, it finishes. release=true ends that.",
    takes=DrainAgent,
    gives=AgentLine,
    scope="route",
    hints=Hints(idempotent=True),
    run=drain,
    example={"agent": "data-1", "reason": "new version"},
)
REDRIVE = Tool(
    name="redrive",
    group="dispatcher",
    title="Redrive dead tasks",
    description="Give dead tasks a new life with fresh attempts. First find out with explain_task why they died.",
    takes=RedriveTasks,
    gives=ChangedTasks,
    scope="route",
    hints=Hints(),
    run=redrive,
    example={"tasks": ["task-7"]},
)
