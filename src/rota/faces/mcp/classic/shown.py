"""Tasks as the classic tools show them."""

from __future__ import annotations

import json
from typing import Any

from rota.faces.mcp.classic.arguments import RECOMMENDATIONS
from rota.faces.mcp.classic.states import DONE, REOPENED, THEIRS, is_approved
from rota.model.task import TaskView


def task_shown(task: TaskView, status: str | None = None) -> dict[str, Any]:
    """The task with its keys in the order of taskqueue-mcp, then what Rota knows beyond it and is not as usual.

    `status` replaces the one that follows from its state.
    """
    theirs = THEIRS[task.state]
    shown: dict[str, Any] = {
        "id": task.id,
        "title": task.title,
        "description": task.description or "",
        "status": status or theirs.status,
        "approved": theirs.approved,
        "completedDetails": details_of(task),
        **recommendations_of(task.payload),
    }
    if task.priority != "normal":
        shown["priority"] = task.priority
    if task.promoted is not None:
        shown["promotedTo"] = task.promoted
    if task.kind != "task":
        shown["kind"] = task.kind
    for key, value in (
        ("skills", task.skills),
        ("role", task.role),
        ("deadline", task.deadline),
        ("estimate", task.estimate),
        ("group", task.group),
        ("dependsOn", task.after),
        ("agent", task.agent),
    ):
        if value:
            shown[key] = value
    if task.tenant != "default":
        shown["tenant"] = task.tenant
    if theirs.shown:
        shown["state"] = task.state
    return shown


def brief_shown(task: TaskView) -> dict[str, Any]:
    """The task as `approve_task` answers it."""
    shown = task_shown(task)
    return {key: shown[key] for key in ("id", "title", "description", "completedDetails")} | {
        "approved": is_approved(task)
    }


def details_of(task: TaskView) -> str:
    """What its agent said when it was done; else why it is not, else what was said of it when it was done before."""
    said = text_of_result(task.result)
    if THEIRS[task.state].status == DONE:
        return said
    reason = task.reason or ""
    return said if reason.removeprefix("rejected: ") in ("", REOPENED) else reason


def text_of_result(result: Any) -> str:
    """A result as text: what agents of other faces reported may be any JSON."""
    if result is None:
        return ""
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)


def recommendations_of(payload: Any) -> dict[str, str]:
    """The recommendations, where there are any."""
    if not isinstance(payload, dict):
        return {}
    return {name: payload[name] for name in RECOMMENDATIONS if isinstance(payload.get(name), str)}
