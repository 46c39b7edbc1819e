"""What is in the file: JSON of a known shape, and how it is written."""

from __future__ import annotations

import json
import math
from json.encoder import encode_basestring as _quoted
from typing import Any

Document = dict[str, Any]
"""`{"projects": [...]}`, with whatever else somebody wrote there."""
Project = dict[str, Any]
Task = dict[str, Any]


class BrokenJson(Exception):
    """The text is no JSON."""


class OtherShape(Exception):
    """It is JSON, but not of projects and tasks."""


def empty() -> Document:
    """What a file holds that is not there yet."""
    return {"projects": []}


def parsed(data: bytes) -> Document:
    """The document in these bytes. Raises `BrokenJson` or `OtherShape`."""
    try:
        document = json.loads(data.decode(), parse_constant=_refused, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise BrokenJson(str(error)) from None
    _check(document)
    assert isinstance(document, dict)
    return document


def written(document: Document) -> bytes:
    """The document as taskqueue-mcp writes it: indented by two, characters as they are, no line end after it."""
    # Half a surrogate pair can only be written as an escape, which in JSON is what a backslash makes it.
    return _text(document, "\n").encode(errors="backslashreplace")


def _text(value: Any, line: str) -> str:
    """The same as `json.dumps(value, indent=2, ensure_ascii=False)`, in less than half its time. `line` starts a line.

    Texts, of which a file is full, are written without a call of ours.
    """
    deeper = line + "  "
    if isinstance(value, dict) and value:
        items = [
            f"{deeper}{_quoted(key)}: {_quoted(one) if one.__class__ is str else _text(one, deeper)}"
            for key, one in value.items()
        ]
        return "{" + ",".join(items) + line + "}"
    if isinstance(value, list) and value:
        return "[" + ",".join([deeper + _text(one, deeper) for one in value]) + line + "]"
    if isinstance(value, str):
        return _quoted(value)
    return _WORDS[value] if value is True or value is False or value is None else json.dumps(value)


_WORDS = {True: "true", False: "false", None: "null"}


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:60]} is too large a number to be kept")
    return number


def _check(document: object) -> None:
    projects = document.get("projects") if isinstance(document, dict) else None
    if not isinstance(projects, list):
        raise OtherShape("there is no list of projects")
    for project in projects:
        if not _has(project, "projectId", str) or not _has(project, "tasks", list):
            raise OtherShape("a project has no id, or no list of tasks")
        if not all(_has(task, "id", str) for task in project["tasks"]):
            raise OtherShape("a task has no id")


def _has(value: object, key: str, kind: type) -> bool:
    return isinstance(value, dict) and isinstance(value.get(key), kind)
