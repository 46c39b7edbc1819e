"""Why an agent may not do a task, as tools tell it: what somebody wrote in it is fenced."""

from __future__ import annotations

from msgspec.structs import replace

from rota.faces.mcp.fence import fenced
from rota.model.commands.read import RefusalView

WRITTEN = frozenset({"unwell", "paused"})
"""Codes whose text repeats what a person or a health command said."""


def told(code: str, text: str, source: str) -> str:
    """The text of a refusal."""
    return fenced(text, source) if code in WRITTEN else text


def told_of(agent: str, reason: str) -> str:
    """A reason of the form `code: text`, or `may`."""
    code, colon, text = reason.partition(": ")
    return f"{code}{colon}{told(code, text, f'agent {agent} reason')}"


def told_view(agent: str, view: RefusalView) -> RefusalView:
    """The refusal with its facts."""
    if view.code not in WRITTEN:
        return view
    return replace(view, text=told(view.code, view.text, f"agent {agent} reason"), data={})
