"""What is shown of the tools, by group. Nothing of it changes while the process lives."""

from __future__ import annotations

import json
import os
from typing import Any

GROUPS = ("classic", "worker", "dispatcher")
CHOICES = (*GROUPS, "all")
FILE = "file"
"""The classic tools as a file has them; no choice, it comes with the file."""


def groups_of(choice: str) -> tuple[str, ...]:
    """The groups of a choice."""
    return GROUPS if choice == "all" else (choice,)


def tools_of(groups: tuple[str, ...]) -> list[dict[str, Any]]:
    """The tools of these groups, always in the same order; one that is of several groups once."""
    every = [tool for group in groups for tool in _tools(group)]
    return list({tool["name"]: tool for tool in reversed(every)}.values())[::-1]


def _tools(group: str) -> list[dict[str, Any]]:
    if group == "classic":
        from rota.faces.mcp.classic.tools import TOOLS

        return TOOLS
    if group == FILE:
        from rota.faces.mcp.file_mode.tools import TOOLS as OF_A_FILE

        return OF_A_FILE
    found: list[dict[str, Any]] = _written(group, "tools.json")
    return found


def templates() -> dict[str, Any]:
    """What `resources/templates/list` answers."""
    return {"resourceTemplates": _written("resources", "resources.json")["resourceTemplates"]}


def prompts() -> dict[str, Any]:
    """What `prompts/list` answers."""
    found: dict[str, Any] = _written("prompts", "prompts.json")
    return found


def _written(*parts: str) -> Any:
    with open(os.path.join(os.path.dirname(os.path.dirname(__file__)), *parts), encoding="utf-8") as file:
        return json.load(file)


def about(groups: tuple[str, ...]) -> tuple[dict[str, str], dict[str, Any]]:
    """Who the server is, and what it can do: for the classic tools alone the same as taskqueue-mcp says."""
    if groups in (("classic",), (FILE,)):
        from rota.faces.mcp.classic.tools import CAPABILITIES, SERVER

        return SERVER, CAPABILITIES
    from rota import __version__

    return {"name": "rota", "version": __version__}, {"tools": {}, "resources": {"subscribe": True}, "prompts": {}}
