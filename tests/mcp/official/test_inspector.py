"""The official inspector in CLI mode; skipped when there is none. docs/mcp.md says how to come by it.

ROTA_TEST_INSPECTOR names its program, if `mcp-inspector` is not found as a command.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rota.faces.mcp.proxy.toolbox import groups_of, tools_of

PROGRAM = os.environ.get("ROTA_TEST_INSPECTOR") or shutil.which("mcp-inspector")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no mcp-inspector; see docs/mcp.md")
ERAS = pytest.mark.parametrize("era", ["legacy", "modern"])


def _asked(command: list[str], environment: dict[str, str], home: Path, era: str, *arguments: str) -> Any:
    assert PROGRAM is not None
    said = [f"{name}={value}" for name, value in environment.items()]
    shared = [part for one in said for part in ("-e", one)]
    ran = subprocess.run(
        [PROGRAM, "--cli", *shared, "--protocol-era", era, "--quiet", *arguments, "--", *command],
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@ERAS
def test_it_lists_and_calls_tools(command: list[str], environment: dict[str, str], tmp_path: Path, era: str) -> None:
    listed = _asked(command, environment, tmp_path, era, "--method", "tools/list", "--strict")
    assert [tool["name"] for tool in listed["tools"]] == [tool["name"] for tool in tools_of(groups_of("all"))]
    arguments = json.dumps({"tasks": [{"title": "Write"}]})
    call = ("--method", "tools/call", "--tool-name", "submit_tasks", "--tool-args-json", arguments)
    assert _asked(command, environment, tmp_path, era, *call)["structuredContent"] == {"ids": ["task-1"]}
    read = _asked(command, environment, tmp_path, era, "--method", "resources/read", "--uri", "rota://projects")
    assert read["contents"]
