"""Pools, queues, agents, shapes, lanes, nodes."""

from __future__ import annotations

import pytest

from rota.store.sql import fleet as q
from tests.store.recording import Recording
from tests.store.scenes.rows import NOW, ODD, add_agent


def settings(t: Recording) -> None:
    assert t.one(q.GET_META, "colour") == []
    t.one(q.SET_META, "colour", "red")
    t.one(q.SET_META, "colour", ODD)
    assert t.one(q.GET_META, "colour") == [(ODD,)]
    assert [t.one(q.RAISE_META, "version") for _ in range(3)] == [[("1",)], [("2",)], [("3",)]]


def pools_and_queues(t: Recording) -> None:
    assert t.one(q.POOLS) == [(1, "default", "{}")]
    assert t.one(q.SET_POOL, "night", "{}") == [(2,)]
    assert t.one(q.SET_POOL, "night", '{"strategy":"balanced"}') == [(2,)]
    assert t.one(q.POOLS) == [(1, "default", "{}"), (2, "night", '{"strategy":"balanced"}')]
    assert t.one(q.SET_QUEUE, "mail", 2, "{}") == [(2,)]
    assert t.one(q.SET_QUEUE, "mail", 1, '{"ttl":9}') == [(2,)]
    t.one(q.PAUSE_QUEUE, 1, "too \\ much", 2)
    assert t.one(q.QUEUES) == [(1, "default", 1, "{}", 0, None), (2, "mail", 1, '{"ttl":9}', 1, "too \\ much")]
    assert t.one(q.SET_QUEUE, "mail", 1, "{}") == [(2,)]
    assert t.one(q.QUEUES)[1][3:] == ("{}", 1, "too \\ much"), "what is paused stays so"
    t.one(q.PAUSE_QUEUE, 2, None, 2)
    assert t.one(q.SET_QUEUE, "mail", 1, "{}") == [(2,)]
    assert t.one(q.QUEUES)[1][4:] == (0, None), "what was removed goes on"
    t.one(q.PAUSE_QUEUE, 1, None, 2)
    t.one(q.PAUSE_QUEUE, 0, None, 2)
    assert t.one(q.QUEUES)[1][4:] == (0, None)


def stage_lists(t: Recording) -> None:
    assert t.one(q.STAGE_LIST_BY_TEXT, ODD) == []
    assert t.one(q.ADD_STAGE_LIST, ODD) == [(1,)]
    assert t.one(q.ADD_STAGE_LIST, ODD) == []
    assert t.one(q.STAGE_LIST_BY_TEXT, ODD) == [(1,)]
    assert t.one(q.STAGE_LIST_BY_ID, 1) == [(ODD,)]


def tenants(t: Recording) -> None:
    assert t.one(q.TENANT_BY_NAME, ODD) == []
    assert t.one(q.ADD_TENANT, ODD) == [(1,)]
    assert t.one(q.ADD_TENANT, ODD) == []
    assert t.one(q.TENANT_BY_NAME, ODD) == [(1,)]
    assert t.one(q.TENANT_BY_ID, 1) == [(ODD,)]
    assert t.one(q.SET_WEIGHT, ODD, 5) == [(1,)]
    assert t.one(q.TENANTS)[0] == (1, ODD, 5)
    assert t.one(q.WEIGHTS) == [(1, 5)]


def passes(t: Recording) -> None:
    t.add(q.ADD_PASS, [(1, 3, 1, -1, 0), (1, 3, 2, -1, 10)])
    t.add(q.ADD_PASS, [(1, 3, 2, -1, 99)])
    t.each(q.RAISE_PASS, [(1, 3, 1, -1, 5), (1, 3, 2, -1, -4), (2, 3, 1, -1, 5)])
    assert sorted(t.each(q.PASSES, [(1, 3, 1, -1), (1, 3, 2, -1), (1, 4, 1, -1)])) == [(3, 1, -1, 5), (3, 2, -1, 6)]


def agents(t: Recording) -> None:
    number = add_agent(t, "ann", node=7)
    t.one(q.SET_AGENT_STATE, 1, "lunch", number)
    assert t.one(q.SET_AGENT, "ann", 1, '{"slots":2}', "i-1", 7, NOW + 1) == [(number,)]
    found = [(number, "ann", 1, '{"slots":2}', 1, "i-1", 7, NOW + 1, "lunch", None)]
    assert t.one(q.AGENTS) == found, "registering again does not end a drain"
    t.one(q.SET_AGENT_HEALTH, "disk full", number)
    assert t.one(q.AGENTS)[0][9] == "disk full"
    t.one(q.SET_AGENT_STATE, 2, None, number)
    t.one(q.SET_AGENT, "ann", 1, "{}", None, 7, NOW)
    assert t.one(q.AGENTS)[0][4] == 0, "registering again brings a removed agent back"
    assert t.one(q.AGENTS)[0][9] is None, "and well"
    t.one(q.UNBIND_AGENTS, 7)
    assert t.one(q.AGENTS)[0][5:7] == (None, None)


def troubles(t: Recording) -> None:
    t.add(q.ADD_TROUBLE, [(2, ODD, 31, 5, NOW), (1, "a", 1, 2, 0), (1, "", 2, 0, 0)])
    assert t.one(q.TROUBLES) == [(1, "", 2, 0, 0), (1, "a", 1, 2, 0), (2, ODD, 31, 5, NOW)]
    t.each(q.DROP_TROUBLES, [(1, ""), (2, "a")])
    assert t.one(q.TROUBLES) == [(1, "a", 1, 2, 0), (2, ODD, 31, 5, NOW)]


def signs_of_life(t: Recording) -> None:
    t.add(q.ADD_HEARTBEAT, [(1, NOW), (2, NOW)])
    t.add(q.ADD_HEARTBEAT, [(1, NOW + 99)])
    t.each(q.BEAT, [(1, NOW + 5), (2, NOW - 5), (3, NOW)])
    assert sorted(t.one(q.HEARTBEATS)) == [(1, NOW + 5), (2, NOW)], "a beat never goes back"
    assert t.one(q.HEARTBEAT_OF, 1) == [(NOW + 5,)]


def averages(t: Recording) -> None:
    t.add(q.ADD_SERVED, [(1, 0, 0.0, 0, 1.0, 0, 0), (2, 0, 0.0, 0, 1.0, 0, 0)])
    t.add(q.ADD_SERVED, [(1, 9, 9.0, 9, 9.0, 9, 9)])
    t.each(q.SET_SERVED, [(1, 3, 0.1, NOW, 1e-9, 2, 1), (2, 4, 123456.789, NOW, 2.5, 4, 0)])
    assert t.each(q.SERVED, [(2,), (5,)]) == [(2, 4, 123456.789, NOW, 2.5, 4, 0)]
    assert sorted(t.one(q.ALL_SERVED))[0] == (1, 3, pytest.approx(0.1), NOW, 1e-9, 2, 1)
    t.add(q.ADD_ESTIMATE, [(1, "a", 1.0, 0.5, 0.25, 1.0), (1, ODD, 2.0, -0.5, 0.0, 0.0)])
    assert t.each(q.ESTIMATES_OF, [(1, ODD), (2, "a")]) == [(1, ODD, 2.0, -0.5, 0.0, 0.0)]
    t.each(q.SET_ESTIMATE, [(1, ODD, 3.0, -2.5, 0.25, 0.5), (1, "none", 1.0, 0.0, 0.0, 1.0)])
    assert sorted(t.one(q.ESTIMATES)) == sorted([(1, "a", 1.0, 0.5, 0.25, 1.0), (1, ODD, 3.0, -2.5, 0.25, 0.5)])


def shapes_and_lanes(t: Recording) -> None:
    assert t.one(q.SHAPE_BY_NEEDS, "{}") == []
    assert t.one(q.ADD_SHAPE, "{}") == [(1,)]
    assert t.one(q.ADD_SHAPE, "{}") == []
    assert t.one(q.SHAPE_BY_NEEDS, "{}") == [(1,)]
    assert t.one(q.SHAPE_BY_ID, 1) == [("{}",)]
    assert t.one(q.SHAPES) == [(1, "{}")]
    assert t.one(q.LANE_BY_KEY, 1, 1, 1, 3, 1, 0, 0) == []
    assert t.one(q.ADD_LANE, 1, 1, 1, 3, 1, 0, 0) == [(1,)]
    assert t.one(q.ADD_LANE, 1, 1, 1, 3, 1, 0, 0) == []
    assert t.one(q.LANE_BY_KEY, 1, 1, 1, 3, 1, 0, 0) == [(1,)]
    assert t.one(q.LANE_BY_ID, 1) == [(1, 1, 1, 3, 1, 0, 0)]
    assert t.one(q.LANES) == [(1, 1, 1, 1, 3, 1, 0, 0)]


def nodes(t: Recording) -> None:
    t.one(q.ADD_NODE, 5, "host:1", NOW, NOW)
    t.one(q.ADD_NODE, 6, "host:2", NOW, NOW)
    t.one(q.SEE_NODE, NOW + 100, 5)
    assert t.one(q.LOST_NODES, NOW + 50, 5) == [(6,)]
    assert t.one(q.LOST_NODES, NOW + 50, 6) == []
    assert t.one(q.NODES) == [(5, "host:1", NOW, NOW + 100), (6, "host:2", NOW, NOW)]
    t.one(q.DROP_NODE, 6)
    assert [row[0] for row in t.one(q.NODES)] == [5]
