"""The order in which tasks come to their turn is the one in which a plan gives them when slots are endless."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rota.model.requirements import Requirements
from rota.planning.limit import Gauge
from rota.planning.plan import plan
from rota.planning.snapshot import TENANT, Agent, Head, Lane, Listener, PassKey, Profile, Snapshot
from rota.planning.turns import ahead, in_turn

ENDLESS = 1_000


@st.composite
def pictures(draw: st.DrawFn) -> Snapshot:
    lanes = []
    for number in range(draw(st.integers(1, 6))):
        dues = sorted(draw(st.lists(st.integers(0, 20), min_size=0, max_size=8)))
        heads = [Head(due, number * 100 + at, draw(st.integers(1, 9))) for at, due in enumerate(dues)]
        lane = Lane(number, 0, draw(st.sampled_from([2, 3, 3])), late=draw(st.booleans()), heads=heads)
        lane.tenant, lane.share = draw(st.integers(1, 3)), draw(st.integers(0, 2))
        lane.slack = draw(st.sampled_from([None, 0.0, 1.0, 5.0]))
        lane.limits = draw(st.sampled_from([(), (), ("api",), ("api", "tenant")]))
        lane.more = draw(st.sampled_from([False] * 9 + [True]))
        lanes.append(lane)
    shares = st.builds(PassKey, st.sampled_from([2, 3]), st.integers(0, 3), st.sampled_from([TENANT, 0, 1, 2]))
    return Snapshot(
        agents=[Agent(1, Profile("ann"), slots=ENDLESS)],
        listeners=[Listener(1, (1,), ENDLESS)],
        lanes=lanes,
        shapes={0: Requirements()},
        weights=draw(st.dictionaries(st.integers(1, 3), st.integers(1, 4))),
        passes=draw(st.dictionaries(shares, st.integers(0, 60), max_size=6)),
        slack=draw(st.sampled_from([0.0, 2.0])),
        gauges={name: Gauge(draw(st.integers(0, 12)), 1) for name in ("api", "tenant")},
    )


def in_order(snapshot: Snapshot) -> list[int]:
    return [head.task for _lane, head in in_turn(snapshot)]


@given(pictures())
@settings(max_examples=300)
def test_it_is_the_order_of_the_plan(snapshot: Snapshot) -> None:
    expected = in_order(snapshot)
    for lane in snapshot.lanes:
        lane.heads = tuple(lane.heads)
    decided = plan(
        msgspec.structs.replace(
            snapshot, gauges={name: msgspec.structs.replace(gauge) for name, gauge in snapshot.gauges.items()}
        )
    )
    assert [chosen.task for chosen in decided.gives] == expected


def lane(number: int, tenant: int, tasks: int, *, cost: int = 10, slack: float | None = 0.0) -> Lane:
    heads: Sequence[Head] = [Head(number, number * 100 + at, cost) for at in range(tasks)]
    return Lane(number, 0, 3, tenant=tenant, slack=slack, heads=heads)


def drawn(*lanes: Lane, **more: object) -> Snapshot:
    return msgspec.structs.replace(Snapshot(agents=(), listeners=(), lanes=lanes, shapes={}), **more)


def test_tenants_take_turns() -> None:
    assert in_order(drawn(lane(1, 1, 3), lane(2, 2, 3))) == [100, 200, 101, 201, 102, 202]
    assert in_order(drawn(lane(1, 1, 3, slack=None), lane(2, 2, 2))) == [100, 101, 102, 200, 201]


def test_it_ends_where_a_lane_holds_more_than_it_shows() -> None:
    short = lane(1, 1, 2)
    short.more = True
    assert in_order(drawn(short, lane(2, 2, 9))) == [100, 200, 101]


def test_nothing_is_used_up() -> None:
    bound = lane(1, 1, 3)
    bound.limits = ("api",)
    snapshot = drawn(bound, gauges={"api": Gauge(2, 1)})
    assert in_order(snapshot) == in_order(snapshot) == [100, 101]


def test_how_far_ahead() -> None:
    flood, drop = lane(1, 1, 3, slack=2.0), lane(2, 2, 3, slack=None)
    snapshot = drawn(flood, drop, passes={PassKey(3, 1, TENANT): 50, PassKey(3, 2, TENANT): 20}, slack=9.0)
    assert ahead(snapshot, flood) == (30, None, 20), "two tasks of ten"
    assert ahead(snapshot, drop) == (0, None, None)
    drop.late = True
    assert ahead(snapshot, flood) == (0, None, 20), "the late of its band come later"
    assert ahead(drawn(flood), flood) == (None, None, 20)
    other = lane(3, 1, 2)
    other.share = 7
    assert ahead(drawn(flood, other, passes={PassKey(3, 1, 0): 5, PassKey(3, 1, 7): 1}), flood) == (None, 4, 20)
