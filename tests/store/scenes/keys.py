"""Access keys, and whose tasks are."""

from __future__ import annotations

from rota.store.sql import keys as q
from rota.store.sql.listing import TENANTS_OF
from tests.store.recording import Recording
from tests.store.scenes.rows import NOW, ODD, add_tasks, task


def kept(t: Recording) -> None:
    first = t.one(q.ADD_KEY, "d1", ODD, '["read"]', None, None, None, NOW, None)[0][0]
    second = t.one(q.ADD_KEY, "d2", "two", '["work"]', "acme", "ann", 3, NOW, NOW + 9)[0][0]
    assert t.one(q.COUNT_KEYS) == [(2,)]
    assert t.one(q.REVOKE_KEY, NOW + 5, first) == [(NOW + 5,)]
    assert t.one(q.REVOKE_KEY, NOW + 6, first) == [(NOW + 5,)], "once"
    assert t.one(q.REVOKE_KEY, NOW, 99) == []
    t.each(q.KEY_USED, [(first, NOW + 1), (second, NOW + 2)])
    t.each(q.KEY_USED, [(second, NOW + 1), (99, NOW)])
    assert t.one(q.KEYS) == [
        (first, "d1", ODD, '["read"]', None, None, None, NOW, None, NOW + 5, NOW + 1),
        (second, "d2", "two", '["work"]', "acme", "ann", 3, NOW, NOW + 9, None, NOW + 2),
    ]


def a_quota(t: Recording) -> None:
    key = t.one(q.ADD_KEY, "d", "k", "[]", None, None, 3, NOW, None)[0][0]

    def spend(n: int, at: int) -> list[tuple[int]]:
        over = at - 100
        return t.one(q.SPEND_URGENT, over, n, over, at, key, over, n)

    assert spend(2, NOW) == [(2,)]
    assert spend(2, NOW + 1) == [], "it would be one too many"
    assert spend(1, NOW + 2) == [(3,)]
    assert spend(1, NOW + 99) == []
    assert spend(3, NOW + 100) == [(3,)], "another hour"
    assert spend(4, NOW + 300) == []


def whose(t: Recording) -> None:
    add_tasks(t, [task(1), task(2)])
    assert sorted(t.each(TENANTS_OF, [(1,), (2,), (9,)])) == [(1, 1), (2, 1)]
