"""Schedules and their ticks."""

from __future__ import annotations

from rota.store.sql import schedules as q
from rota.store.statement import One
from tests.store.recording import Recording
from tests.store.scenes.rows import NOW, ODD

TICKS = One("ticks", "SELECT at, schedule, task FROM tick WHERE at > ? ORDER BY at, schedule LIMIT ?")


def set_and_removed(t: Recording) -> None:
    assert t.one(q.ADD_SCHEDULE, 7, ODD, "{}", NOW + 5) == [(7,)]
    assert t.one(q.ADD_SCHEDULE, 8, ODD, "{}", NOW + 5) == [], "the name is taken"
    t.one(q.ADD_SCHEDULE, 9, "late", "{}", None)
    assert t.one(q.COUNT_SCHEDULES) == [(2,)]
    first = (7, ODD, "{}", 0, None, NOW + 5, None, None, None)
    second = (9, "late", "{}", 0, None, None, None, None, None)
    assert t.one(q.SCHEDULES) == [first, second]
    assert t.one(q.SCHEDULE_NAMED, ODD) == t.one(q.LOCK_SCHEDULE_NAMED, ODD) == t.one(q.LOCK_SCHEDULE, 7) == [first]
    assert t.one(q.SCHEDULE_NAMED, "x") == t.one(q.LOCK_SCHEDULE, 8) == []
    t.one(q.PAUSE_SCHEDULE, 1, "why", None, 7)
    t.one(q.SCHEDULE_CAME, NOW + 9, NOW + 5, 33, "full", 9)
    assert t.one(q.SCHEDULES) == [
        (7, ODD, "{}", 1, "why", None, None, None, None),
        (9, "late", "{}", 0, None, NOW + 9, NOW + 5, 33, "full"),
    ]
    assert t.one(q.SCHEDULE_SOONER, NOW + 1, 9, NOW + 8) == [], "it has moved on"
    assert t.one(q.SCHEDULE_SOONER, NOW + 8, 9, NOW + 9) == [(9,)]
    t.one(q.SET_SCHEDULE, '{"n":1}', NOW + 7, 9)
    assert t.one(q.SCHEDULE_NAMED, "late") == [(9, "late", '{"n":1}', 0, None, NOW + 7, NOW + 5, 33, None)]
    t.one(q.DROP_SCHEDULE, 7)
    assert t.one(q.COUNT_SCHEDULES) == [(1,)]


def each_tick_once(t: Recording) -> None:
    assert t.one(q.ADD_TICK, NOW, ODD) == [(NOW,)]
    assert t.one(q.ADD_TICK, NOW, ODD) == []
    assert t.one(q.ADD_TICK, NOW, "other") == [(NOW,)]
    assert t.one(q.ADD_TICK, NOW + 60, ODD) == [(NOW + 60,)]
    t.one(q.SET_TICK_TASK, 5, NOW, ODD)
    assert sorted(t.one(TICKS, NOW - 1, 9)) == [(NOW, ODD, 5), (NOW, "other", None), (NOW + 60, ODD, None)]
    assert t.one(TICKS, NOW, 1) == [(NOW + 60, ODD, None)]
    t.one(q.DROP_OLD_TICKS, NOW + 60)
    assert t.one(TICKS, 0, 9) == [(NOW + 60, ODD, None)]
