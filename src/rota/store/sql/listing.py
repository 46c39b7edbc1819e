"""Statements for showing tasks: filters put together from a fixed table of conditions."""

from __future__ import annotations

from typing import Any, NamedTuple

from rota.model import state
from rota.store.statement import Each, One


class ShownRow(NamedTuple):
    """A task with what its lease adds."""

    id: int
    title: str
    kind: str
    queue: int
    tenant: int
    band: int
    state: int
    submitted: int
    attempts: int
    max_attempts: int
    version: int
    project: int | None
    batch: str | None
    deadline: int | None
    start: int | None
    expires: int | None
    finished: int | None
    estimate: int | None
    sequence: str | None
    unique_key: str | None
    review: int
    shape: int
    agent: int | None
    reason: str | None
    due: int
    lane: int | None
    waiting: int
    parents: int
    tries: int
    leased_by: int | None
    until: int | None
    note: str | None
    since: int | None
    cancel_at: int | None


_TASK = ShownRow._fields[: ShownRow._fields.index("leased_by")]
_SHOWN = (
    ", ".join(f"task.{name}" for name in _TASK) + ", lease.agent, lease.until, lease.note, lease.since, lease.cancel_at"
)
SHOWN = Each(
    "shown",
    "id bigint",
    f"SELECT {_SHOWN} FROM task LEFT JOIN lease ON lease.task = task.id{{comma}} WHERE task.id = v.id",
)
BODY = One("body", "SELECT description, payload, result, question, answer FROM body WHERE task = ?")

CONDITIONS = {
    "queue": "task.queue = ?",
    "project": "task.project = ?",
    "tenant": "task.tenant = ?",
    "band": "task.band = ?",
    "kind": "task.kind = ?",
    "batch": "task.batch = ?",
    "agent": "lease.agent = ?",
    "unique": "task.unique_key = ?",
}
"""Filters by name; each takes one value."""

_FROM_TASK = "task LEFT JOIN lease ON lease.task = task.id"


def listing(in_state: int | None, filters: dict[str, Any], before: int, limit: int) -> tuple[One, list[Any]]:
    """A statement and its values for tasks with numbers below `before`, newest first."""
    if in_state in state.ASIDE:
        source = "aside JOIN task ON task.id = aside.task LEFT JOIN lease ON lease.task = task.id"
        where, values, key = ["aside.state = ?"], [in_state], "aside.task"
    elif in_state == state.RUNNING:
        source, where, values, key = "lease JOIN task ON task.id = lease.task", [], [], "lease.task"
    else:
        source, where, values, key = _FROM_TASK, [], [], "task.id"
        if in_state is not None:
            where.append("task.state = ?")
            values.append(in_state)
        if in_state == state.READY:
            where.append("lease.task IS NULL")
    for name, value in sorted(filters.items()):
        where.append(CONDITIONS[name])
        values.append(value)
    where.append(f"{key} < ?")
    sql = f"SELECT {_SHOWN} FROM {source} WHERE {' AND '.join(where)} ORDER BY {key} DESC LIMIT ?"
    return One("listing", sql), [*values, before, limit]
