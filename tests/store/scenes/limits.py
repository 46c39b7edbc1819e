"""Limits: what they say, what was used, whom they count, who stands in line."""

from __future__ import annotations

from rota.store.sql import audit
from rota.store.sql import limits as q
from rota.store.sql.leases import ADD_LEASE
from rota.store.sql.limits import MeterRow
from rota.store.sql.waiting import ADD_ASIDE, ADD_TIMER, PARK_LIMIT, UNPARK_LIMIT
from tests.store.recording import Recording
from tests.store.scenes.rows import BIG, NOW, ODD, add_places, add_tasks, lease, task


def specifications(t: Recording) -> None:
    t.one(q.SET_LIMIT_SPEC, 1, ODD, "{}")
    t.one(q.SET_LIMIT_SPEC, 2, "api tokens/60s", '{"key":"api"}')
    t.one(q.SET_LIMIT_SPEC, 3, ODD, '{"key":"x"}')
    assert sorted(t.one(q.LIMIT_SPECS)) == [(1, '{"key":"x"}'), (2, '{"key":"api"}')]
    t.one(q.DROP_LIMIT_SPEC, ODD)
    assert t.one(q.LIMIT_SPECS) == [(2, '{"key":"api"}')]


def meters(t: Recording) -> None:
    t.add(q.ADD_METER, [("b", 1), ("a", 1), (ODD, 2)])
    t.add(q.ADD_METER, [("b", 9)])
    rows = [MeterRow(*row) for row in t.each(q.LOCK_METERS, [("a",), ("b",), ("none",)])]
    assert sorted((row.key, row.spec, row.used, row.asked) for row in rows) == [("a", 1, 0, 0), ("b", 1, 0, 0)]
    t.each(q.SET_METERS, [("a", BIG, NOW, 5, NOW), (ODD, 1, 2, 4, 5), ("none", 1, 1, 1, 1)])
    found = MeterRow(*t.each(q.METERS_OF, [(ODD,)])[0])
    assert found[1:] == (ODD, 2, 1, 2, 4, 5)
    assert t.each(q.METERS_BY_ID, [(found.id,), (99,)]) == [tuple(found)]
    assert [row[1] for row in t.one(q.METERS_OF_SPEC, 1, "", 9)] == ["a", "b"]
    assert [row[1] for row in t.one(q.METERS_OF_SPEC, 1, "a", 9)] == ["b"]
    t.one(q.ASKED_FOR, 1)
    assert t.each(q.METERS_OF, [("a",)])[0][3:] == (BIG, NOW, 5, 0)
    t.one(q.SET_METER_SPEC, 7, "b")
    assert [row[1] for row in t.one(q.METERS_OF_SPEC, 7, "", 9)] == ["b"]
    t.each(q.DROP_METERS, [("b",), ("none",)])
    t.one(q.DROP_METERS_OF_SPEC, 2)
    assert [row[1] for row in t.each(q.METERS_OF, [("a",), ("b",), (ODD,)])] == ["a"]


def uses(t: Recording) -> None:
    t.add(q.ADD_USE, [("a", -5, 7, NOW), (ODD, 3, None, NOW), ("a", 1, 2, NOW)])
    assert sorted(t.each(q.USES_OF, [("a",), ("none",)])) == [(1, "a", -5, 7, NOW), (3, "a", 1, 2, NOW)]
    assert sorted(t.each(q.TAKE_USES, [("a",)])) == [(1, "a", -5, 7, NOW), (3, "a", 1, 2, NOW)]
    assert t.each(q.TAKE_USES, [("a",), (ODD,)]) == [(2, ODD, 3, None, NOW)]


def leases_counted(t: Recording) -> None:
    t.add(ADD_LEASE, [lease(1), lease(2), lease(3)])
    rows = [(1, "a", 1_000, 5), (1, "b", 1_000, 6), (2, "a", 2_000, 7), (3, "a", 1, 8), (9, "a", 9_000, 9)]
    t.each(q.SET_LEASE_LIMIT, rows)
    assert t.each(q.COUNT_LEASE_LIMITS, [("a",), ("b",), ("c",)]) == [("a", 2), ("b", 1)], "only leases of this token"
    t.each(q.SET_LEASE_LIMIT, [(3, "a", 3_000, 1)])
    assert t.each(q.COUNT_LEASE_LIMITS, [("a",)]) == [("a", 3)]
    assert t.one(q.RUNNING) == [(1, 1_000, 1, 1), (2, 2_000, 1, 1), (3, 3_000, 1, 1)]
    assert sorted(t.each(q.END_LEASE_LIMITS, [(1, 1_000), (2, 5)])) == [(1, "a", 5), (1, "b", 6)]
    t.add(q.ADD_METER, [("a", 4)])
    t.one(q.DROP_LEASE_LIMITS, 4)
    assert t.each(q.COUNT_LEASE_LIMITS, [("a",), ("b",)]) == []


def admission(t: Recording) -> None:
    t.add(q.ADD_ADMITTED, [(1, "a", 5, NOW), (1, "b", 6, NOW), (2, "a", 7, NOW)])
    t.add(q.ADD_ADMITTED, [(1, "a", 9, 9)])
    assert sorted(t.each(q.ADMITTED_OF, [("a",), ("c",)])) == [("a", 1, 5), ("a", 2, 7)]
    assert sorted(t.each(q.ADMITTED_TO, [(1,), (3,)])) == [(1, "a", 5, NOW), (1, "b", 6, NOW)]
    assert sorted(t.each(q.END_ADMITTED, [(1,), (3,)])) == [(1, "a", 5, NOW), (1, "b", 6, NOW)]
    assert t.each(q.ADMITTED_OF, [("a",), ("b",)]) == [("a", 2, 7)]


def lines(t: Recording) -> None:
    t.each(q.SET_IN_LINE, [(1, "a", 3, NOW), (2, "a", 0, NOW + 9), (3, "a", 3, NOW - 1), (4, ODD, 3, 0)])
    first = t.pick(q.FIRST_IN_LINE_SQLITE, q.FIRST_IN_LINE_POSTGRES)
    assert t.each(first, [("a", 2), (ODD, 5), ("c", 5)]) == [(ODD, 4), ("a", 2), ("a", 3)]
    t.each(q.SET_IN_LINE, [(1, "b", 3, NOW), (3, "a", 4, NOW)])
    assert t.each(first, [("a", 9)]) == [("a", 2), ("a", 3)]
    assert t.each(q.LINE_OF, [(1,), (9,)]) == [(1, "b")]
    assert t.one(q.COUNT_IN_LINE, "a", 9) == [(2,)]
    assert t.one(q.COUNT_IN_LINE, "a", 1) == [(1,)]
    assert t.each(q.LEAVE_LINE, [(1,), (9,)]) == [("b",)]
    assert t.one(q.COUNT_IN_LINE, "b", 9) == [(0,)]


def audited_lines(t: Recording) -> None:
    add_places(t)
    add_tasks(t, [task(1, keys='{"a":1}', lane=None, state=0), task(2)])
    t.add(ADD_ASIDE, [(0, 1)])
    assert t.one(audit.KEYS) == [(1, '{"a":1}')]
    assert t.one(audit.TENANTS) == [(1, "acme")]
    assert t.one(audit.WITHOUT_PARENT, 9) == [(1,)]
    t.each(q.SET_IN_LINE, [(1, "a", 3, NOW)])
    assert t.one(audit.WITHOUT_PARENT, 9) == []
    assert t.one(audit.LINE_WITHOUT_END, 9) == [(1, "a")]
    t.add(q.ADD_METER, [("a", 1)])
    assert t.one(audit.LINE_WITHOUT_END, 9) == [(1, "a")]
    t.one(PARK_LIMIT, "a tokens", NOW)
    assert t.one(audit.LINE_WITHOUT_END, 9) == [(1, "a")]
    t.one(PARK_LIMIT, "a", NOW)
    assert t.one(audit.LINE_WITHOUT_END, 9) == []
    assert t.one(UNPARK_LIMIT, "a") == [("a",)]
    t.add(ADD_TIMER, [(NOW, 9, 1)])
    assert t.one(audit.LINE_WITHOUT_END, 9) == []
