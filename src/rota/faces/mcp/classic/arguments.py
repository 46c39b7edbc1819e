"""Checks of what a tool was called with, before anything is looked up. Standard library only.

Texts and order are those of taskqueue-mcp 1.4.1 for its own arguments; what Rota added is checked after them. Unknown
arguments are ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rota.faces.mcp.classic.errors import invalid, missing, unknown_tool

Arguments = dict[str, Any]

STATUSES = ("not started", "in progress", "done")
PRIORITIES = ("emergency", "critical", "high", "normal", "low")
ORDERINGS = ("parallel", "sequential")
RECOMMENDATIONS = ("toolRecommendations", "ruleRecommendations")
_TEXTS = ("kind", "role", "deadline", "tenant", "group", "ref")
_LISTS = ("dependsOn", "blocks")


def check(tool: str, arguments: object) -> Arguments:
    """The arguments a tool knows, each of the type it has to be; raises `ProtocolError`."""
    checked = CHECKS.get(tool)
    if checked is None:
        raise unknown_tool(tool)
    if not isinstance(arguments, dict):
        raise invalid("Invalid arguments: must be an object")
    return checked(arguments)


def text_of(given: Arguments, name: str, shown: str | None = None) -> str:
    """A text that must be there."""
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise missing(shown or name)
    return value


def maybe_text(given: Arguments, name: str) -> str | None:
    """A text, or nothing at all."""
    value: str | None = _maybe(given, name, str, "string")
    return value


def _maybe(given: Arguments, name: str, kind: type, expected: str) -> Any:
    value = given.get(name)
    if value is not None and not isinstance(value, kind):
        raise invalid(f"Invalid type for optional parameter '{name}' (Expected {expected})")
    return value


def _task(given: object, index: int) -> Arguments:
    if not isinstance(given, dict):
        raise invalid(f"Task at index {index} must be an object")
    where = f"in task at index {index}"
    found: Arguments = {name: text_of(given, name, f"{name} {where}") for name in ("title", "description")}
    for name in RECOMMENDATIONS:
        value = given.get(name)
        if value is not None and not isinstance(value, str):
            raise invalid(f"Invalid type for optional parameter '{name} {where}' (Expected string)")
        if value:
            found[name] = value
    return found | additions(given, f" {where}")


def tasks_of(given: Arguments) -> list[Arguments]:
    """The tasks to be created."""
    tasks = given.get("tasks")
    if not isinstance(tasks, list):
        raise missing("tasks", "array")
    return [_task(task, index) for index, task in enumerate(tasks)]


def additions(given: Arguments, where: str = "") -> Arguments:
    """What Rota knows of a task beyond taskqueue-mcp; what was left out is left out."""
    found: Arguments = {}
    for name in _TEXTS:
        if given.get(name) is not None:
            found[name] = text_of(given, name, f"{name}{where}")
    if given.get("priority") is not None:
        found["priority"] = _one_of(given, "priority", PRIORITIES, where)
    if given.get("estimate") is not None:
        found["estimate"] = _span(given["estimate"], where)
    if given.get("skills") is not None:
        found["skills"] = _skills(given["skills"], where)
    for name in _LISTS:
        if given.get(name) is not None:
            found[name] = _texts(given[name], f"{name}{where}")
    return found


def _one_of(given: Arguments, name: str, known: tuple[str, ...], where: str = "") -> str:
    value = given[name]
    if not isinstance(value, str) or value.lower() not in known:
        raise invalid(f"Invalid {name}{where}: must be one of {', '.join(repr(one) for one in known)}")
    return value.lower()


def _span(value: object, where: str) -> str | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise invalid(f"Invalid estimate{where}: must be seconds, or text such as '90s', '20m' or '2h'")
    return value


def _skills(value: object, where: str) -> dict[str, int]:
    """Levels by name; of a list of names each at level 1."""
    if isinstance(value, list) and all(isinstance(one, str) and one for one in value):
        return dict.fromkeys(value, 1)
    if isinstance(value, dict) and all(isinstance(one, int) and not isinstance(one, bool) for one in value.values()):
        return value
    raise invalid(f"Invalid skills{where}: must be a list of names, or an object of levels (1 to 100) by name")


def _texts(value: object, shown: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise invalid(f"Invalid {shown}: must be an array of strings")
    return value


def _state(given: Arguments) -> Arguments:
    """A list's filter; which values there are is checked by the tool, as a wrong one is its own kind of error."""
    return {} if given.get("state") is None else {"state": given["state"]}


def _project(given: Arguments) -> Arguments:
    return {"projectId": text_of(given, "projectId")}


def _project_and_task(given: Arguments) -> Arguments:
    return _project(given) | {"taskId": text_of(given, "taskId")}


def _create_project(given: Arguments) -> Arguments:
    found: Arguments = {"initialPrompt": text_of(given, "initialPrompt"), "tasks": tasks_of(given)}
    if (plan := maybe_text(given, "projectPlan")) is not None:
        found["projectPlan"] = plan
    if (approve := _maybe(given, "autoApprove", bool, "boolean")) is not None:
        found["autoApprove"] = approve
    if given.get("ordering") is not None:
        found["ordering"] = _one_of(given, "ordering", ORDERINGS)
    return found


def _create_task(given: Arguments) -> Arguments:
    found = _project(given) | {name: text_of(given, name) for name in ("title", "description")}
    for name in RECOMMENDATIONS:
        if value := maybe_text(given, name):
            found[name] = value
    return found | additions(given)


def _update_task(given: Arguments) -> Arguments:
    found = _project_and_task(given)
    for name in ("title", "description"):
        if given.get(name) is not None:
            found[name] = text_of(given, name)
    for name in RECOMMENDATIONS:
        if (value := given.get(name)) is not None:
            if not isinstance(value, str):
                raise invalid(f"Invalid {name}: must be a string")
            found[name] = value
    details = given.get("completedDetails")
    if given.get("status") is not None:
        found["status"] = _status(given["status"])
        if found["status"] == "done":
            details = text_of(given, "completedDetails", "completedDetails (required when status = 'done')")
    if isinstance(details, str) and details:
        found["completedDetails"] = details
    for name in ("agentId", "leaseToken"):
        if maybe_text(given, name):
            found[name] = given[name]
    return found | additions(given)


def _status(value: object) -> str:
    if not isinstance(value, str) or value not in STATUSES:
        raise invalid("Invalid status: must be one of 'not started', 'in progress', 'done'")
    return value


def _get_next_task(given: Arguments) -> Arguments:
    found = _project(given)
    for name in ("agentId", "role"):
        if maybe_text(given, name):
            found[name] = given[name]
    if given.get("skills") is not None:
        found["skills"] = _skills(given["skills"], "")
    return found


def _list_tasks(given: Arguments) -> Arguments:
    project = maybe_text(given, "projectId")
    return _state(given) | ({"projectId": project} if project else {})


def _generate_project_plan(given: Arguments) -> Arguments:
    found: Arguments = {name: text_of(given, name) for name in ("prompt", "provider", "model")}
    attachments = given.get("attachments")
    if attachments is not None and not isinstance(attachments, list):
        raise invalid("Invalid attachments: must be an array of strings")
    for index, one in enumerate(attachments or ()):
        if not isinstance(one, str):
            raise invalid(f"Invalid attachment at index {index}: must be a string")
    return found | {"attachments": attachments or []}


CHECKS: dict[str, Callable[[Arguments], Arguments]] = {
    "list_projects": _state,
    "read_project": _project,
    "create_project": _create_project,
    "delete_project": _project,
    "add_tasks_to_project": lambda given: _project(given) | {"tasks": tasks_of(given)},
    "finalize_project": _project,
    "generate_project_plan": _generate_project_plan,
    "list_tasks": _list_tasks,
    "read_task": _project_and_task,
    "create_task": _create_task,
    "update_task": _update_task,
    "delete_task": _project_and_task,
    "approve_task": _project_and_task,
    "get_next_task": _get_next_task,
}
