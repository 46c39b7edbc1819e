"""Calls of file mode as tests make them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rota.faces.mcp.classic.errors import ProtocolError
from rota.faces.mcp.file_mode.call import Place, call
from tests.mcp.classic.playing import Answer

FAILED = "Tool execution failed: "


def answer(path: Path, tool: str, arguments: Any, *, strict: bool = False) -> Answer:
    """A result, or an error of JSON-RPC."""
    try:
        return {"result": call(Place(str(path), strict), tool, arguments)}
    except ProtocolError as error:
        return {"error": {"code": error.code, "message": error.message}}


def done(path: Path, tool: str, *, strict: bool = False, **arguments: Any) -> Any:
    """The answer of a call that has to be done."""
    result = answer(path, tool, arguments, strict=strict)["result"]
    assert not result.get("isError"), result
    return json.loads(result["content"][0]["text"])


def failure(path: Path, tool: str, **arguments: Any) -> str:
    """Why a call could not be done."""
    result = answer(path, tool, arguments)["result"]
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
