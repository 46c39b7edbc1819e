"""Statements for showing tasks: filters put together from a fixed table of conditions."""

from __future__ import annotations

from functools import cache
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
    cost: int
    promoted: int | None
    lent: int | None
    needed_by: int | None
    must_by: int | None
    stages: int | None
    fired: int
    waits_from: int | None
    grp: str | None
    keys: str | None
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
TENANTS_OF = Each("tenants_of", "id bigint", "SELECT task.id, task.tenant FROM task{comma} WHERE task.id = v.id")
BODIES = Each(
    "bodies",
    "task bigint",
    "SELECT body.task, body.description, body.payload, body.result, body.question, body.answer FROM body{comma}"
    " WHERE body.task = v.task",
)

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


def listing(in_state: int | None, filters: dict[str, Any], before: int, limit: int) -> tuple[One, list[Any]]:
    """A statement and its values for tasks with numbers below `before`, newest first."""
    names = tuple(sorted(filters))
    values = [in_state] if in_state is not None and in_state != state.RUNNING else []
    return _statement(in_state, names), [*values, *(filters[name] for name in names), before, limit]


@cache
def _statement(in_state: int | None, names: tuple[str, ...]) -> One:
    """Made once: stores keep what they prepared for a statement, by its identity."""
    key, where = "task.id", []
    source = "task LEFT JOIN lease ON lease.task = task.id"
    if in_state in state.ASIDE:
        source = "aside JOIN task ON task.id = aside.task LEFT JOIN lease ON lease.task = task.id"
        key, where = "aside.task", ["aside.state = ?"]
    elif in_state == state.RUNNING:
        source, key = "lease JOIN task ON task.id = lease.task", "lease.task"
    elif in_state is not None:
        where = ["task.state = ?"]
        if in_state == state.READY:
            where.append("lease.task IS NULL")
    where += [CONDITIONS[name] for name in names]
    where.append(f"{key} < ?")
    return One("listing", f"SELECT {_SHOWN} FROM {source} WHERE {' AND '.join(where)} ORDER BY {key} DESC LIMIT ?")
