"""Tasks and their bodies."""

from __future__ import annotations

from rota.model import state
from rota.store.sql import tasks as q
from tests.store.recording import Recording
from tests.store.scenes.rows import BIG, NOW, ODD, add_tasks, task


def moving(t: Recording) -> None:
    add_tasks(t, [task(n) for n in range(1, 41)])
    t.each(
        q.PLACE_TASKS,
        [
            (n, state.SCHEDULED, None, NOW + n, None, 1, 2, NOW + 99, 0, n % 3 or None, ODD, n * 10)
            for n in range(1, 31)
        ],
    )
    found = {row[0]: q.TaskRow(*row) for row in t.each(q.LOCK_TASKS, [(n,) for n in (1, 3, 40, 41)])}
    assert sorted(found) == [1, 3, 40], "41 does not exist"
    assert (found[1].state, found[1].lane, found[1].start, found[1].agent) == (state.SCHEDULED, None, NOW + 99, 1)
    assert (found[1].cost, found[40].cost) == (10, 0)
    assert (found[3].agent, found[3].reason, found[3].attempts, found[3].tries) == (None, ODD, 1, 2)
    assert found[40] == q.TaskRow(*t.each(q.LOCK_TASKS, [(40,)])[0])
    t.each(q.END_TASKS, [(n, state.DONE, NOW + 7, 3, 4, n, None) for n in range(1, 21)])
    ended = q.TaskRow(*t.each(q.LOCK_TASKS, [(20,)])[0])
    assert (ended.state, ended.attempts, ended.tries, ended.agent, ended.reason) == (state.DONE, 3, 4, 20, None)


def editing(t: Recording) -> None:
    add_tasks(t, [task(1), task(2, batch="b1"), task(3, batch="b1"), task(4, batch="b2")])
    t.one(q.EDIT_TASK, ODD, 0, 5, NOW + 9, 7, 2, "g", "k", 9, 1)
    edited = q.TaskRow(*t.each(q.LOCK_TASKS, [(1,)])[0])
    assert (edited.band, edited.shape, edited.deadline, edited.max_attempts, edited.parents) == (0, 5, NOW + 9, 7, 2)
    assert (edited.grp, edited.kind, edited.estimate, edited.version) == ("g", "k", 9, 1)
    assert t.one(q.TITLE_OF, 1) == [(ODD,)]
    t.one(q.SET_TITLE, "new", 2)
    assert t.one(q.TITLE_OF, 2) == [("new",)]
    assert q.TaskRow(*t.each(q.LOCK_TASKS, [(2,)])[0]).version == 1
    t.each(q.SET_REASON, [(2, ODD)])
    assert q.TaskRow(*t.each(q.LOCK_TASKS, [(2,)])[0]).reason == ODD
    t.each(q.MORE_PARENTS, [(2,)])
    assert q.TaskRow(*t.each(q.LOCK_TASKS, [(2,)])[0]).parents == 1
    t.each(q.NEED_TASKS, [(3, 0, NOW, None), (4, None, None, NOW + 1)])
    needed = {row[0]: q.TaskRow(*row) for row in t.each(q.LOCK_TASKS, [(3,), (4,)])}
    assert [(row.lent, row.needed_by, row.must_by) for row in needed.values()] == [
        (0, NOW, None),
        (None, None, NOW + 1),
    ]
    t.each(q.MARK_PARENTS, [(1,), (2,)])
    assert [row[q.TaskRow._fields.index("children")] for row in t.each(q.LOCK_TASKS, [(1,), (2,), (3,)])] == [1, 1, 0]
    assert t.one(q.BATCH_TASKS, "b1", 10) == [(2,), (3,)]
    assert t.one(q.BATCH_TASKS, "b1", 1) == [(2,)]


def staging(t: Recording) -> None:
    add_tasks(t, [task(1, stages=4, waits_from=NOW), task(2), task(3)])
    first, second, _third = (q.TaskRow(*row) for row in t.each(q.LOCK_TASKS, [(1,), (2,), (3,)]))
    assert (first.stages, first.waits_from, first.fired, first.own_shape) == (4, NOW, 0, None)
    assert (second.stages, second.waits_from) == (None, None)
    t.each(q.SET_WAITS_FROM, [(2, NOW + 5), (9, NOW)])
    t.each(q.STAGE_TASKS, [(1, 7, 8, None, 0, 5), (2, 1, 1, 9, None, 1 << 15)])
    t.each(q.ASSIGN_TASKS, [(3, 11, 1)])
    found = [q.TaskRow(*row) for row in t.each(q.LOCK_TASKS, [(1,), (2,), (3,)])]
    assert [(row.queue, row.shape, row.own_shape, row.promoted, row.fired) for row in found] == [
        (7, 8, None, 0, 5),
        (1, 1, 9, None, 1 << 15),
        (1, 11, 1, None, 0),
    ]
    assert [(row.waits_from, row.version) for row in found] == [(NOW, 0), (NOW + 5, 0), (None, 1)]
    waiting = [q.WaitingTask(*row) for row in t.each(q.WAITING_TASKS, [(1,), (3,), (9,)])]
    assert [(row.id, row.state, row.lane, row.due, row.ready_at, row.band) for row in waiting] == [
        (1, state.READY, 1, NOW + 1, NOW, 3),
        (3, state.READY, 1, NOW + 3, NOW, 3),
    ]


def bodies(t: Recording) -> None:
    add_tasks(t, [task(1, deadline=BIG, estimate=0, title="", grp=ODD), task(2)])
    t.one(q.SET_DESCRIPTION, "", 1)
    t.one(q.SET_PAYLOAD, '{"p":1}', 2)
    assert q.Brief(*t.each(q.BRIEFS, [(2,)])[0]).payload == '{"p":1}'
    t.one(q.SET_PAYLOAD, None, 2)
    t.each(q.SET_RESULTS, [(1, '{"r":1}'), (2, None)])
    t.each(q.SET_CHECKPOINTS, [(1, "null")])
    t.one(q.SET_ANSWER, "before", 1)
    t.one(q.SET_QUESTION, "why?", 1)
    t.one(q.SET_ANSWER, ODD, 1)
    brief = q.Brief(*t.each(q.BRIEFS, [(1,), (3,)])[0])
    assert (brief.title, brief.description, brief.payload) == ("", "", '{"n":1}')
    assert (brief.checkpoint, brief.answer, brief.deadline, brief.estimate) == ("null", ODD, BIG, 0)
    assert brief.grp == ODD
    assert len(t.each(q.BRIEFS, [(1,), (2,)])) == 2
