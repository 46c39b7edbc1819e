"""What a hook is told by Claude Code, and by the environment of the session."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from rota.faces.mcp.proxy.claude_session import is_worker

WAIT_S, WAIT_MOST_S = 600.0, 3_600.0
"""How long a worker's stop waits for a task when nothing else is said, and at most, seconds."""
BLOCKS = 8
"""How often in a row Claude Code lets a stop be blocked when nothing else is said."""


class NotTold(Exception):
    """The input is not what Claude Code documents."""


class Told(NamedTuple):
    """The part of the input that hooks heed. What else there is, such as what tools answered, is left alone."""

    session: str
    folder: str
    """The root of the project: where the MCP server works too."""
    source: str = ""
    """How a session starts: startup, resume, clear or compact."""
    reason: str = ""
    """How it ends: clear, resume, logout, prompt_input_exit or other."""
    goes_on: bool = False
    """This stop comes after one that was blocked (`stop_hook_active`)."""
    background: bool = False
    """Work goes on behind it, which will wake it."""
    is_worker: bool = False
    wait: float = WAIT_S
    most_blocks: int = BLOCKS
    role: str | None = None
    skills: str | None = None


def told_of(data: bytes, environment: Mapping[str, str]) -> Told:
    """Read the input; raises `NotTold`."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise NotTold("the input is not JSON") from None
    if not isinstance(value, dict):
        raise NotTold("the input is no JSON object")
    session = value.get("session_id")
    if not isinstance(session, str) or not session:
        raise NotTold("the input has no session_id")
    return Told(
        session=session,
        folder=environment.get("CLAUDE_PROJECT_DIR") or _text(value, "cwd") or os.getcwd(),
        source=_text(value, "source"),
        reason=_text(value, "reason"),
        goes_on=value.get("stop_hook_active") is True,
        background=bool(value.get("background_tasks")),
        is_worker=is_worker(environment),
        wait=min(WAIT_MOST_S, _number(environment, "ROTA_WORKER_WAIT", WAIT_S)),
        most_blocks=int(_number(environment, "CLAUDE_CODE_STOP_HOOK_BLOCK_CAP", BLOCKS)),
        role=environment.get("ROTA_ROLE") or None,
        skills=environment.get("ROTA_SKILLS") or None,
    )


def _text(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""


def _number(environment: Mapping[str, str], name: str, otherwise: float) -> float:
    said = environment.get(name, "")
    try:
        number = float(said) if said else otherwise
    except ValueError:
        raise NotTold(f"{name} must be a number") from None
    if not 0 <= number < 1e9:
        raise NotTold(f"{name} must be a number that is not negative")
    return number
