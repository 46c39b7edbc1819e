"""What a turn does must not grow with what waits: rows are counted at two sizes, and the counts are the same.

`ROTA_TEST_ROWS=1000000` adds a third size.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from rota.model import state
from rota.store.migrate import Migratable
from rota.store.sql import archive, fleet, history, leases, listing, relations, schedules, tasks, waiting
from tests.store.places import POSTGRES, Place
from tests.store.recording import Recording
from tests.store.scenes.rows import NOW, add_agent, lease, task
from tests.store.touched import touched
from tests.store.undone import trial

SIZES = (3_000, 50_000, *(int(size) for size in os.environ.get("ROTA_TEST_ROWS", "").split() if size))
LANES, LEASES, STORY = 20, 50, 100
"""What does not grow with the backlog: lanes, running tasks, listeners."""
PART = 25_000
SLACK, FACTOR = 40, 1.25
"""How much more a larger table may take: an index is a level deeper, its entries lie on other pages."""

SEES_ALL = "count_aside"
"""Not part of a turn: it shows that growth is noticed."""

Action = Callable[[Any], Any]


def begin(store: Migratable) -> None:
    """What does not grow."""
    with store.write() as t:
        number = add_agent(Recording(t), "ann", node=1)
        t.add(leases.ADD_LEASE, [lease(n, agent=number, slot=n) for n in range(1, LEASES + 1)])
        t.add(leases.ADD_LISTENER, [(n, 1, "[1]", 1, NOW) for n in range(5)])
        t.add(waiting.ADD_DEPTH, [(lane, 1) for lane in range(LANES)])
        t.add(fleet.ADD_SERVED, [(number, 0, 0.0, 0, 1.0, 0, 0)])


def fill(store: Migratable, had: int, size: int) -> None:
    """From `had` to `size` tasks wait in 20 lanes, as many have ended; each has a body, a timer, a key and so on."""
    for first in range(had + 1, size + 1, PART):
        numbers = range(first, min(first + PART, size + 1))
        with store.write() as t:
            t.add(tasks.ADD_TASK, [in_lane(n) for n in numbers])
            t.add(tasks.ADD_TASK, [task(-n, state=state.DONE, finished=NOW, lane=None) for n in numbers])
            t.add(tasks.ADD_BODY, [(n, "", None) for n in numbers])
            t.add(waiting.ADD_READY, [(n % LANES, NOW + n, n, n, 0, group(n)) for n in numbers])
            t.add(waiting.ADD_ASIDE, [(state.HELD, -n) for n in numbers])
            t.add(waiting.ADD_TIMER, [(NOW + n, 1, n) for n in numbers])
            t.add(relations.ADD_UNIQUE, [(f"k{n}", n) for n in numbers])
            t.add(relations.ADD_DEPENDENCY, [(n, n - 1, 0, 0, 0) for n in numbers])
            t.add(leases.ADD_ATTEMPT, [(n, 1, 1, NOW, NOW, "failed", 1, None, None, n) for n in numbers])
            t.add(history.ADD_EVENT, [(NOW, "submit", n, "[]", "{}") for n in numbers])
            for n in range(numbers[0], numbers[-1], STORY):
                t.one(relations.ADD_REQUEST, f"r{n}", "", "", NOW)
                t.one(schedules.ADD_TICK, NOW + n, "beat")


def group(n: int) -> int:
    """All of lane 7 is one group, all of lane 8 are pairs, of lane 9 nearly none is in a group; others are in none."""
    if n % LANES == 7:
        return 1
    if n % LANES == 8:
        return 2 + n // (2 * LANES)
    return 1 if n in (9, 2_009) else 0


def in_lane(n: int) -> tuple[Any, ...]:
    return task(n, lane=n % LANES, batch=f"b{n // STORY}", project=n // STORY, unique_key=f"k{n}")


_KEYS = [(n,) for n in range(1_000, 1_050)]
_PLACES = [(n % LANES, NOW + n, n) for n in range(1_000, 1_050)]
_HELD = [(n, n * 1_000) for n in range(1, 51)]


def each(statement: Any, rows: list[tuple[Any, ...]]) -> Action:
    return lambda t: t.each(statement, rows)


def one(statement: Any, *values: object) -> Action:
    return lambda t: t.one(statement, *values)


def of(sqlite: Any, postgres: Any, action: Callable[[Any], Action]) -> Action:
    return lambda t: action(sqlite if t.dialect == "sqlite" else postgres)(t)


def listed(in_state: int | None, **filters: Any) -> Action:
    statement, values = listing.listing(in_state, filters, 2_000, 20)
    return one(statement, *values)


ACTIONS: dict[str, Action] = {
    "heads": of(waiting.HEADS_SQLITE, waiting.HEADS_POSTGRES, lambda s: each(s, [(n, 16) for n in range(LANES)])),
    "companions": of(
        waiting.COMPANIONS_SQLITE,
        waiting.COMPANIONS_POSTGRES,
        lambda s: each(s, [(7, 1, 8), (8, 2, 8), (8, 40, 8), (9, 1, 8), (10, 1, 8)]),
    ),
    "companions_of_one": of(waiting.COMPANIONS_SQLITE, waiting.COMPANIONS_POSTGRES, lambda s: each(s, [(9, 1, 8)])),
    "take_ready": each(waiting.TAKE_READY, _PLACES),
    "take_one": each(waiting.TAKE_READY, _PLACES[:1]),
    "due_timers": of(waiting.DUE_TIMERS_SQLITE, waiting.DUE_TIMERS_POSTGRES, lambda s: one(s, NOW + 2_000, 50)),
    "no_due_timers": of(waiting.DUE_TIMERS_SQLITE, waiting.DUE_TIMERS_POSTGRES, lambda s: one(s, NOW, 50)),
    "next_timer": one(waiting.NEXT_TIMER),
    "next_timer_but": one(waiting.NEXT_TIMER_BUT, 8),
    "count_due": one(waiting.COUNT_DUE, NOW, 4, 8),
    "first_of_lane": one(waiting.FIRST_OF_LANE, 3, 20),
    "last_of_lane": one(waiting.LAST_OF_LANE, 3, 20),
    "lanes_in_ready": one(waiting.LANES_IN_READY),
    "leave_aside": each(waiting.LEAVE_ASIDE, [(state.HELD, -n) for (n,) in _KEYS]),
    "depths": one(waiting.DEPTHS),
    "lock_tasks": each(tasks.LOCK_TASKS, _KEYS),
    "lock_one": each(tasks.LOCK_TASKS, _KEYS[:1]),
    "end_tasks": each(tasks.END_TASKS, [(n, state.DONE, NOW, 1, 1, 1, None) for (n,) in _KEYS]),
    "place_tasks": each(
        tasks.PLACE_TASKS, [(n, state.HELD, None, NOW, None, 0, 0, None, 0, None, None, 0) for (n,) in _KEYS]
    ),
    "stage_tasks": each(tasks.STAGE_TASKS, [(n, 1, 1, None, None, 1) for (n,) in _KEYS]),
    "waiting_tasks": each(tasks.WAITING_TASKS, _KEYS),
    "need_tasks": each(tasks.NEED_TASKS, [(n, None, NOW, None) for (n,) in _KEYS]),
    "set_results": each(tasks.SET_RESULTS, [(n, "{}") for (n,) in _KEYS]),
    "briefs": each(tasks.BRIEFS, _KEYS),
    "batch_tasks": one(tasks.BATCH_TASKS, "b10", 1_000),
    "mark_parents": each(tasks.MARK_PARENTS, _KEYS),
    "end_leases": each(leases.END_LEASES, _HELD),
    "renew_leases": each(leases.RENEW_LEASES, [(task_, token, 1, NOW, None) for task_, token in _HELD]),
    "flag_preempt": each(leases.FLAG_PREEMPT, [(task_, token, NOW) for task_, token in _HELD]),
    "held_by_agents": each(leases.HELD_BY_AGENTS, [(1,), (2,)]),
    "count_preempted": each(leases.COUNT_PREEMPTED, _KEYS),
    "lapsed_leases": one(leases.LAPSED_LEASES, NOW, 500),
    "slots_of_agents": each(leases.SLOTS_OF_AGENTS, [(1,), (2,)]),
    "lanes_of_agents": each(leases.LANES_OF_AGENTS, [(1,), (2,)]),
    "leases_of_lost_node": one(leases.LEASES_OF_LOST_NODE, 1, 1_000),
    "offers_of_node": one(leases.OFFERS_OF_NODE, 1),
    "leases_of_listener": one(leases.LEASES_OF_LISTENER, 1, 4),
    "attempts": each(leases.ATTEMPTS_OF_TASKS, _KEYS),
    "ended_by_token": each(leases.ENDED_BY_TOKEN, [(n, n) for (n,) in _KEYS]),
    "children": each(relations.CHILDREN, _KEYS),
    "parents": each(relations.PARENTS, _KEYS),
    "parent_results": each(relations.PARENT_RESULTS, _KEYS),
    "meet": each(relations.MEET, [(n, n - 1) for (n,) in _KEYS]),
    "unique_tasks": each(relations.UNIQUE_TASKS, [(f"k{n}",) for (n,) in _KEYS]),
    "free_unique": each(relations.FREE_UNIQUE, [(f"k{n}", n) for (n,) in _KEYS]),
    "get_request": one(relations.GET_REQUEST, "r1001"),
    "add_tick": one(schedules.ADD_TICK, NOW + 7, "beat"),
    "set_tick_task": one(schedules.SET_TICK_TASK, 1, NOW + 1_001, "beat"),
    "drop_old_ticks": one(schedules.DROP_OLD_TICKS, NOW + 1_001),
    "project_tasks": one(relations.PROJECT_TASKS, 10, 0, 1_000),
    "project_states": one(relations.PROJECT_STATES, 10),
    "task_events": one(history.TASK_EVENTS, 1_000, 100),
    "shown": each(listing.SHOWN, _KEYS),
    "tenants_of": each(listing.TENANTS_OF, _KEYS),
    "list_all": listed(None),
    "list_held": listed(state.HELD),
    "list_batch": listed(None, batch="b10"),
    "whole_tasks": each(archive.WHOLE_TASKS, _KEYS),
    SEES_ALL: one(history.COUNT_ASIDE_BY_STATE),
    "drop_tasks": each(archive.DROP_TASK, _KEYS),
}


READS = ("attempts", "batch_tasks", "briefs", "children", "companions", "companions_of_one", "first_of_lane",
         "get_request", "heads", "last_of_lane", "list_all", "list_batch", "list_held", "parent_results", "parents",
         "project_states", "project_tasks", "shown", "slots_of_agents", "task_events", "tenants_of", "unique_tasks",
         "whole_tasks")  # fmt: skip


def mislead(store: Migratable, dsn: str) -> None:
    """Make the planner believe that the tables are empty, as it does after a quiet night, though they have pages."""
    begin(store)
    fill(store, 0, SIZES[0])
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET search_path = rota")
        for table in ("aside", "attempt", "body", "dependency", "depth", "event", "heartbeat", "lease", "listener",
                      "ready", "request", "served", "task", "timer", "unique_key"):  # fmt: skip
            connection.execute(f"DELETE FROM {table}".encode())
            connection.execute(f"ANALYZE {table}".encode())
        connection.execute("DELETE FROM agent; ALTER SEQUENCE agent_id_seq RESTART")
        counted = "SELECT reltuples FROM pg_class WHERE oid = 'ready'::regclass AND relpages > 0"
        assert connection.execute(counted).fetchall() == [(0.0,)]


@pytest.mark.timeout(120 if len(SIZES) == 2 else 0)
def test_no_statement_looks_at_more_rows_when_more_wait(lasting_store: Migratable, lasting_place: Place) -> None:
    if lasting_place.kind == POSTGRES:
        mislead(lasting_store, lasting_place.address)
    begin(lasting_store)
    counts: dict[int, dict[str, int]] = {}
    had = 0
    for size in SIZES:
        fill(lasting_store, had, size)
        had = size
        counts[size] = measure(lasting_store, "")
        if lasting_place.kind == POSTGRES:
            with psycopg.connect(lasting_place.address, autocommit=True) as connection:
                connection.execute("ANALYZE")
            counts[size] |= measure(lasting_store, ", when PostgreSQL knows its tables")
    few = counts.pop(SIZES[0])
    grown = {
        f"{name} at {size:,}": (few[name], count)
        for size, found in counts.items()
        for name, count in found.items()
        if count > few[name] * FACTOR + SLACK
    }
    assert {f"{SEES_ALL} at {size:,}" for size in counts} <= set(grown), "growth goes unseen"
    assert [found for found in grown.items() if not found[0].startswith(SEES_ALL)] == []


def measure(store: Migratable, when: str) -> dict[str, int]:
    """What each action touches, in a turn and, on PostgreSQL, by a reader: that has a session and plans of its own."""
    counts = {}
    for name, action in ACTIONS.items():
        with trial(store) as t:
            counts[f"{name}{when}"] = touched(store, t, action)
    for name in READS if store.dialect == "postgres" else ():
        with store.read() as reader:
            counts[f"{name} by a reader{when}"] = touched(store, reader, ACTIONS[name])
    return counts
