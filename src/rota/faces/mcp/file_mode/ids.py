"""The next ids: one more than the greatest in the file, so that the greatest is used again once it is deleted."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rota.faces.mcp.file_mode.document import Document

PROJECT, TASK = "proj-", "task-"
_NUMBER = re.compile(r"\s*([+-]?[0-9]{1,300})")
"""What taskqueue-mcp takes for the number of an id: digits at its beginning, whatever follows."""


def next_project(document: Document) -> int:
    """The number of the next project."""
    return _next(PROJECT, (project["projectId"] for project in document["projects"]))


def next_task(document: Document) -> int:
    """The number of the next task: tasks of all projects are counted together."""
    return _next(TASK, (task["id"] for project in document["projects"] for task in project["tasks"]))


def _next(prefix: str, ids: Iterable[str]) -> int:
    found = (_NUMBER.match(one.replace(prefix, "", 1)) for one in ids)
    numbers = [int(match[1]) for match in found if match is not None]
    return max(numbers) + 1 if numbers else 1
