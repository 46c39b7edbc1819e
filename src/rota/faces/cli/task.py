"""`rota task`: one task with everything about it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from cyclopts import Parameter

from rota.faces.cli.asking import asking
from rota.faces.cli.columns import columns, facts
from rota.faces.cli.options import Database, Json
from rota.faces.cli.say import json_line, line
from rota.model.commands.read import Explain, Explanation, GetHistory, TaskHistory
from rota.model.task import TaskView


def task(
    task_id: Annotated[str, Parameter(name="TASK", help="Its id, such as task-7.")],
    /,
    *,
    database: Database = None,
    json: Json = False,
) -> int:
    """Show one task, why it is where it is, its attempts and its events."""
    with asking(database) as ask:
        history: TaskHistory = ask(GetHistory(task=task_id))
        explanation: Explanation = ask(Explain(task=task_id))
    if json:
        json_line({**msgspec.to_builtins(history), "explanation": msgspec.to_builtins(explanation)})
        return 0
    _show(history.task, explanation)
    if history.attempts:
        line()
        rows = [
            (attempt.number, attempt.agent, attempt.outcome, attempt.started, attempt.ended, attempt.error)
            for attempt in history.attempts
        ]
        columns(("ATTEMPT", "AGENT", "OUTCOME", "STARTED", "ENDED", "ERROR"), rows)
    if history.events:
        line()
        columns(
            ("EVENT", "AT", "KIND", "STATE"),
            [(event.seq, event.at, event.kind, event.state) for event in history.events],
        )
    return 0


def _show(found: TaskView, explanation: Explanation) -> None:
    shown = msgspec.to_builtins(found)
    for name in ("payload", "result", "skills", "resources"):
        if shown.get(name) not in (None, {}):
            shown[name] = msgspec.json.encode(shown[name]).decode()
    for name in ("after", "regions", "ban", "limits"):
        if shown.get(name):
            shown[name] = ", ".join(shown[name])
    facts([*shown.items(), ("why", explanation.text)])
    if explanation.agents:
        line()
        columns(("AGENT", "MAY"), sorted(explanation.agents.items()))
