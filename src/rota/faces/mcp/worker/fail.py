"""`fail_task`: an attempt that came to nothing, and what has to be before the next one."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.faces.mcp.new_task import Blocker
from rota.faces.mcp.tool import Call, Hints, Tool
from rota.faces.mcp.worker.blocked import block
from rota.faces.mcp.worker.holding import (
    Checkpoint,
    Cost,
    Notes,
    Standing,
    Task,
    Token,
    Usage,
    keep_checkpoint,
    state_of,
)
from rota.model.bounds import NOTES
from rota.model.commands.read import GetTask
from rota.model.commands.work import Fail, Failed, Judged
from rota.model.errors import invalid
from rota.model.task import TaskView
from rota.model.times import When

_NEXT = {
    "scheduled": "It is tried again later, first by another agent.",
    "ready": "It waits for its next attempt.",
    "dead": "It is dead: no further attempt until somebody redrives it.",
    "cancelled": "It was cancelled meanwhile.",
    "blocked": "It waits for the new tasks; no attempt was counted. If one of them ends badly it is held.",
}


class FailTask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    task: Task
    token: Token
    error: Annotated[
        str, Meta(min_length=1, max_length=NOTES, description="What went wrong; the next attempt reads it.")
    ]
    retryable: Annotated[bool, Meta(description="False: no attempt can ever succeed; it is dead at once.")] = True
    retry_at: Annotated[When | None, Meta(description="Not before: RFC 3339, or a span from now.")] = None
    limit: Annotated[
        str | None,
        Meta(description="With retry_at: a provider's limit that is used up; all its tasks wait, no attempt counts."),
    ] = None
    blocked_by: Annotated[
        list[Blocker], Meta(description="New tasks that have to be done first; submitted now, no attempt counts.")
    ] = []
    checkpoint: Checkpoint = None
    notes: Notes = None
    usage: Usage = {}
    cost: Cost = None


def run(call: Call) -> Standing:
    """Report it failed."""
    asked: FailTask = call.arguments
    outcome = Failed(
        task=asked.task,
        token=asked.token,
        error=asked.error,
        retryable=asked.retryable,
        retry_at=asked.retry_at,
        limit=asked.limit,
        notes=asked.notes,
        usage=asked.usage,
        cost=asked.cost,
    )
    _check(asked)
    keep_checkpoint(call, asked.task, asked.token, asked.checkpoint)
    if asked.blocked_by:
        ids = block(call.distributor, outcome, asked.blocked_by)
        call.session.ended([asked.task])
        return Standing(task=asked.task, state="blocked", next=_NEXT["blocked"], blocked_by=ids)
    judged: Judged = call.distributor.call(Fail(outcomes=[outcome]))
    state = state_of(judged, asked.task)
    call.session.ended([asked.task])
    view: TaskView = call.distributor.call(GetTask(task=asked.task))
    start = view.start if state == "scheduled" else None
    return Standing(task=asked.task, state=state, next=_NEXT.get(state, f"It is {state}."), start=start)


def _check(asked: FailTask) -> None:
    if asked.blocked_by and (not asked.retryable or asked.retry_at is not None or asked.limit is not None):
        raise invalid("blocked_by", "goes without retryable=false, retry_at and limit: the task waits for the new ones")


TOOL = Tool(
    name="fail_task",
    group="worker",
    title="Report a failed attempt",
    description="Report that an attempt failed and why. It is tried again with a growing pause, until its attempts are "
    "used up. Say blocked_by when other work has to be done first, limit and retry_at when a provider refused.",
    takes=FailTask,
    gives=Standing,
    scope="work",
    hints=Hints(),
    run=run,
    example={"task": "task-7", "token": "00f1e2d3c4b5a697", "error": "the GPU ran out of memory after 2 epochs"},
    renamed=(("outcomes[0].", ""), ("beats[0].", ""), ("tasks[", "blocked_by["), ("reason", "error")),
)
