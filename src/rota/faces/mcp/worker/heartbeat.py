"""`heartbeat`: the lease lives on; the answer says when to stop or to give way."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.faces.mcp.tool import Call, Hints, Tool
from rota.faces.mcp.worker.holding import Checkpoint, Cost, Notes, Task, Token, Usage, agent_of
from rota.model.commands.read import GetTask
from rota.model.commands.work import Beat, Heartbeat, Renewed
from rota.model.task import TaskView

GO_ON = "go on"
CANCEL = "stop: it was cancelled. Report within 30 s, with give_back_task; nothing of it is wanted any more"
PREEMPT = "give way: call give_back_task with a checkpoint within 30 s; a more urgent task needs the slot"
LOST = "drop it: the lease has ended, somebody else may have it. Report nothing"


class Also(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Another task of the same agent."""

    task: Task
    token: Token


class HeartbeatOf(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    task: Task
    token: Token
    progress: Annotated[float, Meta(ge=0, le=1)] | None = None
    notes: Notes = None
    checkpoint: Checkpoint = None
    usage: Usage = {}
    cost: Cost = None
    also: Annotated[list[Also], Meta(description="More tasks of the same agent to renew.")] = []
    agent: Annotated[str | None, Meta(description="Left out: whoever has the task.")] = None


class Beaten(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    do: dict[str, str]
    """For each task what to do now: `go on`, or how and why to stop."""
    renewed: list[str] = []
    lost: list[str] = []
    cancel: list[str] = []
    preempt: list[str] = []
    until: str | None = None
    """When the lease of `task` ends now."""


def run(call: Call) -> Beaten:
    """Renew the leases."""
    asked: HeartbeatOf = call.arguments
    beats = [
        Beat(
            task=asked.task,
            token=asked.token,
            progress=asked.progress,
            notes=asked.notes,
            checkpoint=asked.checkpoint,
            usage=asked.usage,
            cost=asked.cost,
        ),
        *(Beat(task=one.task, token=one.token) for one in asked.also),
    ]
    agent = agent_of(call, asked.task, asked.agent)
    found: Renewed = call.distributor.call(Heartbeat(agent=agent, beats=beats))
    call.session.ended(found.lost)
    orders = [(found.renewed, GO_ON), (found.cancel, CANCEL), (found.preempt, PREEMPT), (found.lost, LOST)]
    do = {task: order for tasks, order in orders for task in tasks}
    until = None
    if asked.task in found.renewed:
        view: TaskView = call.distributor.call(GetTask(task=asked.task))
        until = view.until
    return Beaten(
        do=do, renewed=found.renewed, lost=found.lost, cancel=found.cancel, preempt=found.preempt, until=until
    )


TOOL = Tool(
    name="heartbeat",
    group="worker",
    title="Renew a lease",
    description="Say that you still work on a task, and how far you are. Call it well within term_s. Heed `do` in the "
    "answer: it may tell you to stop or to give way.",
    takes=HeartbeatOf,
    gives=Beaten,
    scope="work",
    hints=Hints(idempotent=True),
    run=run,
    example={"task": "task-7", "token": "00f1e2d3c4b5a697", "progress": 0.4},
    renamed=(("beats[0].", ""),),
)
