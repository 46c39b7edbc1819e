"""The two kinds of "no" of the classic tools. Standard library only."""

from __future__ import annotations

from typing import Any

INVALID_PARAMS = -32602
METHOD_NOT_FOUND = -32601


class ProtocolError(Exception):
    """A call that is wrong in itself: it becomes an error of JSON-RPC."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.message = f"MCP error {code}: {text}"


class ToolError(Exception):
    """A call that could not be done: it becomes a result that says so."""


def invalid(text: str) -> ProtocolError:
    """An argument that can not be taken."""
    return ProtocolError(INVALID_PARAMS, text)


def missing(parameter: str, expected: str = "string") -> ProtocolError:
    """An argument that is needed."""
    return invalid(f"Invalid or missing required parameter: {parameter} (Expected {expected})")


def unknown_tool(name: str) -> ProtocolError:
    """A tool that there is not."""
    return ProtocolError(METHOD_NOT_FOUND, f"Unknown tool: {name}")


def failed(error: ToolError) -> dict[str, Any]:
    """The result of a tool that could not do it."""
    return {"content": [{"type": "text", "text": f"Tool execution failed: {error}"}], "isError": True}
