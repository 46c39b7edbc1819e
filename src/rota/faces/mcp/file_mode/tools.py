"""The tools as `tools/list` shows them in file mode: with the arguments and states of taskqueue-mcp, and no others."""

from __future__ import annotations

from typing import Any

from rota.faces.mcp.classic.tools import STATES
from rota.faces.mcp.classic.tools import TOOLS as CLASSIC
from rota.faces.mcp.file_mode.call import KNOWN

_SAID = {
    "autoApprove": "false: update_task reminds of the approval by hand. It is stored as true when it is left out.",
    "completedDetails": "What was done. Needed, and taken, with status done.",
    "ruleRecommendations": "Rules that apply to it.",
}
_WORDS = {
    "create_project": "Create a project with its first tasks.",
    "get_next_task": "Get the first task of a project that is not both done and approved.",
    "update_task": "Change a task that is not approved. With the status done, completedDetails says what was done.",
    "delete_project": "Delete a project with all its tasks.",
}
"""Where the database has more to say than a file can hold."""


def _in_file(tool: dict[str, Any]) -> dict[str, Any]:
    words = _WORDS.get(tool["name"], tool["description"])
    return {**tool, "description": words, "inputSchema": _known(tool["inputSchema"])}


def _known(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without what a file has no place for."""
    found = {name: _property(name, one) for name, one in schema["properties"].items() if name in KNOWN}
    return {**schema, "properties": found}


def _property(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if name == "state":
        return {**schema, "enum": STATES}
    if name in _SAID:
        return {**schema, "description": _SAID[name]}
    if name == "tasks":
        return {**schema, "items": _known(schema["items"])}
    return schema


TOOLS = [_in_file(tool) for tool in CLASSIC]
