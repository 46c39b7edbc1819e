"""A call of one of the tools on a file, from its arguments to its result."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from rota.faces.mcp.classic.answers import result
from rota.faces.mcp.classic.arguments import Arguments, check
from rota.faces.mcp.classic.errors import ToolError, failed
from rota.faces.mcp.file_mode import projects, tasks
from rota.faces.mcp.file_mode.access import change, look
from rota.faces.mcp.file_mode.document import Document
from rota.faces.mcp.file_mode.next_task import next_task

KNOWN = frozenset(
    {
        "state", "projectId", "initialPrompt", "projectPlan", "autoApprove", "tasks", "taskId", "title", "description",
        "toolRecommendations", "ruleRecommendations", "status", "completedDetails", "prompt", "provider", "model",
        "attachments",
    }
)  # fmt: skip
"""The arguments of taskqueue-mcp. What Rota knows beyond them has no place in its file and is ignored, right or not."""

GENERATE = "generate_project_plan"

Tool = Callable[[Document, Arguments], dict[str, Any]]


class Place(NamedTuple):
    """The file, and how its projects are read."""

    path: str
    strict: bool = False
    """Take `autoApprove` at its word: true approves what is done, left out is by hand."""


_READING: dict[str, Tool] = {
    "list_projects": projects.listed,
    "read_project": projects.read,
    "list_tasks": tasks.listed,
    "read_task": tasks.read,
    "get_next_task": next_task,
}
_CHANGING: dict[str, Tool] = {
    "delete_project": projects.delete,
    "add_tasks_to_project": projects.add_tasks,
    "finalize_project": projects.finalize,
    "create_task": projects.add_task,
    "delete_task": tasks.delete,
    "approve_task": tasks.approve,
}


def call(place: Place, name: str, arguments: object) -> dict[str, Any]:
    """The result of a tool, which may say that it could not be done; raises `ProtocolError` for a call that is wrong.

    What a result says was done is on disk.
    """
    checked = check(name, _known(arguments))
    try:
        return result(_answer(place, name, checked))
    except ToolError as error:
        return failed(error)


def _answer(place: Place, name: str, given: Arguments) -> dict[str, Any]:
    if name in _READING:
        return look(place.path, lambda document: _READING[name](document, given))
    if name == GENERATE:
        from rota.faces.mcp.classic.generate import project_of  # loads what speaks HTTPS

        name, given = "create_project", project_of(given)
    return change(place.path, lambda document: _tool(place, name)(document, given))


def _tool(place: Place, name: str) -> Tool:
    if name == "create_project":
        return partial(projects.create, strict=place.strict)
    if name == "update_task":
        return partial(tasks.update, strict=place.strict)
    return _CHANGING[name]


def _known(arguments: object) -> object:
    if not isinstance(arguments, dict):
        return arguments
    found = {key: value for key, value in arguments.items() if key in KNOWN}
    if isinstance(found.get("tasks"), list):
        found["tasks"] = [_known(task) for task in found["tasks"]]
    return found
