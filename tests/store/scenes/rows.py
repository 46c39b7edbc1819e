"""Rows that scenes begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rota.model import state
from rota.store.sql.fleet import ADD_LANE, ADD_SHAPE, ADD_TENANT, SET_AGENT
from rota.store.sql.leases import ADD_LEASE
from rota.store.sql.tasks import ADD_BODY, ADD_TASK
from tests.store.recording import Recording

NOW = 1_800_000_000_000_000
"""Microseconds since 1970."""
ODD = "Zoë's \"task\" \\ {1,2} NULL \t\r\n, ü 任务 🚚 'x'"
"""A text with all that quoting has to care about."""
BIG = 2**63 - 1


def task(number: int, **different: Any) -> tuple[Any, ...]:
    """A task's row in the columns of `ADD_TASK`: ready in lane 1 of queue 1, but for what is given."""
    usual: dict[str, Any] = {
        "id": number, "queue": 1, "tenant": 1, "band": 3, "kind": "task", "title": f"task {number}", "shape": 1,
        "lane": 1, "due": NOW + number, "state": state.READY, "max_attempts": 3, "submitted": NOW, "ready_at": NOW,
        "waiting": 0, "parents": 0, "review": 0, "cost": 0,
    }  # fmt: skip
    assert set(different) <= set(ADD_TASK.columns)
    row = {**usual, **different}
    return tuple(row.get(column) for column in ADD_TASK.columns)


def add_tasks(t: Recording, rows: Sequence[tuple[Any, ...]]) -> None:
    """Tasks with bodies."""
    t.add(ADD_TASK, rows)
    t.add(ADD_BODY, [(row[0], f"do {row[0]}", '{"n":1}') for row in rows])


def lease(number: int, **different: Any) -> tuple[Any, ...]:
    """A lease's row in the columns of `ADD_LEASE`, held by agent 1 at node 1, but for what is given."""
    usual: dict[str, Any] = {
        "task": number, "agent": 1, "slot": number, "token": number * 1_000, "attempt": 1, "lane": 1,
        "due": NOW + number, "since": NOW, "until": NOW + 60, "term": 60, "offered": 0, "node": 1, "listener": 9,
        "cost": 7, "share": -1,
    }  # fmt: skip
    assert set(different) <= set(ADD_LEASE.columns)
    row = {**usual, **different}
    return tuple(row.get(column) for column in ADD_LEASE.columns)


def add_places(t: Recording) -> None:
    """Tenant 1, shape 1, and lane 1 of pool 1, queue 1, band 3."""
    assert t.one(ADD_TENANT, "acme") == [(1,)]
    assert t.one(ADD_SHAPE, "{}") == [(1,)]
    assert t.one(ADD_LANE, 1, 1, 1, 3, 1, 0, 0) == [(1,)]


def add_agent(t: Recording, name: str, node: int | None = None) -> int:
    """An agent; its number."""
    return int(t.one(SET_AGENT, name, 1, '{"name":"x"}', None, node, NOW)[0][0])
