"""How a command agent talks to Rota: task as JSON on stdin, answer as JSON on stdout, an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import NotRequired, TypedDict

DONE = 0
BAD_TASK = 65
"""Nobody can ever do this task: it becomes a dead letter at once. Any other code is a failed attempt."""


class Parent(TypedDict):
    """A task that had to end before this one, with what it answered."""

    id: str
    title: str
    state: str
    result: object
    reason: NotRequired[str | None]


class Task(TypedDict):
    """The parts of a task that these agents read."""

    id: str
    kind: str
    attempt: int
    payload: dict[str, object]
    parents: list[Parent]


class BadTask(Exception):
    """The task can never succeed; the text says why."""


def serve(work: Callable[[Task], object]) -> int:
    """Read one task, do it, write the answer. Any exception but `BadTask` is a failed attempt."""
    try:
        answer = work(json.load(sys.stdin))
    except BadTask as why:
        print(why, file=sys.stderr)
        return BAD_TASK
    json.dump(answer, sys.stdout)
    return DONE


def text(task: Task, field: str) -> str:
    """A text of the task's payload."""
    value = task["payload"].get(field)
    if isinstance(value, str):
        return value
    raise BadTask(f"payload.{field} must be a text, not {value!r}")


def texts(task: Task, field: str) -> list[str]:
    """A list of texts of the task's payload."""
    value = task["payload"].get(field)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    raise BadTask(f"payload.{field} must be a list of texts, not {value!r}")
