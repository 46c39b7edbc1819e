"""The tools about projects: what they answer of a document, and how they change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rota.faces.mcp.classic.arguments import RECOMMENDATIONS, Arguments
from rota.faces.mcp.classic.errors import ToolError
from rota.faces.mcp.file_mode.document import Document, Project, Task
from rota.faces.mcp.file_mode.filters import chosen
from rota.faces.mcp.file_mode.ids import PROJECT, TASK, next_project, next_task
from rota.faces.mcp.file_mode.tasks import is_done, open_project_of, project_of


def _all_done(project: Project) -> bool:
    return all(is_done(task) for task in project["tasks"])


FILTERS: dict[str, Callable[[Project], bool]] = {
    "open": lambda project: not project.get("completed"),
    "pending_approval": lambda project: not project.get("completed") and _all_done(project),
    "completed": lambda project: bool(project.get("completed")),
    "all": lambda _project: True,
}


def listed(document: Document, given: Arguments) -> dict[str, Any]:
    """`list_projects`."""
    fits = chosen(FILTERS, given)
    return {
        "message": "Current projects in the system:",
        "projects": [_counted(project) for project in document["projects"] if fits(project)],
    }


def _counted(project: Project) -> dict[str, Any]:
    tasks = project["tasks"]
    return {
        **_those(project, "projectId", "initialPrompt"),
        "totalTasks": len(tasks),
        "completedTasks": sum(is_done(task) for task in tasks),
        "approvedTasks": sum(bool(task.get("approved")) for task in tasks),
    }


def read(document: Document, given: Arguments) -> dict[str, Any]:
    """`read_project`: what the file does not say is left out."""
    project = project_of(document, given)
    return _those(project, "projectId", "initialPrompt", "projectPlan", "completed", "autoApprove", "tasks")


def _those(value: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value[key] for key in keys if key in value}


def create(document: Document, given: Arguments, *, strict: bool = False) -> dict[str, Any]:
    """`create_project`: without `autoApprove` it is stored as true, or as false where it is taken at its word."""
    number = next_project(document)
    tasks = _new_tasks(document, given["tasks"])
    project: Project = {
        "projectId": f"{PROJECT}{number}",
        "initialPrompt": given["initialPrompt"],
        "projectPlan": given.get("projectPlan") or given["initialPrompt"],
        "tasks": tasks,
        "completed": False,
        "autoApprove": given.get("autoApprove", not strict),
    }
    document["projects"].append(project)
    return {
        "projectId": project["projectId"],
        "totalTasks": len(tasks),
        "tasks": [_named(task) for task in tasks],
        "message": f"Project {project['projectId']} created with {len(tasks)} tasks.",
    }


def _new_tasks(document: Document, specs: list[Arguments]) -> list[Task]:
    first = next_task(document)
    return [
        {
            "id": f"{TASK}{number}",
            "title": spec["title"],
            "description": spec["description"],
            "status": "not started",
            "approved": False,
            "completedDetails": "",
            **_those(spec, *RECOMMENDATIONS),
        }
        for number, spec in enumerate(specs, first)
    ]


def _named(task: Task) -> dict[str, Any]:
    return _those(task, "id", "title", "description")


def delete(document: Document, given: Arguments) -> dict[str, Any]:
    """`delete_project`, finalized or not."""
    named = given["projectId"]
    index = next((i for i, project in enumerate(document["projects"]) if project["projectId"] == named), None)
    if index is None:
        raise ToolError(f"Project not found: {named}")
    del document["projects"][index]
    return {"status": "project_deleted", "message": f"Project {named} has been deleted."}


def add_tasks(document: Document, given: Arguments) -> dict[str, Any]:
    """`add_tasks_to_project`."""
    project = open_project_of(document, given)
    tasks = _new_tasks(document, given["tasks"])
    project["tasks"] += tasks
    return {
        "newTasks": [_named(task) for task in tasks],
        "message": f"Added {len(tasks)} tasks to project {given['projectId']}",
    }


def add_task(document: Document, given: Arguments) -> dict[str, Any]:
    """`create_task`: the same with one."""
    return add_tasks(document, {"projectId": given["projectId"], "tasks": [given]})


def finalize(document: Document, given: Arguments) -> dict[str, Any]:
    """`finalize_project`: all done and approved, or empty."""
    project = open_project_of(document, given)
    if not _all_done(project):
        raise ToolError("Not all tasks are done")
    if not all(task.get("approved") for task in project["tasks"]):
        raise ToolError("Not all done tasks are approved")
    project["completed"] = True
    return {"projectId": given["projectId"], "message": "Project is fully completed and approved."}
