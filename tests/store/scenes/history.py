"""Events and statistics."""

from __future__ import annotations

from rota.model import state
from rota.store.sql import doctor
from rota.store.sql import history as q
from rota.store.sql.forget import FORGET_EVENTS
from rota.store.sql.leases import ADD_LEASE
from rota.store.sql.waiting import ADD_ASIDE
from tests.store.recording import Recording
from tests.store.scenes.rows import NOW, ODD, add_places, add_tasks, lease, task


def events(t: Recording) -> None:
    t.add(q.ADD_EVENT, [(NOW, "submit", None, "[[1,2,3]]", "{}"), (NOW + 1, "hold", 1, "[]", ODD)])
    t.add(q.ADD_EVENT, [(NOW + 2, "plan", 1, "[]", '{"a":1}'), (NOW + 3, "plan", 1, "[]", '{"a":2}')])
    assert t.one(q.TASK_EVENTS, 1, 2) == [(2, NOW + 1, "hold", "[]", ODD), (3, NOW + 2, "plan", "[]", '{"a":1}')]
    assert t.one(q.LAST_EVENT) == [(4,)]
    assert t.one(doctor.NEWEST_EVENT) == [(NOW + 3,)]
    t.one(FORGET_EVENTS, 3)
    assert t.one(q.TASK_EVENTS, 1, 9)[0][0] == 3


def event_cursors(t: Recording) -> None:
    """Cursors differ by database; what they are for does not."""
    last, since = t.pick(q.LAST_SQLITE, q.LAST_POSTGRES), t.pick(q.SINCE_SQLITE, q.SINCE_POSTGRES)
    events = t.pick(q.EVENTS_SQLITE, q.EVENTS_POSTGRES)
    assert t.one(last) == []
    t.add(q.ADD_EVENT, [(NOW + n, "submit", n, "[]", "{}") for n in range(1, 4)])
    newest, before = t.one(last)[0][0], t.one(since, NOW + 3)[0][0]
    assert t.one(q.BEYOND_SQLITE, 2**62, 2**62, 3) == [(0 if t.dialect == "sqlite" else None,)]
    if t.dialect == "sqlite":
        assert (before, newest) == (2, 3)
        assert [row[3] for row in t.one(events, before, 9)] == [3]
        return
    transaction = newest.split(".")[0]
    assert (before, newest) == (f"{transaction}.2", f"{transaction}.3")
    assert t.one(events, transaction, 0, 9) == [], "what may still be rolled back is not shown"


def statistics(t: Recording) -> None:
    t.each(q.STATISTIC, [(10, 1, "given", 1, 5, 0.25), (10, 2, "given", 1, 1, 0.0)])
    t.each(q.STATISTIC, [(10, 1, "given", 1, 3, 0.5), (11, 1, ODD, 1, 1, 1e9)])
    t.each(q.STATISTIC, [(10, 1, "given", 2, 2, 0.25)])
    assert t.one(q.STATISTICS, 10, 9) == [(10, 1, "given", 10, 1.0), (10, 2, "given", 1, 0.0), (11, 1, ODD, 1, 1e9)]
    t.one(q.DROP_STATISTICS, 11)
    assert t.one(q.STATISTICS, 0, 9) == [(11, 1, ODD, 1, 1e9)]


def counts(t: Recording) -> None:
    assert t.one(q.LAST_TASK) == [(0,)]
    add_places(t)
    add_tasks(t, [task(1), task(2, queue=2), task(3)])
    t.add(ADD_ASIDE, [(state.HELD, 1), (state.HELD, 2), (state.DEAD, 3)])
    t.add(ADD_LEASE, [lease(4), lease(5, until=NOW - 1), lease(6, lane=99)])
    assert sorted(t.one(q.COUNT_ASIDE)) == [(1, state.HELD, 1), (1, state.DEAD, 1), (2, state.HELD, 1)]
    assert t.one(q.COUNT_ASIDE_BY_STATE) == [(state.HELD, 2), (state.DEAD, 1)]
    assert t.one(q.COUNT_RUNNING) == [(1, 2)]
    assert t.one(q.LAST_TASK) == [(3,)]
    assert t.one(doctor.OVERDUE_LEASES, NOW) == [(1,)]
