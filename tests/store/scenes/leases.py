"""Leases, attempts, listeners, samples."""

from __future__ import annotations

from rota.model import state
from rota.store.sql import fleet
from rota.store.sql import leases as q
from tests.store.recording import Recording
from tests.store.scenes.rows import NOW, ODD, add_agent, add_places, add_tasks, lease, task


def giving(t: Recording) -> None:
    offered = {"offered": 1, "listener": 8, "until": NOW + 5, "request": ODD, "instance": "i"}
    t.add(q.ADD_LEASE, [lease(1), lease(2, **offered), lease(3, agent=2, node=2, offered=1), lease(4)])
    assert t.one(q.COUNT_LEASES) == [(4,)]
    offer = q.LeaseRow(*t.one(q.OFFERS_OF_NODE, 1)[0])
    assert (offer.task, offer.request, offer.cancel_at, offer.note) == (2, ODD, None, None)
    assert t.one(q.LEASES_OF_LISTENER, 1, 8) == [tuple(offer)]
    assert t.one(q.LEASES_OF_LISTENER, 1, 9) == [], "a lease that was delivered is no offer"
    assert [row[0] for row in t.one(q.LEASES_OF_AGENT, 1)] == [1, 2, 4]
    assert [row[0] for row in t.one(q.LEASES_OF_REQUEST, 1, ODD)] == [2]
    assert t.each(q.SLOTS_OF_AGENTS, [(1,), (2,), (3,)]) == [(1, 1, NOW), (1, 2, NOW), (1, 4, NOW), (2, 3, NOW)]
    assert t.each(q.LANES_OF_AGENTS, [(2,), (3,)]) == [(2, 1)]
    assert t.each(q.CONFIRM_LEASES, [(2, 2_000, NOW + 60), (3, 1, NOW), (4, 4_000, NOW)]) == [(2,)]
    assert t.one(q.OFFERS_OF_NODE, 1) == []
    assert [row[0] for row in t.each(q.LEASES_OF_TASKS, [(2,), (3,), (9,)])] == [2, 3]


def preempting(t: Recording) -> None:
    t.add(q.ADD_LEASE, [lease(1), lease(2), lease(3, offered=1), lease(4, agent=2), lease(5)])
    t.each(q.FLAG_CANCEL, [(2, NOW)])
    asked = [(1, 1_000, NOW + 30), (2, 2_000, NOW), (3, 3_000, NOW), (4, 9, NOW), (5, 5_000, NOW + 30)]
    assert t.each(q.FLAG_PREEMPT, asked) == [(1,), (5,)], "not cancelled, not only offered, and of this token"
    assert t.each(q.FLAG_PREEMPT, [(1, 1_000, NOW + 99)]) == [], "the first time counts"
    assert t.each(q.RENEW_LEASES, [(1, 1_000, 1, NOW, None)]) == [(1, None, NOW + 30)]
    t.each(q.SPARE, [(1, 1_000), (5, 1)])
    held = [q.LeaseRow(*row) for row in t.each(q.HELD_BY_AGENTS, [(1,), (2,), (3,)])]
    assert [(one.task, one.preempt_at) for one in sorted(held)] == [
        (1, None),
        (2, None),
        (3, None),
        (4, None),
        (5, NOW + 30),
    ]
    ended = ((6, 1, "preempted"), (6, 2, "preempted"), (6, 3, "done"), (7, 1, "lost"))
    t.add(q.ADD_ATTEMPT, [(task, number, 1, NOW, NOW, how, 0, None, None, None) for task, number, how in ended])
    assert t.each(q.COUNT_PREEMPTED, [(6,), (7,), (8,)]) == [(6, 2)]
    t.add(q.KEEP_SLOT, [(10, 1, 1, 1_000, NOW), (11, 1, 5, 5_000, NOW + 1)])
    t.add(q.KEEP_SLOT, [(10, 2, 2, 2_000, NOW)])
    assert t.one(q.KEPT_SLOTS) == [(10, 1, 1, 1_000, NOW), (11, 1, 5, 5_000, NOW + 1)], "the first stays"
    t.each(q.DROP_KEPT, [(10,), (12,)])
    assert [row[0] for row in t.one(q.KEPT_SLOTS)] == [11]


def renewing(t: Recording) -> None:
    t.add(q.ADD_LEASE, [lease(1), lease(2), lease(3, offered=1)])
    assert t.each(q.FLAG_CANCEL, [(2, NOW + 30), (9, NOW)]) == [(2,)]
    assert t.each(q.FLAG_CANCEL, [(2, NOW + 99)]) == [], "the first cancel counts"
    beats = [(1, 1_000, 1, NOW + 10, '{"progress":0.5}'), (2, 2_000, 1, NOW + 10, None), (3, 3_001, 1, NOW, None)]
    assert t.each(q.RENEW_LEASES, beats) == [(1, None, None), (2, NOW + 30, None)], "a wrong token"
    t.each(q.RENEW_LEASES, [(1, 1_000, 1, NOW + 20, None), (1, 1_000, 2, NOW + 90, None)])
    assert t.each(q.NOTES_OF_LEASES, [(1, 1_000), (2, 1)]) == [(1, '{"progress":0.5}')], "no news: the old stays"
    held = q.LeaseRow(*t.each(q.LEASES_OF_TASKS, [(1,)])[0])
    assert held.until == NOW + 80
    t.one(q.EXTEND_LEASES, NOW + 25, NOW + 25)
    assert [row[8] for row in t.one(q.LEASES_OF_AGENT, 1)] == [NOW + 85, NOW + 85, NOW + 60], "offers are not extended"


def ending(t: Recording) -> None:
    t.add(q.ADD_LEASE, [lease(n, agent=9, until=NOW + n) for n in range(1, 6)])
    assert [row[0] for row in t.one(q.LAPSED_LEASES, NOW + 3, 2)] == [1, 2]
    ended = [q.LeaseRow(*row) for row in t.each(q.END_LEASES, [(1, 1_000), (2, 1), (3, 3_000), (9, 9_000)])]
    assert [(row.task, row.slot, row.token) for row in ended] == [(1, 1, 1_000), (3, 3, 3_000)]
    assert [row[0] for row in t.one(q.LAPSED_LEASES, NOW + 3, 9)] == [2]
    local, remote = add_agent(t, "local", node=7), add_agent(t, "remote")
    t.add(q.ADD_LEASE, [lease(21, agent=local), lease(22, agent=remote), lease(20, agent=local)])
    assert [row[0] for row in t.one(q.LEASES_OF_LOST_NODE, 7, 10)] == [20, 21]
    assert t.one(fleet.AGENTS)[0][6] == 7


def attempts(t: Recording) -> None:
    story = (1, 1, 5, NOW, NOW + 9, "failed", 1, ODD, None)
    t.add(
        q.ADD_ATTEMPT,
        [
            (*story, 77),
            (1, 2, 6, NOW, NOW, "done", 0, None, "{}", None),
            (2, 1, 5, NOW, NOW, "done", 1, None, None, 78),
        ],
    )
    t.add(q.ADD_ATTEMPT, [(1, 1, 9, 0, 0, "lost", 0, None, None, 79)])
    add_tasks(t, [task(1), task(2)])
    asked = [(1, 77), (1, 78), (1, 79), (2, 78), (3, 77)]
    assert t.each(q.ENDED_BY_TOKEN, asked) == [
        (1, 77, "failed", ODD, None, None, state.READY),
        (2, 78, "done", None, None, None, state.READY),
    ]
    t.one(q.REJECT_ATTEMPT, "not good", 2, 1)
    assert t.each(q.ATTEMPTS_OF_TASKS, [(1,), (2,), (3,)]) == [
        story,
        (1, 2, 6, NOW, NOW, "done", 0, None, "{}"),
        (2, 1, 5, NOW, NOW, "rejected", 1, "not good", None),
    ]


def listening(t: Recording) -> None:
    t.add(q.ADD_LISTENER, [(3, 1, "[1,2]", 5, NOW), (2, 2, "[3]", 1, NOW), (4, 1, "[]", 1, NOW)])
    assert t.one(q.LISTENERS) == [(2, 2, "[3]", 1), (3, 1, "[1,2]", 5), (4, 1, "[]", 1)]
    t.each(q.DROP_LISTENERS, [(4,), (9,)])
    assert [row[0] for row in t.one(q.LISTENERS)] == [2, 3]
    t.one(q.DROP_LISTENERS_OF_NODE, 1)
    assert [row[0] for row in t.one(q.LISTENERS)] == [2]


def samples(t: Recording) -> None:
    rows = [(1, ODD, 1e-9, NOW, 1, 3, 5, 0, -1), (1, "a", 12345.678901, NOW, 0, 1, 0, 9, 2)]
    add_places(t)
    t.add(q.ADD_SAMPLE, rows)
    assert t.one(q.TAKE_SAMPLES, 2) == []
    assert t.one(q.TAKE_SAMPLES, 1) == [rows[1]], "only those of the pool's lanes"
    assert t.one(q.TAKE_SAMPLES, 1) == []
