"""`reject_task` and `answer`: what people and dispatchers say to a task. Approving is the classic tool's."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.faces.mcp.dispatcher.changing import ChangedTasks, changed_tasks
from rota.faces.mcp.tool import Call, Hints, Tool
from rota.model.bounds import NOTES, REASON
from rota.model.commands.work import Answer, Reject


class RejectTask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    task: str
    reason: Annotated[
        str, Meta(min_length=1, max_length=REASON, description="What is to be better; the next attempt reads it.")
    ]


def reject(call: Call) -> ChangedTasks:
    """Send it back."""
    asked: RejectTask = call.arguments
    return changed_tasks(call.distributor.call(Reject(task=asked.task, reason=asked.reason)))


class AnswerTask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    task: str
    answer: Annotated[str, Meta(min_length=1, max_length=NOTES)]


def answer(call: Call) -> ChangedTasks:
    """Answer the question it waits with."""
    asked: AnswerTask = call.arguments
    return changed_tasks(call.distributor.call(Answer(task=asked.task, answer=asked.answer)))


REJECT = Tool(
    name="reject_task",
    group="dispatcher",
    title="Reject a result",
    description="Send a result under review back with the reason: the task is tried again and the reason goes with it. "
    "approve_task lets it count.",
    takes=RejectTask,
    gives=ChangedTasks,
    scope="approve",
    hints=Hints(),
    run=reject,
    example={"task": "task-7", "reason": "WER is 9 %, the goal is 7 %"},
)
ANSWER = Tool(
    name="answer",
    group="dispatcher",
    title="Answer a question",
    description="Answer what an agent asked about a task: it goes on, with the same agent first.",
    takes=AnswerTask,
    gives=ChangedTasks,
    scope="approve",
    hints=Hints(),
    run=answer,
    example={"task": "task-7", "answer": "Yes, drop them."},
)
