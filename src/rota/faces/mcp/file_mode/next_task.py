"""What `get_next_task` answers."""

from __future__ import annotations

from typing import Any

from rota.faces.mcp.classic.arguments import Arguments
from rota.faces.mcp.classic.errors import ToolError
from rota.faces.mcp.file_mode.document import Document
from rota.faces.mcp.file_mode.tasks import is_done, open_project_of

ALL_APPROVED = "All tasks have been completed and approved. Awaiting project completion approval."


def next_task(document: Document, given: Arguments) -> dict[str, Any]:
    """The first task in the order of the file that is not both done and approved, whoever is at it."""
    project = open_project_of(document, given)
    if not project["tasks"]:
        raise ToolError("Project has no tasks")
    for task in project["tasks"]:
        if not (is_done(task) and task.get("approved")):
            return {"projectId": project["projectId"], "task": task}
    return {"message": ALL_APPROVED}
