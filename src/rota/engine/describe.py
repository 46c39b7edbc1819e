"""Changing what a task says, in whatever state it is."""

from __future__ import annotations

import msgspec

from rota.engine.context import Context
from rota.model import bounds, check
from rota.model.commands.submit import Changed, Describe
from rota.model.errors import RotaError
from rota.model.ids import task_number
from rota.store.sql import tasks


def describe(context: Context, command: Describe) -> Changed:
    """Change title, description or payload."""
    number = task_number(command.task)
    row = context.lock([number]).get(number)
    if row is None:
        raise RotaError("no_task", f"there is no {command.task}", field="task")
    if command.version is not None and command.version != row.version:
        raise RotaError("changed", f"{command.task} has version {row.version}, not {command.version}", field="version")
    title = context.transaction.one(tasks.TITLE_OF, number)[0][0]
    if isinstance(command.title, str):
        title = check.text(command.title, "title", bounds.TITLE, empty=False)
    if isinstance(command.description, str):
        check.text(command.description, "description", bounds.DESCRIPTION)
    changes_payload = command.payload is not msgspec.UNSET
    payload = check.json_text(command.payload, "payload", bounds.PAYLOAD_BYTES) if changes_payload else None
    context.transaction.one(tasks.SET_TITLE, title, number)
    if isinstance(command.description, str):
        context.transaction.one(tasks.SET_DESCRIPTION, command.description, number)
    if changes_payload:
        context.transaction.one(tasks.SET_PAYLOAD, payload, number)
    context.changes.say("describe", number)
    return Changed(tasks=[command.task])
