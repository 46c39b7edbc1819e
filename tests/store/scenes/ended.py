"""Ended tasks that are moved out of the tables, and back."""

from __future__ import annotations

from rota.model import state
from rota.store.sql import archive as q
from rota.store.sql.leases import ADD_ATTEMPT
from rota.store.sql.relations import ADD_DEPENDENCY
from rota.store.sql.tasks import SET_RESULTS
from tests.store.recording import Recording
from tests.store.scenes.rows import NOW, ODD, add_tasks, task


def out_and_back(t: Recording) -> None:
    add_tasks(t, [task(1, state=state.DONE, finished=NOW + 1, title=ODD), task(2, state=state.DEAD, finished=NOW)])
    add_tasks(t, [task(3, state=state.CANCELLED, finished=NOW + 9), task(4), task(5, state=state.DONE, finished=NOW)])
    t.each(SET_RESULTS, [(1, ODD)])
    t.add(ADD_ATTEMPT, [(1, n, 1, NOW, NOW, "done", 1, None, ODD, None) for n in (1, 2)])
    t.add(ADD_DEPENDENCY, [(4, 1, 0, 0, 0), (1, 5, 0, 0, 1)])
    assert t.one(q.ENDED_TASKS, 0, NOW + 9, 9) == [(1,), (5,)], "not dead ones, which may be redriven"
    assert t.each(q.STILL_NEEDED, [(1,), (5,)]) == [(1,)]
    kept = [t.each(statement, [(1,)]) for statement in _WHOLE]
    assert [len(rows) for rows in kept] == [1, 1, 2, 1]
    for statement in (q.DROP_TASK, q.DROP_BODY, q.DROP_ATTEMPTS, q.DROP_EDGES):
        t.each(statement, [(1,), (99,)])
    assert [t.each(statement, [(1,)]) for statement in _WHOLE] == [[], [], [], []]
    for put, rows in zip((q.PUT_TASK, q.PUT_BODY, q.PUT_ATTEMPT, q.PUT_EDGE), kept, strict=True):
        t.add(put, rows)
    assert [t.each(statement, [(1,)]) for statement in _WHOLE] == kept


_WHOLE = (q.WHOLE_TASKS, q.WHOLE_BODIES, q.WHOLE_ATTEMPTS, q.WHOLE_EDGES)


def files(t: Recording) -> None:
    t.add(q.ADD_ARCHIVE, [("a", NOW, 10, 1, 10), ("b", NOW, 5, 11, 15)])
    t.add(q.ADD_ARCHIVE, [("a", 0, 0, 0, 0)])
    t.one(q.RESTORED_ARCHIVE, NOW + 5, "b")
    assert t.one(q.ARCHIVES, NOW, "a", 9) == [("b", NOW, 5, 11, 15, NOW + 5)]
    assert t.one(q.ARCHIVE, "a") == [("a", NOW, 10, 1, 10, None)]
