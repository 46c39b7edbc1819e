"""A command that is one operation: do it, say it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rota.faces.cli.say import json_line, line
from rota.faces.cli.short.calls import changing
from rota.faces.cli.short.shape import Given

NOT_ASKED = frozenset({"database", "json", "yes"})
"""What is said to the command and not to the operation."""
PLACED = ("database", "json")

Said = Callable[[dict[str, Any]], str]
"""From the answer to a line for people."""


def deed(given: Given, operation: str, said: Said, *, makes: bool = False, **more: Any) -> int:
    """Do it with what the command line says and `more`, and say it. `makes`: the database need not be there."""
    arguments = {**{name: value for name, value in given.items() if name not in NOT_ASKED}, **more}
    with changing(given.get("database"), makes=makes) as call:
        answer = call(operation, arguments)
    if given.get("json"):
        json_line(answer)
    else:
        line(said(answer))
    return 0


def changed(now: str, before: str) -> Said:
    """For answers that say whether anything changed."""
    return lambda answer: now if answer.get("changed", True) else before
