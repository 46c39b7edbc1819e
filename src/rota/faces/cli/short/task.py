"""`rota task`: one task with everything about it."""

from __future__ import annotations

import json
from typing import Any

from rota.faces.cli.columns import columns, facts
from rota.faces.cli.say import json_line, line
from rota.faces.cli.short.calls import reading
from rota.faces.cli.short.options import PLACE
from rota.faces.cli.short.shape import Given, Verb, Word

ID = Word("task", "Its id, such as task-7.", "TASK")


def task(given: Given) -> int:
    """Show the task, why it is where it is, its attempts and its events."""
    with reading(given.get("database")) as call:
        history = call("get_history", {"task": given["task"]})
        explanation = call("explain", {"task": given["task"]})
    if given.get("json"):
        json_line({**history, "explanation": explanation})
        return 0
    _show(history["task"], explanation)
    if history["attempts"]:
        line()
        rows = [
            [one.get(name) for name in ("number", "agent", "outcome", "started", "ended", "error")]
            for one in history["attempts"]
        ]
        columns(("ATTEMPT", "AGENT", "OUTCOME", "STARTED", "ENDED", "ERROR"), rows)
    if history["events"]:
        line()
        columns(
            ("EVENT", "AT", "KIND", "STATE"),
            [(one["seq"], one["at"], one["kind"], one.get("state")) for one in history["events"]],
        )
    return 0


def _show(found: dict[str, Any], explanation: dict[str, Any]) -> None:
    facts([*((name, readable(value)) for name, value in found.items()), ("why", explanation["text"])])
    if explanation.get("agents"):
        line()
        columns(("AGENT", "MAY"), sorted(explanation["agents"].items()))


def readable(value: Any) -> Any:
    """A value as people read it on a line: names with commas between them, whatever else is no text as JSON."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if isinstance(value, list | dict) and value:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


TASK = Verb("task", "Show one task, why it is where it is, its attempts and its events", task, (ID,), PLACE)
