"""`give_back_task`: unfinished, for somebody else."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.faces.mcp.tool import Call, Hints, Tool
from rota.faces.mcp.worker.holding import Checkpoint, Standing, Task, Token, keep_checkpoint, state_of
from rota.model.commands.work import GiveBack, Held, Judged


class GiveBackTask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    task: Task
    token: Token
    reason: Annotated[str, Meta(description="Why, for the record.")] = ""
    checkpoint: Checkpoint = None


def run(call: Call) -> Standing:
    """Hand it back."""
    asked: GiveBackTask = call.arguments
    keep_checkpoint(call, asked.task, asked.token, asked.checkpoint)
    held = Held(task=asked.task, token=asked.token)
    judged: Judged = call.distributor.call(GiveBack(tasks=[held], reason=asked.reason))
    state = state_of(judged, asked.task)
    call.session.ended([asked.task])
    text = "It was cancelled." if state == "cancelled" else "It is at its old place again; no attempt was counted."
    return Standing(task=asked.task, state=state, next=text)


TOOL = Tool(
    name="give_back_task",
    group="worker",
    title="Give a task back",
    description="Hand a task back unfinished: it keeps its place and no attempt is counted. For work you can not or "
    "should not go on with; for work that went wrong use fail_task.",
    takes=GiveBackTask,
    gives=Standing,
    scope="work",
    hints=Hints(),
    run=run,
    example={"task": "task-7", "token": "00f1e2d3c4b5a697", "reason": "I am shutting down"},
    renamed=(("tasks[0].", ""), ("beats[0].", "")),
)
