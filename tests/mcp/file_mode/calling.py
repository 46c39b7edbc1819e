"""Calls of file mode as tests make them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rota.faces.mcp.classic.errors import ProtocolError
from rota.faces.mcp.file_mode.call import Place, call
from tests.mcp.replay import Refused

FAILED = "Tool execution failed: "


def raw(path: Path, tool: str, arguments: Any, *, strict: bool = False) -> dict[str, Any]:
    """The whole result."""
    try:
        return call(Place(str(path), strict), tool, arguments)
    except ProtocolError as error:
        raise Refused(error.code, error.message) from None


def done(path: Path, tool: str, *, strict: bool = False, **arguments: Any) -> Any:
    """The answer of a call that has to be done."""
    result = raw(path, tool, arguments, strict=strict)
    assert not result.get("isError"), result
    return json.loads(result["content"][0]["text"])


def failure(path: Path, tool: str, **arguments: Any) -> str:
    """Why a call could not be done."""
    result = raw(path, tool, arguments)
    assert result.get("isError"), result
    text: str = result["content"][0]["text"]
    assert text.startswith(FAILED)
    return text.removeprefix(FAILED)


def project(path: Path, tasks: int = 1) -> str:
    """A new project's id."""
    specs = [{"title": f"Task {n}", "description": "do it"} for n in range(tasks)]
    made: str = done(path, "create_project", initialPrompt="A goal", tasks=specs)["projectId"]
    return made


def stored(path: Path) -> Any:
    return json.loads(path.read_text())
