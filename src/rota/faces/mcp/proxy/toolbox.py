"""What is shown of the tools, by group. Nothing of it changes while the process lives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GROUPS = ("classic", "worker", "dispatcher")
CHOICES = (*GROUPS, "all")


def groups_of(choice: str) -> tuple[str, ...]:
    """The groups of a choice."""
    return GROUPS if choice == "all" else (choice,)


def tools_of(groups: tuple[str, ...]) -> list[dict[str, Any]]:
    """The tools of these groups, always in the same order."""
    return [tool for group in groups for tool in _tools(group)]


def _tools(group: str) -> list[dict[str, Any]]:
    if group == "classic":
        from rota.faces.mcp.classic.tools import TOOLS

        return TOOLS
    written = Path(__file__).parent.parent / group / "tools.json"
    found: list[dict[str, Any]] = json.loads(written.read_text()) if written.exists() else []
    return found


def about(groups: tuple[str, ...]) -> tuple[dict[str, str], dict[str, Any]]:
    """Who the server is, and what it can do: for the classic tools alone the same as taskqueue-mcp says."""
    if groups == ("classic",):
        from rota.faces.mcp.classic.tools import CAPABILITIES, SERVER

        return SERVER, CAPABILITIES
    from rota import __version__

    return {"name": "rota", "version": __version__}, {"tools": {}}
