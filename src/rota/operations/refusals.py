"""Showing why an agent may not do a task."""

from __future__ import annotations

from rota.model.commands.read import RefusalView
from rota.model.times import rfc3339
from rota.planning.refusal import Refusal


def refusal_view(refused: Refusal) -> RefusalView:
    """A refusal with its moments as text."""
    data = {key: rfc3339(value) if key == "until" else value for key, value in refused.data.items()}
    return RefusalView(code=refused.code, text=refused.text, passes=refused.passes, data=data)
