"""`complete_task`: done, with the result."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from rota.faces.mcp.tool import Call, Hints, Tool
from rota.faces.mcp.worker.holding import Cost, Notes, Standing, Task, Token, Usage, state_of
from rota.model.commands.work import Complete, Done, Judged

_NEXT = {
    "review": "A reviewer looks at it; if it is rejected it comes back with the reason.",
    "cancelled": "It was cancelled meanwhile; the result is not kept.",
}


class CompleteTask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    task: Task
    token: Token
    result: Annotated[Any, Meta(description="Any JSON; tasks that wait for this one are handed it.")] = None
    notes: Notes = None
    usage: Usage = {}
    cost: Cost = None


def run(call: Call) -> Standing:
    """Report it done."""
    asked: CompleteTask = call.arguments
    outcome = Done(
        task=asked.task, token=asked.token, result=asked.result, notes=asked.notes, usage=asked.usage, cost=asked.cost
    )
    judged: Judged = call.distributor.call(Complete(outcomes=[outcome]))
    state = state_of(judged, asked.task)
    call.session.ended([asked.task])
    return Standing(task=asked.task, state=state, next=_NEXT.get(state, "It is done. Claim the next one."))


TOOL = Tool(
    name="complete_task",
    group="worker",
    title="Complete a task",
    description="Report a task done, with its result. A late report (lease_lost) is refused: then drop the work.",
    takes=CompleteTask,
    gives=Standing,
    scope="work",
    hints=Hints(),
    run=run,
    example={"task": "task-7", "token": "00f1e2d3c4b5a697", "result": "1,847 clips, 98.2 % pass the check"},
    renamed=(("outcomes[0].", ""),),
)
