"""Tasks that wait: lanes, ready, set aside, timers, depth."""

from __future__ import annotations

from rota.model import state
from rota.store.sql import waiting as q
from tests.store.recording import Recording
from tests.store.scenes.rows import BIG, NOW, ODD, add_places, add_tasks, task


def ready(t: Recording) -> None:
    t.add(
        q.ADD_READY,
        [(1, NOW + n % 5, n, n * 7, 0, 0) for n in range(1, 51)] + [(2, NOW, 99, 0, BIG, 5), (7, 0, 100, 0, 0, BIG)],
    )
    t.add(q.ADD_READY, [(2, NOW, 99, 5, 5, 0)])
    heads = t.pick(q.HEADS_SQLITE, q.HEADS_POSTGRES)
    assert t.each(heads, [(1, 2), (2, 5), (3, 5)]) == [
        (1, NOW, 5, 35, 0, 0),
        (1, NOW, 10, 70, 0, 0),
        (2, NOW, 99, 0, BIG, 5),
    ]
    assert t.each(heads, [(1, 1)]) == [(1, NOW, 5, 35, 0, 0)]
    assert t.one(q.FIRST_OF_LANE, 1, 2) == [(NOW, 5), (NOW, 10)]
    assert t.one(q.LAST_OF_LANE, 1, 2) == [(NOW + 4, 49), (NOW + 4, 44)]
    assert t.one(q.COUNT_AHEAD, 1, NOW + 1, 6, 1000) == [(11,)], "ten that are due earlier, and task 1"
    assert t.one(q.COUNT_AHEAD, 1, NOW + 1, 6, 3) == [(3,)]
    assert t.one(q.WORK_AHEAD, 1, NOW + 1, 6, 1000) == [(11, 7 * (1 + sum(range(5, 51, 5))))]
    assert t.one(q.WORK_AHEAD, 9, NOW, 6, 1000) == [(0, 0)]
    assert t.one(q.LANES_IN_READY) == [(1,), (2,), (7,)]
    wanted = [(1, NOW, 5), (1, NOW, 11), (2, NOW, 99), (2, NOW, 98)]
    assert t.each(q.TAKE_READY, wanted) == [(5,), (99,)], "what is not there at that place is not taken"
    assert t.each(q.TAKE_READY, wanted) == []
    assert t.one(q.LANES_IN_READY) == [(1,), (7,)]


def groups(t: Recording) -> None:
    t.add(q.ADD_READY, [(lane, NOW - n % 3, n + lane, n, 9, n % 4) for lane in (100, 200) for n in range(1, 25)])
    companions = t.pick(q.COMPANIONS_SQLITE, q.COMPANIONS_POSTGRES)
    first = [(100, NOW - 2, 102, 2, 9, 2), (100, NOW - 2, 114, 14, 9, 2)]
    assert t.each(companions, [(100, 2, 2)]) == first, "of lane and group those that are due first"
    assert t.each(companions, [(100, 2, 2), (200, 3, 1), (300, 3, 5), (100, 9, 5)]) == [
        *first,
        (200, NOW - 2, 211, 11, 9, 3),
    ]
    assert len(t.each(companions, [(100, 2, 99), (200, 2, 99)])) == 12
    assert t.each(companions, [(100, 0, 5)]) == [], "who has no group has no companions"


def ready_of_chosen(t: Recording) -> None:
    add_tasks(t, [task(1, project=5), task(2, project=5, due=NOW + 9), task(3), task(4, project=5)])
    t.add(q.ADD_READY, [(1, NOW + 1, 1, 7, 0, 3), (1, NOW + 8, 2, 0, 0, 0), (1, NOW + 3, 3, 0, 0, 0)])
    t.add(q.ADD_READY, [(1, NOW + 4, 4, 0, 0, 0)])
    first, fourth = (1, NOW + 1, 1, 7, 0, 3), (1, NOW + 4, 4, 0, 0, 0)
    assert t.one(q.READY_OF_PROJECT, 5, 1, 9) == [first, fourth], "2 stands elsewhere"
    assert t.one(q.READY_OF_PROJECT, 5, 1, 1) == [first]
    assert t.one(q.READY_OF_PROJECT, 5, 2, 9) == []
    assert sorted(t.one(q.PROJECT_IN_LANE, 1, 9, 5)) == [first, fourth, (1, NOW + 8, 2, 0, 0, 0)]
    assert t.one(q.PROJECT_IN_LANE, 1, 2, 5) == [first]
    assert t.each(q.READY_OF_TASKS, [(1,), (2,), (3,), (9,)]) == [(1, NOW + 1, 1, 7, 0, 3), (1, NOW + 3, 3, 0, 0, 0)]


def nothing_ready(t: Recording) -> None:
    assert t.one(q.LANES_IN_READY) == []
    assert t.one(q.NEXT_TIMER) == [(None,)]
    assert t.one(q.NEXT_TIMER_BUT, 0) == []
    assert t.one(q.DEPTHS) == []


def set_aside(t: Recording) -> None:
    t.add(q.ADD_ASIDE, [(state.HELD, 1), (state.DEAD, 2)])
    t.add(q.ADD_ASIDE, [(state.HELD, 1), (state.HELD, 3)])
    assert t.each(q.LEAVE_ASIDE, [(state.HELD, 1), (state.HELD, 2), (state.DEAD, 2)]) == [(1,), (2,)]
    add_places(t)
    add_tasks(t, [task(number, queue=1 + number // 13) for number in range(10, 14)])
    t.add(q.ADD_ASIDE, [(state.REVIEW, 10), (state.REVIEW, 11), (state.HELD, 12), (state.REVIEW, 13)])
    assert t.one(q.COUNT_UNREVIEWED, 1, 5) == [(2,)]
    assert t.one(q.COUNT_UNREVIEWED, 1, 1) == [(1,)]


def depth(t: Recording) -> None:
    add_places(t)
    t.add(q.ADD_DEPTH, [(1, 500), (2, 3)])
    t.add(q.ADD_DEPTH, [(1, -100), (3, BIG)])
    assert t.one(q.DEPTHS) == [(1, 400, 2), (2, 3, 1), (3, BIG, 1)]
    assert t.one(q.QUEUE_DEPTH, 1) == [(400,)]
    assert t.one(q.QUEUE_DEPTH, 9) == [(0,)]
    assert sorted(t.one(q.TAKE_DEPTHS)) == [(1, -100), (1, 500), (2, 3), (3, BIG)]
    assert t.one(q.TAKE_DEPTHS) == []


def timers(t: Recording) -> None:
    t.add(q.ADD_TIMER, [(NOW + n, n % 2, n) for n in range(10)])
    t.add(q.ADD_TIMER, [(NOW, 0, 0)])
    assert t.one(q.NEXT_TIMER) == [(NOW,)]
    assert t.one(q.NEXT_TIMER_BUT, 0) == [(NOW + 1,)]
    assert t.one(q.COUNT_DUE, NOW + 4, 1, 7) == [(2,)]
    due = t.pick(q.DUE_TIMERS_SQLITE, q.DUE_TIMERS_POSTGRES)
    assert sorted(t.one(due, NOW + 4, 3)) == [(NOW, 0, 0), (NOW + 1, 1, 1), (NOW + 2, 0, 2)], "no more than asked for"
    assert sorted(t.one(due, NOW + 4, 100)) == [(NOW + 3, 1, 3), (NOW + 4, 0, 4)]
    assert t.one(due, NOW + 4, 100) == []
    assert t.one(q.NEXT_TIMER) == [(NOW + 5,)]


def limits(t: Recording) -> None:
    t.one(q.PARK_LIMIT, ODD, NOW + 5)
    t.one(q.PARK_LIMIT, ODD, NOW + 9)
    t.one(q.PARK_LIMIT, "api", NOW + 1)
    assert t.one(q.PARKED_LIMITS, NOW + 5) == [(ODD, NOW + 9)]
    t.one(q.UNPARK_LIMITS, NOW + 1)
    assert t.one(q.PARKED_LIMITS, 0) == [(ODD, NOW + 9)]
    assert t.one(q.UNPARK_LIMIT, "api") == []
    assert t.one(q.UNPARK_LIMIT, ODD) == [(ODD,)]
    assert t.one(q.PARKED_LIMITS, 0) == []


def aside_of_a_queue(t: Recording) -> None:
    add_places(t)
    add_tasks(t, [task(1, queue=1), task(2, queue=2), task(3, queue=2), task(4, queue=2)])
    t.add(q.ADD_ASIDE, [(state.HELD, 1), (state.HELD, 3), (state.HELD, 2), (state.BLOCKED, 4)])
    assert t.one(q.ASIDE_OF_QUEUE, state.HELD, 2, 9) == [(2,), (3,)]
    assert t.one(q.ASIDE_OF_QUEUE, state.HELD, 2, 1) == [(2,)]
    assert t.one(q.ASIDE_OF_QUEUE, state.BLOCKED, 1, 9) == []
