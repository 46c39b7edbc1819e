"""What the hooks of a session remember from one call to the next: a small private file in the runtime directory."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from time import time
from typing import Any

from rota.faces.mcp.proxy.claude_session import number_of
from rota.owner.address import runtime_folder

HANDOVER_S = 60.0
"""For so long a session that ends may be followed by the next one of the same process, seconds."""


class Memory:
    """The file of one session."""

    def __init__(self, session: str) -> None:
        self._path = os.path.join(runtime_folder(os.environ), f"claude-{number_of(session)}.json")
        kept = _read(self._path)
        self.number: str = kept.get("number") or number_of(session)
        """Under which the owner knows the session. After /clear Claude Code has another, the MCP server the old one."""
        self.at: float = kept.get("at", 0.0)
        """When the owner was last spoken to, seconds since the epoch."""
        self.held: list[list[str]] = kept.get("held", [])
        """What it had in its hands then: task, agent, token."""
        self.said: list[str] = kept.get("said", [])
        """What the agent was told of these tasks already."""
        self.blocks: int = kept.get("blocks", 0)
        """Stops in a row that were blocked."""

    def keep(self) -> None:
        """Write it, for the next hook."""
        _write(self._path, {name: value for name, value in vars(self).items() if not name.startswith("_")})

    def forget(self) -> None:
        """The session is over."""
        with suppress(FileNotFoundError):
            os.unlink(self._path)

    def leave_number(self) -> None:
        """Another session of the same process follows: its hooks, started by that process too, go on as this agent."""
        _write(_of_process(), {"number": self.number, "at": time()})

    def take_number(self) -> None:
        """Go on as the session that this process had until now, if it left word."""
        left = _read(_of_process())
        with suppress(FileNotFoundError):
            os.unlink(_of_process())
        if left and abs(time() - left.get("at", 0.0)) < HANDOVER_S:
            self.number = left["number"]


def _of_process() -> str:
    return os.path.join(runtime_folder(os.environ), f"claude-process-{os.getppid()}.json")


def _read(path: str) -> dict[str, Any]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return {}
    with open(descriptor, "rb") as file:
        try:
            value = json.load(file)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def _write(path: str, value: dict[str, Any]) -> None:
    """In one step: hooks of one session may run at the same time."""
    fresh = f"{path}.{os.getpid()}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file)
    os.replace(fresh, path)
