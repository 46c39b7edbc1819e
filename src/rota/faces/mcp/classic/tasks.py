"""The tools about single tasks, but for `update_task` and `get_next_task`."""

from __future__ import annotations

from typing import Any

from rota.faces.mcp.asking import Asking
from rota.faces.mcp.classic.arguments import Arguments
from rota.faces.mcp.classic.errors import ToolError
from rota.faces.mcp.classic.lookup import (
    changeable_task_of,
    open_project_of,
    project_of,
    projects_of,
    task_of,
    tasks_of,
)
from rota.faces.mcp.classic.projects import WRONG_STATE, add_tasks_to_project
from rota.faces.mcp.classic.shown import brief_shown, task_shown
from rota.faces.mcp.classic.states import DONE, TASK_STATES, THEIRS, is_approved
from rota.model.commands.fleet import RemoveFromProject
from rota.model.commands.work import Approve


def list_tasks(rota: Asking, arguments: Arguments) -> dict[str, Any]:
    """Tasks of one project or of all, in the order they were created."""
    state, one = arguments.get("state", "all"), arguments.get("projectId")
    if not isinstance(state, str) or state not in TASK_STATES:
        raise ToolError(WRONG_STATE)
    projects = projects_of(rota) if one is None else [project_of(rota, one)]
    tasks = [task for project in projects for task in tasks_of(rota, project.id) if TASK_STATES[state](task)]
    where = "" if one is None else f" for project {one}"
    message = f"Tasks in the system{where}:\n{len(tasks)} tasks found."
    return {"message": message, "tasks": [task_shown(task) for task in tasks]}


def read_task(rota: Asking, arguments: Arguments) -> dict[str, Any]:
    """One task."""
    project = project_of(rota, arguments["projectId"])
    return {"projectId": project.id, "task": task_shown(task_of(rota, project, arguments["taskId"]))}


def create_task(rota: Asking, arguments: Arguments) -> dict[str, Any]:
    """One more task for an open project."""
    one = {"projectId": arguments["projectId"], "tasks": [arguments], "request": arguments.get("request")}
    return add_tasks_to_project(rota, one)


def delete_task(rota: Asking, arguments: Arguments) -> dict[str, Any]:
    """Take a task out of its project; whatever waited for it waits no longer."""
    project = open_project_of(rota, arguments["projectId"])
    task = changeable_task_of(rota, project, arguments["taskId"], "delete")
    rota.call(RemoveFromProject(project=project.id, tasks=[task.id]))
    return {"message": f"Task {arguments['taskId']} deleted from project {arguments['projectId']}"}


def approve_task(rota: Asking, arguments: Arguments) -> dict[str, Any]:
    """Let a done task count."""
    project = project_of(rota, arguments["projectId"])
    task = task_of(rota, project, arguments["taskId"])
    if is_approved(task):
        raise ToolError("Task is already approved")
    if THEIRS[task.state].status != DONE:
        raise ToolError("Task not done yet")
    rota.call(Approve(tasks=[task.id]))
    after = task_of(rota, project, task.id)
    if not is_approved(after):
        raise ToolError("Task not done yet")  # sent back in the meantime
    return {"projectId": project.id, "task": brief_shown(after)}
