"""`ask`: a question that has to be answered before the work can go on."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.faces.mcp.tool import Call, Hints, Tool
from rota.faces.mcp.worker.holding import Checkpoint, Standing, Task, Token, state_of
from rota.model.bounds import NOTES
from rota.model.commands.work import Ask, Judged


class AskAbout(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    task: Task
    token: Token
    question: Annotated[str, Meta(min_length=1, max_length=NOTES)]
    checkpoint: Checkpoint = None


def run(call: Call) -> Standing:
    """Ask, and let go of the task."""
    asked: AskAbout = call.arguments
    judged: Judged = call.distributor.call(
        Ask(task=asked.task, token=asked.token, question=asked.question, checkpoint=asked.checkpoint)
    )
    state = state_of(judged, asked.task)
    call.session.ended([asked.task])
    text = "It was cancelled." if state == "cancelled" else "Go on with others: the answer makes it yours first again."
    return Standing(task=asked.task, state=state, next=text)


TOOL = Tool(
    name="ask",
    group="worker",
    title="Ask about a task",
    description="Ask a person or the dispatcher about a task. Your slot is free meanwhile; the task waits for the "
    "answer and then comes to you first. Send a checkpoint of what you have.",
    takes=AskAbout,
    gives=Standing,
    scope="work",
    hints=Hints(),
    run=run,
    example={"task": "task-7", "token": "00f1e2d3c4b5a697", "question": "May I drop clips under 5 s?"},
)
