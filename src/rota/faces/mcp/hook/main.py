"""The command `rota hook NAME`: one of the hooks, with its input as JSON on the standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from rota.faces.mcp.hook.told import told_of

USAGE = """Usage: rota hook session-start|post-tool-use|stop|session-end

For the hooks of Claude Code (integrations/claude-code); the input is theirs, as JSON on the standard input.

  session-start   Register the session as an agent.
  post-tool-use   Renew the leases of its tasks, every 15 s at most.
  stop            With ROTA_WORKER=1: wait for its next task and hand it over.
  session-end     Give back what it has.
"""


HOOKS = {
    "session-start": "session_start",
    "post-tool-use": "post_tool_use",
    "stop": "stop",
    "session-end": "session_end",
}
"""The module of each hook; its `run` answers what Claude Code is to be told, or nothing."""


def main(arguments: Sequence[str]) -> int:
    """Run a hook; always 0, since 2 would block the session."""
    if any(argument in ("-h", "--help") for argument in arguments):
        sys.stdout.write(USAGE)
        return 0
    module = HOOKS.get(arguments[0]) if len(arguments) == 1 else None
    if module is None:
        sys.stderr.write(USAGE)
        return 0
    try:
        told = told_of(sys.stdin.buffer.read(), os.environ)
        answer: dict[str, Any] | None = import_module(f"rota.faces.mcp.hook.{module}").run(told)
        if answer is not None:
            from rota.faces.mcp.hook.say import say

            say(answer)
    except Exception as error:
        sys.stderr.write(f"rota hook {arguments[0]}: {str(error) or type(error).__name__}\n")
    return 0
