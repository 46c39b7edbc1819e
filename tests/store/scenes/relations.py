"""What ties tasks together: dependencies, keys, sequences, requests, projects."""

from __future__ import annotations

from rota.model import state
from rota.store.sql import relations as q
from rota.store.sql.leases import ADD_LEASE
from rota.store.sql.tasks import SET_RESULTS
from tests.store.recording import Recording
from tests.store.scenes.rows import NOW, ODD, add_tasks, lease, task


def dependencies(t: Recording) -> None:
    add_tasks(t, [task(n) for n in range(1, 6)])
    t.add(q.ADD_DEPENDENCY, [(3, 1, 0, 0, 0), (3, 2, 1, 1, 0)])
    t.add(q.ADD_DEPENDENCY, [(4, 3, 2, 0, 0), (5, 4, 0, 0, 1), (3, 1, 2, 1, 1)])
    assert t.each(q.CHILDREN, [(1,), (3,), (5,)]) == [(3, 1, 0, 0, 0), (4, 3, 2, 0, 0)]
    assert t.each(q.PARENTS, [(3,), (1,)]) == [(3, 1, 0, 0, 0), (3, 2, 1, 1, 0)]
    assert t.each(q.MEET, [(3, 1), (5, 4), (1, 3)]) == [(3, 1)], "an edge is met once"
    assert sorted(t.one(q.FAMILY, 4, 4)) == [(3, 2), (4, 3)], "an edge that is met holds up nothing"
    assert t.one(q.FAMILY, 5, 5) == []
    assert t.each(q.DROP_EDGE, [(5, 4), (5, 3)]) == [(5,)]
    assert t.each(q.PARENTS, [(5,)]) == []
    t.each(SET_RESULTS, [(1, ODD)])
    assert t.each(q.PARENT_RESULTS, [(3,), (1,)]) == [
        (3, 1, "task 1", state.READY, None, ODD),
        (3, 2, "task 2", state.READY, None, None),
    ]
    t.each(q.RUN_CHILDREN, [(1,), (9,)])
    assert {edge[2] for edge in t.each(q.CHILDREN, [(1,)]) if not edge[4]} <= {1}
    t.one(q.DROP_PARENTS, 3)
    assert t.each(q.PARENTS, [(3,)]) == []


def keys(t: Recording) -> None:
    t.add(q.ADD_UNIQUE, [(ODD, 1), ("", 2)])
    assert t.each(q.UNIQUE_TASKS, [("",), (ODD,), ("none",)]) == [("", 2), (ODD, 1)]
    t.each(q.FREE_UNIQUE, [(ODD, 7), ("", 2)])
    assert t.each(q.UNIQUE_TASKS, [("",), (ODD,)]) == [(ODD, 1)], "only the task that has the key frees it"


def sequences(t: Recording) -> None:
    t.one(q.SET_SEQUENCE_TAIL, ODD, 1)
    t.one(q.SET_SEQUENCE_TAIL, ODD, 2)
    t.one(q.SET_SEQUENCE_TAIL, "b", 3)
    assert t.each(q.SEQUENCE_TAILS, [(ODD,), ("b",), ("c",)]) == [(ODD, 2), ("b", 3)]
    t.each(q.DROP_SEQUENCE_TAILS, [(ODD, 1), ("b", 3)])
    assert t.each(q.SEQUENCE_TAILS, [(ODD,), ("b",)]) == [(ODD, 2)], "another task is the tail by now"


def requests(t: Recording) -> None:
    assert t.one(q.GET_REQUEST, "k") == []
    assert t.one(q.ADD_REQUEST, "k", "print", ODD, NOW) == [("k",)]
    assert t.one(q.ADD_REQUEST, "k", "other", "", NOW) == []
    assert t.one(q.GET_REQUEST, "k") == [("print", ODD)]
    t.one(q.DROP_OLD_REQUESTS, NOW)
    assert t.one(q.GET_REQUEST, "k") == [("print", ODD)]
    t.one(q.DROP_OLD_REQUESTS, NOW + 1)
    assert t.one(q.GET_REQUEST, "k") == []


def projects(t: Recording) -> None:
    assert t.one(q.ADD_PROJECT, 1, ODD, "", "key", NOW, 1, ODD) == [(1,)]
    assert t.one(q.ADD_PROJECT, 2, "two", "", "key", NOW, 2, None) == []
    assert t.one(q.ADD_PROJECT, 3, "three", "a plan", None, NOW, 2, None) == [(3,)]
    assert t.one(q.PROJECT_BY_KEY, "key") == [(1,)]
    assert sorted(row[0] for row in t.one(q.PROJECT_NAMED, "key", 3)) == [1, 3]
    assert t.one(q.PROJECT_NAMED, "other", 0) == []
    assert t.one(q.LAST_SHARE) == t.one(q.SHARE_OF_PROJECT, 3) == [(2,)]
    assert t.one(q.SHARE_OF_PROJECT, 2) == []
    add_tasks(t, [task(10, project=1), task(11, project=1), task(12, project=1, state=state.HELD), task(13)])
    t.add(ADD_LEASE, [lease(11)])
    assert t.one(q.PROJECT_STATES, 1) == [(state.HELD, 1), (state.READY, 1), (state.RUNNING, 1)]
    assert t.one(q.PROJECT_TASKS, 1, 10, 9) == [(11, state.READY), (12, state.HELD)]
    assert t.one(q.LOCK_PROJECT, 1) == [(None,)]
    t.one(q.FINALIZE_PROJECT, NOW + 1, 1)
    assert t.one(q.LOCK_PROJECT, 1) == [(NOW + 1,)]
    assert t.one(q.PROJECT, 1) == [(1, ODD, "", "key", NOW, NOW + 1, ODD)]
    assert t.one(q.PROJECTS, 1, 9) == [(3, "three", "a plan", None, NOW, None, None)]
    t.each(q.LEAVE_ONE_BY_ONE, [(12,), (99,)])
    assert t.one(q.PROJECT_TASKS, 1, 0, 9) == [(10, state.READY), (11, state.READY)]
    t.one(q.LEAVE_PROJECT, 1)
    t.one(q.DROP_PROJECT, 1)
    assert t.one(q.PROJECT_TASKS, 1, 0, 9) == []
    assert t.one(q.PROJECT, 1) == []
