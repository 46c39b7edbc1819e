"""The filter that a list is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rota.faces.mcp.classic.arguments import Arguments
from rota.faces.mcp.classic.errors import ToolError

Filter = Callable[[dict[str, Any]], bool]
INVALID_STATE = "Invalid state parameter. Must be one of: open, pending_approval, completed, all"


def chosen(filters: Mapping[str, Filter], given: Arguments) -> Filter:
    """The filter of that name; without one, everything."""
    state = given.get("state", "all")
    if not isinstance(state, str) or state not in filters:
        raise ToolError(INVALID_STATE)
    return filters[state]
