"""What Rota knows of a task beyond taskqueue-mcp: in a file it stands under one key, `rota`."""

from __future__ import annotations

from typing import Any

from rota.faces.mcp.classic.arguments import additions
from rota.faces.mcp.classic.errors import ProtocolError
from rota.faces.mcp.classic.specs import priority_in
from rota.model import check
from rota.model.errors import RotaError
from rota.model.task import TaskSpec, TaskView
from rota.model.times import SECOND, ahead, micros, rfc3339

KEY = "rota"
_PLAIN = ("kind", "role", "tenant", "estimate", "skills")
_USUAL = {"kind": "task", "tenant": "default"}


def set_wishes(spec: TaskSpec, given: object, now: int) -> None:
    """Set on the spec what can be set of what stands under the key."""
    spec.priority = priority_in(str((spec.payload or {}).get("ruleRecommendations", ""))) or "normal"
    if not isinstance(given, dict):
        return
    for name in (*_PLAIN, "priority", "deadline"):
        if name not in given:
            continue
        before = getattr(spec, name)
        try:
            found = additions({name: given[name]})
            if name == "deadline":
                found[name] = rfc3339(ahead(found[name], now, name))
            elif name == "estimate":
                found[name] = micros(found[name], name) / SECOND
            setattr(spec, name, found.get(name, before))
            check.spec(spec, "task")
        except (ProtocolError, RotaError):
            setattr(spec, name, before)


def wishes_of(task: TaskSpec | TaskView, payload: Any) -> dict[str, Any]:
    """What a file says of it under the key: what is not as usual."""
    found = {name: getattr(task, name) for name in _PLAIN if getattr(task, name) not in (None, {}, _USUAL.get(name))}
    advice = payload.get("ruleRecommendations") if isinstance(payload, dict) else None
    if task.priority != (priority_in(advice if isinstance(advice, str) else None) or "normal"):
        found["priority"] = task.priority
    if task.deadline is not None:
        found["deadline"] = task.deadline
    return found
