"""From the database into a file: every project with its tasks."""

from __future__ import annotations

from typing import Any, NamedTuple

from rota.faces.mcp.asking import Asking
from rota.faces.mcp.classic.lookup import projects_of, tasks_of
from rota.faces.mcp.classic.projects import facts_of
from rota.faces.mcp.classic.states import GONE
from rota.faces.mcp.file_mode.document import Document
from rota.faces.mcp.moving.kept import restored
from rota.faces.mcp.moving.shape import project_in_file, task_in_file


class Exported(NamedTuple):
    """What a file is to hold."""

    document: Document
    projects: int
    tasks: int
    left_out: int
    """Tasks that were cancelled or have expired: a file has no word for them."""


def take_out(rota: Asking) -> Exported:
    """All projects, oldest first. Tasks of no project have no place in such a file."""
    beside: dict[str, Any] = {}
    projects: list[dict[str, Any]] = []
    count = left_out = 0
    for project in projects_of(rota):
        views = tasks_of(rota, project.id)
        tasks = [task_in_file(view) for view in views if view.state not in GONE]
        projects.append(project_in_file(project, tasks))
        beside = restored({}, facts_of(project).get("document")) | beside
        count += len(tasks)
        left_out += len(views) - len(tasks)
    return Exported({"projects": projects, **beside}, len(projects), count, left_out)
