"""The variables by which a command agent sees its task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VARIABLES = {
    "ROTA_TASK_ID": ("id", "task"),
    "ROTA_TITLE": ("title",),
    "ROTA_KIND": ("kind",),
    "ROTA_QUEUE": ("queue",),
    "ROTA_PRIORITY": ("priority",),
    "ROTA_PROJECT": ("project",),
    "ROTA_TENANT": ("tenant",),
    "ROTA_ATTEMPT": ("attempt",),
    "ROTA_AGENT": ("agent",),
    "ROTA_SLOT": ("slot",),
    "ROTA_DEADLINE": ("deadline",),
    "ROTA_SESSION": ("session",),
    "ROTA_PREVIOUS_SESSION": ("previous_session",),
    "ROTA_WORKTREE": ("worktree",),
    "ROTA_BRANCH": ("branch",),
    "ROTA_BASE": ("base",),
}
"""Each variable and the fields of a task it is taken from, the first that is there."""


def task_environment(task: Mapping[str, Any]) -> dict[str, str]:
    """The `ROTA_*` variables of a task (the fields of a claim's answer), without those it has no value for.

    NUL, which no variable can hold, and halves of surrogate pairs become U+FFFD: the task itself, as it was
    written, is on the standard input.
    """
    found = {name: _first(task, fields) for name, fields in VARIABLES.items()}
    return {name: _text(value) for name, value in found.items() if value is not None}


def _first(task: Mapping[str, Any], fields: tuple[str, ...]) -> Any:
    return next((task[field] for field in fields if task.get(field) is not None), None)


def _text(value: Any) -> str:
    text = str(value).replace("\0", "\ufffd")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
