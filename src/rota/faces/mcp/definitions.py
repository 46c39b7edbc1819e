"""What is shown of tools, resources and prompts, as static JSON for a process that imports none of them.

`python -m rota.faces.mcp.definitions` writes the files; a test says whether they are up to date.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rota.faces.mcp.classic.tools import TOOLS as CLASSIC_TOOLS
from rota.faces.mcp.prompts.getting import list_prompts
from rota.faces.mcp.resources.catalogue import fixed, templates
from rota.faces.mcp.tool import Group
from rota.faces.mcp.tools import CLASSIC, tools_of

FOLDER = Path(__file__).parent


def definitions() -> dict[Path, Any]:
    """The files with what stands in them."""
    return {
        FOLDER / "worker" / "tools.json": group("worker"),
        FOLDER / "dispatcher" / "tools.json": group("dispatcher"),
        FOLDER / "resources" / "resources.json": {"resources": fixed(), "resourceTemplates": templates()},
        FOLDER / "prompts" / "prompts.json": list_prompts(),
    }


def group(name: Group) -> list[dict[str, Any]]:
    """The tools of a group, the classic ones that belong to it last."""
    classic = {tool["name"]: tool for tool in CLASSIC_TOOLS}
    return [*(tool.definition() for tool in tools_of(name)), *(classic[tool] for tool in CLASSIC[name])]


def text_of(content: Any) -> str:
    """A file as it is committed."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def write() -> None:
    """Write all of them."""
    for path, content in definitions().items():
        path.write_text(text_of(content), encoding="utf-8")


if __name__ == "__main__":
    write()
