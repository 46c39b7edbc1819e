"""The tools about tasks: what they answer of a document, and how they change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rota.faces.mcp.classic.arguments import RECOMMENDATIONS, Arguments
from rota.faces.mcp.classic.errors import ToolError
from rota.faces.mcp.file_mode.document import Document, Project, Task
from rota.faces.mcp.file_mode.filters import chosen

FILTERS: dict[str, Callable[[Task], bool]] = {
    "open": lambda task: not task.get("approved"),
    "pending_approval": lambda task: is_done(task) and not task.get("approved"),
    "completed": lambda task: is_done(task) and bool(task.get("approved")),
    "all": lambda _task: True,
}


def is_done(task: Task) -> bool:
    """Whether somebody said it is done; that needs no approval."""
    return bool(task.get("status") == "done")


def project_of(document: Document, given: Arguments) -> Project:
    """The project that is named, finalized or not."""
    named = given["projectId"]
    projects: list[Project] = document["projects"]
    for project in projects:
        if project["projectId"] == named:
            return project
    raise ToolError(f"Project {named} not found")


def open_project_of(document: Document, given: Arguments) -> Project:
    """The project that is named, which must not be finalized."""
    project = project_of(document, given)
    if project.get("completed"):
        raise ToolError("Project is already completed")
    return project


def _task_of(project: Project, given: Arguments) -> Task:
    named = given["taskId"]
    tasks: list[Task] = project["tasks"]
    for task in tasks:
        if task["id"] == named:
            return task
    raise ToolError(f"Task {named} not found")


def listed(document: Document, given: Arguments) -> dict[str, Any]:
    """`list_tasks`: of one project, or of all."""
    fits = chosen(FILTERS, given)
    projects = [project_of(document, given)] if "projectId" in given else document["projects"]
    tasks = [task for project in projects for task in project["tasks"] if fits(task)]
    where = f" for project {given['projectId']}" if "projectId" in given else ""
    return {"message": f"Tasks in the system{where}:\n{len(tasks)} tasks found.", "tasks": tasks}


def read(document: Document, given: Arguments) -> dict[str, Any]:
    """`read_task`."""
    project = project_of(document, given)
    return {"projectId": project["projectId"], "task": _task_of(project, given)}


def update(document: Document, given: Arguments, *, strict: bool = False) -> dict[str, Any]:
    """`update_task`: from any status to any other. Details are taken with the status `done` only, and stay after it."""
    project = open_project_of(document, given)
    task = _task_of(project, given)
    if task.get("approved"):
        raise ToolError("Cannot modify an approved task")
    done = given.get("status") == "done"
    for key in ("title", "description", *RECOMMENDATIONS, *(("completedDetails",) if done else ()), "status"):
        if key in given:
            task[key] = given[key]
    if done and strict and project.get("autoApprove") is True:
        task["approved"] = True
    answer: dict[str, Any] = {"task": task}
    if done and project.get("autoApprove") is False:
        answer["message"] = (
            "Task marked as done but requires human approval.\n"
            f"To approve, user should run: npx taskqueue approve-task -- {given['projectId']} {given['taskId']}"
        )
    return answer


def delete(document: Document, given: Arguments) -> dict[str, Any]:
    """`delete_task`."""
    project = open_project_of(document, given)
    task = _task_of(project, given)
    if task.get("approved"):
        raise ToolError("Cannot delete an approved task")
    # By itself: another may be equal to it.
    del project["tasks"][next(i for i, one in enumerate(project["tasks"]) if one is task)]
    return {"message": f"Task {given['taskId']} deleted from project {given['projectId']}"}


def approve(document: Document, given: Arguments) -> dict[str, Any]:
    """`approve_task`, in a finalized project too."""
    project = project_of(document, given)
    task = _task_of(project, given)
    if not is_done(task):
        raise ToolError("Task not done yet")
    if task.get("approved"):
        raise ToolError("Task is already approved")
    task["approved"] = True
    shown: Task = {key: task[key] for key in ("id", "title", "description") if key in task}
    shown |= {"completedDetails": task.get("completedDetails", ""), "approved": True}
    return {"projectId": project["projectId"], "task": shown}
