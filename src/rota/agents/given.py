"""A task as its process sees it: the JSON object on its standard input."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.agents.worktree.naming import sessions_of
from rota.model.task import Given


def as_seen(given: Given) -> dict[str, Any]:
    """Every field is there, empty or not, so that a script need not ask; the lease token stays with us."""
    seen = {
        "id": given.task,
        "title": given.title,
        "description": given.description,
        "kind": given.kind,
        "payload": given.payload,
        "priority": given.priority,
        "deadline": given.deadline,
        "estimate": given.estimate,
        "queue": given.queue,
        "project": given.project,
        "tenant": given.tenant,
        "submitted": given.submitted,
        "agent": given.agent,
        "slot": given.slot,
        "attempt": given.attempt,
        "attempts": msgspec.to_builtins(given.attempts),
        "parents": msgspec.to_builtins(given.parents),
        "checkpoint": given.checkpoint,
        "answer": given.answer,
        "approval": given.approval,
    }
    session, previous = sessions_of(seen)
    return {**seen, "session": session, "previous_session": previous}
