"""What `update_task` changes of a task besides its status: its words, its wishes, what waits for it."""

from __future__ import annotations

from typing import Any

from rota.faces.mcp.classic.arguments import RECOMMENDATIONS
from rota.faces.mcp.classic.errors import ToolError
from rota.faces.mcp.classic.late import Update
from rota.faces.mcp.classic.specs import EDITABLE, check_editable, held_by, priority_in, waits_also
from rota.faces.mcp.classic.states import DONE, GONE, IN_PROGRESS, NOT_STARTED
from rota.model import bounds, check
from rota.model.commands.read import GetTask
from rota.model.commands.submit import Describe, Edit
from rota.model.errors import RotaError

_EDITED = ("kind", "skills", "role", "deadline", "estimate", "group")


def changes_of(update: Update) -> list[Edit | Describe]:
    """The commands, of which all are to be done or none."""
    wishes, words = _wishes(update), _words(update)
    changes: list[Edit | Describe] = [Edit(task=update.task.id, **wishes)] if wishes else []
    changes += [
        waits_also(update.rota, blocked, [update.task.id])
        for blocked in dict.fromkeys(update.arguments.get("blocks", ()))
    ]
    return changes + ([Describe(task=update.task.id, **words)] if words else [])


def check_changes(update: Update) -> None:
    """Refuse what can be known to be refused, with words that fit it."""
    given, task = update.arguments, update.task
    if "tenant" in given:
        raise ToolError("tenant can only be given when a task is created; delete it and create it anew")
    _check_words(update)
    wishes = _wishes(update)
    opens = given.get("status") == NOT_STARTED and task.state in ("running", "review", "dead")
    if wishes and task.state not in EDITABLE and not opens:
        raise ToolError(f"{', '.join(wishes)} can not be changed while {task.id} is {task.state}")
    last = task.state == "running" and update.says_failed and task.attempts + 1 >= task.max_attempts
    if wishes and last:
        raise ToolError(f"{', '.join(wishes)} can not be changed with the last failure of {task.id}; report it alone")
    if given.get("status") in (IN_PROGRESS, DONE) or (given.get("status") == NOT_STARTED and update.says_failed):
        _refuse_to_take(update)
    for name in given.get("dependsOn", ()):
        _check_task(update, name)
    for name in given.get("blocks", ()):
        check_editable(update.rota, name)


def _check_words(update: Update) -> None:
    words, status, details = _words(update), update.arguments.get("status"), update.details
    if "title" in words:
        check.text(words["title"], "title", bounds.TITLE, empty=False)
    if "description" in words:
        check.text(words["description"], "description", bounds.DESCRIPTION)
    check.json_text(words.get("payload"), "payload", bounds.PAYLOAD_BYTES)
    if status == DONE:
        check.json_text(details, "completedDetails", bounds.RESULT_BYTES)
    elif status == NOT_STARTED:
        check.text(details, "completedDetails", bounds.NOTES if update.says_failed else bounds.REASON)


def _check_task(update: Update, name: str) -> None:
    try:
        update.rota.call(GetTask(task=name))
    except RotaError as error:
        raise ToolError(f"dependsOn: {error}") from None


def _refuse_to_take(update: Update) -> None:
    """Refuse what nobody can take up, whoever it is."""
    task = update.task
    if task.state in GONE:
        raise ToolError(f"Task {task.id} was {task.state}: {task.reason}; create it anew")
    if task.state == "asked":
        raise ToolError(f"Task {task.id} waits for the answer to a question: {task.question}")
    if task.state == "blocked" and "dependsOn" not in update.arguments:
        raise ToolError(f"Task {task.id} waits for {', '.join(task.after)}; finish those first or change its dependsOn")


def _words(update: Update) -> dict[str, Any]:
    given, task = update.arguments, update.task
    words: dict[str, Any] = {name: given[name] for name in ("title", "description") if name in given}
    advice = {name: given[name] for name in RECOMMENDATIONS if name in given}
    if advice:
        if task.payload is not None and not isinstance(task.payload, dict):
            raise ToolError(f"{task.id} has a payload that is no object, so it can not take recommendations")
        words["payload"] = {**(task.payload or {}), **advice}
    return words


def _wishes(update: Update) -> dict[str, Any]:
    given, task = update.arguments, update.task
    # What is so already is no wish: the call may come twice, or say once more what the task says.
    wishes: dict[str, Any] = {
        name: given[name] for name in _EDITED if name in given and given[name] != getattr(task, name)
    }
    priority = given.get("priority") or priority_in(given.get("ruleRecommendations"))
    if priority is not None and priority != task.priority:
        wishes["priority"] = priority
    if "dependsOn" in given and set(given["dependsOn"]) != set(task.after):
        wishes["after"] = [held_by(parent) for parent in dict.fromkeys(given["dependsOn"])]
    return wishes
