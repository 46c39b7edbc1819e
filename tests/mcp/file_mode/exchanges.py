"""The exchanges of the database mode, as they hold of a file."""

from __future__ import annotations

from typing import Any

from tests.mcp.classic.exchanges import EXCHANGES, HUMAN
from tests.mcp.classic.playing import Failure, Step

IN_FILE = (
    "Task marked as done but requires human approval.\nTo approve, user should run: npx taskqueue approve-task -- $p "
)
NO_STATE = Failure("Invalid state parameter. Must be one of: open, pending_approval, completed, all")
MORE_STATES = ("in_progress", "not_started", "done", "failed")
OTHERWISE = {
    "autoApprove: true": "true approves nothing",
    "after a project is finalized": "it relies on autoApprove",
    "create_project: no tasks": "left out, the plan is the prompt and autoApprove is true",
    "get_next_task: from the first to the last": "done tasks that are not approved come again",
    "update_task: who has it": "nobody has anything",
}
"""Exchanges that do not hold of a file, and why."""


def _in_file(value: Any) -> Any:
    """An answer without what a file has no place for."""
    if isinstance(value, dict):
        return {key: _in_file(part) for key, part in value.items() if key not in ("agent", "lease")}
    if isinstance(value, list):
        return [_in_file(part) for part in value]
    human, _, number = HUMAN.partition("{}")
    if isinstance(value, str) and value.startswith(human):
        return IN_FILE + value.removeprefix(human).removesuffix(number)
    return value


def _step(step: Step) -> Step:
    arguments = step.arguments
    if step.tool == "create_project" and isinstance(arguments, dict):
        arguments = {"autoApprove": False, **arguments}
    expected = step.expected
    if step.tool == "list_tasks" and isinstance(arguments, dict) and arguments.get("state") in MORE_STATES:
        return Step(step.tool, arguments, NO_STATE)
    return Step(step.tool, arguments, expected if isinstance(expected, tuple) else _in_file(expected))


SHARED = {name: [_step(step) for step in steps] for name, steps in EXCHANGES.items() if name not in OTHERWISE}
