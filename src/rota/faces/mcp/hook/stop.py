"""A session stops: a worker's waits, in the shell and not in the model, for its next task, and is handed that."""

from __future__ import annotations

from typing import Any

from rota.faces.mcp.hook.told import Told


def run(told: Told) -> dict[str, Any] | None:
    """Nothing, unless the session is a worker without work that goes on behind it."""
    if not told.is_worker or told.background:
        return None
    from rota.faces.mcp.hook.next_task import next_task

    return next_task(told)
