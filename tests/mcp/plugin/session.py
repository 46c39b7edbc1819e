"""A session of Claude Code as its hooks see it: processes with the documented input, and a look at the database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from rota.owner.address import runtime_folder
from rota.owner.link import Link
from tests.mcp.classic.client import Client

WAIT_S = 30.0
ID = "5f0c2a1e-7b1d-4c58-9f0e-3a2b1c0d9e8f"
AGENT = "claude-code-5f0c2a1e"
EVENTS: dict[str, dict[str, Any]] = {
    "session-start": {"hook_event_name": "SessionStart", "source": "startup", "model": "claude-sonnet"},
    "post-tool-use": {
        "hook_event_name": "PostToolUse",
        "permission_mode": "default",
        "tool_name": "Bash",
        "tool_input": {"command": "make"},
        "tool_response": {"stdout": "ok", "stderr": "", "interrupted": False},
        "tool_use_id": "toolu_01",
        "duration_ms": 12,
    },
    "stop": {
        "hook_event_name": "Stop",
        "permission_mode": "default",
        "stop_hook_active": False,
        "last_assistant_message": "Done.",
        "background_tasks": [],
        "session_crons": [],
    },
    "session-end": {"hook_event_name": "SessionEnd", "reason": "prompt_input_exit"},
}
"""The input of each hook as the reference shows it, besides what all have."""


def told(server: Client, tool: str, **arguments: Any) -> Any:
    """What a tool of ours answers; it must be able to."""
    result = server.tool(tool, arguments)["result"]
    assert not result.get("isError"), result
    return result["structuredContent"]


def until(reached: Callable[[], object]) -> None:
    """Look until it is so."""
    deadline = time.monotonic() + WAIT_S
    while not reached():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


class Ran(NamedTuple):
    """What a hook said."""

    answer: Any
    """What it told Claude Code; None = nothing."""
    errors: str


class Session:
    """One session; `environment` is what it was started with."""

    def __init__(self, folder: Path, name: str = ID) -> None:
        self.folder = folder
        self.name = name
        self.database = str(folder / "work.db")
        self.environment: dict[str, str] = {}
        fleet = folder / "fleet.toml"
        if not fleet.exists():
            fleet.write_text('database = "work.db"\n', encoding="utf-8")
        self._link: Link | None = None

    def input(self, hook: str, **more: Any) -> dict[str, Any]:
        common = {"session_id": self.name, "transcript_path": "/nowhere/x.jsonl", "cwd": str(self.folder)}
        return {**common, **EVENTS[hook], **more}

    def begin(self, hook: str, data: bytes | None = None, **more: Any) -> subprocess.Popen[bytes]:
        """Start a hook; `data` in place of the documented input."""
        process = subprocess.Popen(
            [sys.executable, "-m", "rota", "hook", hook],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env={**os.environ, "CLAUDE_PROJECT_DIR": str(self.folder), **self.environment},
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(self.input(hook, **more)).encode() if data is None else data)
        process.stdin.close()
        process.stdin = None
        return process

    def end(self, process: subprocess.Popen[bytes]) -> Ran:
        """Wait for it; whatever happened, it must not fail the session."""
        said, errors = process.communicate(timeout=WAIT_S)
        assert process.returncode == 0, errors
        assert b"Traceback" not in errors, errors
        return Ran(json.loads(said) if said else None, errors.decode())

    def hook(self, name: str, data: bytes | None = None, **more: Any) -> Ran:
        return self.end(self.begin(name, data, **more))

    def quietly(self, name: str, **more: Any) -> Any:
        """Run a hook that has nothing to complain of; what it told Claude Code."""
        ran = self.hook(name, **more)
        assert ran.errors == ""
        return ran.answer

    def forget_pause(self) -> None:
        """As if the hooks' last word with the owner were long ago."""
        file = self.memory()
        kept = json.loads(file.read_text())
        file.write_text(json.dumps({**kept, "at": 0.0}))

    def memory(self) -> Path:
        """What its hooks remember."""
        return Path(runtime_folder(os.environ)) / f"claude-{self.name.replace('-', '')}.json"

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """An operation of the owner; one is started when none runs."""
        if self._link is None:
            self._link = Link(self.database)
        return self._link.call(operation, arguments, timeout=WAIT_S)

    def submit(self, *titles: str, **more: Any) -> list[str]:
        """Ready tasks; their ids."""
        ids: list[str] = self.call("submit", tasks=[{"title": title, **more} for title in titles])["ids"]
        return ids

    def task(self, name: str) -> dict[str, Any]:
        return self.call("get_task", task=name)

    def token(self) -> str:
        """The lease token of the one task that the hooks know of."""
        [[_, _, token]] = json.loads(self.memory().read_text())["held"]
        return str(token)

    def agents(self) -> dict[str, dict[str, Any]]:
        return {agent["name"]: agent for agent in self.call("list_agents")["agents"]}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._link is not None:
            self._link.close()
