"""What is shown of tasks, what an audit and the doctor read."""

from __future__ import annotations

from rota.model import state
from rota.store.sql import audit, batches, doctor
from rota.store.sql import listing as q
from rota.store.sql.history import ADD_EVENT
from rota.store.sql.leases import ADD_ATTEMPT, ADD_LEASE
from rota.store.sql.relations import ADD_DEPENDENCY
from rota.store.sql.waiting import ADD_ASIDE, ADD_DEPTH, ADD_READY, ADD_TIMER
from tests.store.recording import Recording
from tests.store.scenes.rows import NOW, ODD, add_agent, add_places, add_tasks, lease, task


def tasks(t: Recording) -> None:
    add_tasks(t, [task(1), task(2, unique_key=ODD, kind="b"), task(3, state=state.HELD), task(4, state=state.DONE)])
    t.add(ADD_LEASE, [lease(2, agent=7)])
    t.add(ADD_ASIDE, [(state.HELD, 3)])
    shown = [q.ShownRow(*row) for row in t.each(q.SHOWN, [(1,), (2,), (9,)])]
    assert [(row.id, row.leased_by, row.until) for row in shown] == [(1, None, None), (2, 7, NOW + 60)]
    assert t.each(q.BODIES, [(1,), (999,)]) == [(1, "do 1", '{"n":1}', None, None, None)]

    def listed(in_state: int | None, before: int = 99, limit: int = 9, **filters: object) -> list[int]:
        statement, values = q.listing(in_state, filters, before, limit)
        return [row[0] for row in t.one(statement, *values)]

    assert listed(None) == [4, 3, 2, 1]
    assert listed(None, before=4, limit=2) == [3, 2]
    assert listed(state.READY) == [1]
    assert listed(state.RUNNING) == [2]
    assert listed(state.HELD) == [3]
    assert listed(state.DONE) == [4]
    assert listed(None, unique=ODD) == [2]
    assert listed(None, agent=7, kind="b") == [2]
    assert listed(None, queue=1, tenant=1, band=3) == [4, 3, 2, 1]
    assert listed(None, project=1) == listed(None, batch="b") == []


def a_batch(t: Recording) -> None:
    add_tasks(t, [task(n, batch="b", estimate=n * 10) for n in range(1, 4)] + [task(4, batch="b"), task(5)])
    t.add(ADD_LEASE, [lease(4)])
    t.add(ADD_ATTEMPT, [(n, k, 1, NOW, NOW, "done", 1, None, None, None) for n in (1, 2, 5) for k in (1, 2)])
    assert t.one(batches.BATCH_GROUPS, "b") == [
        (1, "task", state.READY, 3, 3, 60, NOW, None),
        (1, "task", state.RUNNING, 1, 0, 0, NOW, None),
    ]
    assert [row[:2] for row in t.one(batches.BATCH_ATTEMPTS, "b", 1, 1, 1, 2)] == [(1, 2), (2, 1)]


def an_audit(t: Recording) -> None:
    add_places(t)
    add_tasks(t, [task(1), task(2, state=state.SCHEDULED, start=NOW + 9), task(3, state=state.BLOCKED), task(4)])
    add_tasks(t, [task(5, state=state.SCHEDULED, start=NOW + 5)])
    t.add(ADD_READY, [(1, NOW + 1, 1, 0, 0, 0)])
    t.add(ADD_ASIDE, [(state.SCHEDULED, 2), (state.SCHEDULED, 5), (state.BLOCKED, 3)])
    t.add(ADD_TIMER, [(NOW + 5, 0, 5), (NOW + 9, 1, 2)])
    t.add(ADD_LEASE, [lease(4)])
    t.add(ADD_DEPTH, [(1, 1), (1, 1)])
    t.add(ADD_DEPENDENCY, [(3, 4, 0, 0, 1)])
    t.add(ADD_ATTEMPT, [(1, n, 1, NOW, NOW, "failed", 1, None, None, None) for n in (1, 3)])
    t.add(ADD_EVENT, [(NOW, "submit", 1, "[]", "{}")])
    assert t.one(audit.EVENTS, 0, 9)[0][:5] == (1, NOW, "submit", "[]", "{}")
    assert t.one(audit.LANES) == [(1, 1, 1, 1, 3, 1)]
    assert t.one(audit.QUEUES) == [(1, "default", 0)]
    assert t.one(audit.POOLS) == [(1, "default")]
    assert [row[0] for row in t.one(audit.TASKS, 1, 2)] == [2, 3]
    assert t.one(audit.READY, 1, NOW, 9, 9) == [(1, NOW + 1, 1)]
    assert t.one(audit.READY, 1, NOW + 1, 1, 9) == []
    assert t.one(audit.ASIDE, state.BLOCKED, 3, 9) == [(state.SCHEDULED, 2), (state.SCHEDULED, 5)]
    assert t.one(audit.LEASES, 0, 9) == [(4, 1, 4, 1, 1)]
    assert t.one(audit.ATTEMPTS, 0, 9) == [(1, 1, 3, 2)]
    assert t.one(audit.BODIES, 3, 1) == [(4,)]
    assert t.one(audit.DEPTHS) == [(1, 2)]
    assert t.one(audit.WITHOUT_TIMER, 9) == [(2, NOW + 9)], "a timer of another kind does not start it"
    assert t.one(audit.WITHOUT_PARENT, 9) == [(3,)], "its only edge is met"
    assert t.one(audit.UNMET, 0, 0, 9) == []


def a_doctor(t: Recording) -> None:
    add_places(t)
    agent = add_agent(t, "ann")
    add_tasks(t, [task(1), task(2, state=state.DONE), task(3)])
    t.add(ADD_READY, [(1, NOW, 1, 0, 0, 0), (1, NOW, 3, 0, 0, 0)])
    t.add(ADD_DEPTH, [(1, 5), (1, -2)])
    t.add(ADD_LEASE, [lease(1, agent=agent), lease(2, agent=agent), lease(3, agent=99), lease(4, agent=agent)])
    assert t.one(doctor.UNEQUAL_DEPTHS) == [(1, 3, 2)]
    assert [row[0] for row in t.one(doctor.ORPHANED_LEASES)] == [2, 3, 4]
    server = t.pick(None, doctor.SERVER_POSTGRES)
    if server is not None:
        version, number, *_settings, now = t.one(server)[0]
        assert number >= 130_000
        assert version
        assert now > NOW - 2**53
