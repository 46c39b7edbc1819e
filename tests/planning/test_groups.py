"""Batch groups: what comes along, what it may overtake, and that nothing else changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from rota.model.queue import Matching
from rota.model.requirements import Requirements
from rota.planning.limit import Gauge
from rota.planning.plan import plan, survey
from rota.planning.snapshot import TENANT, Agent, Give, Head, Lane, Listener, PassKey, Plan, Profile, Snapshot
from tests.planning.pictures import copy, in_order, may_now, planned, planned_through_a_window, replayed, snapshots

MATCHINGS: tuple[Matching, ...] = ("greedy", "regret")


def with_companions(lane: Lane, shown: int) -> Lane:
    """The lane with its first heads, and what the engine reads for these: of each group as much as they could bring."""
    heads = lane.heads[:shown]
    times = Counter(head.group for head in heads if head.group)
    companions = {
        group: [head for head in lane.heads if head.group == group][: n * lane.group_size] for group, n in times.items()
    }
    more = len(lane.heads) > shown
    return msgspec.structs.replace(lane, heads=heads, more=more, companions=companions if lane.group_size > 1 else {})


@st.composite
def grouped(draw: st.DrawFn) -> Snapshot:
    """Snapshots in which many tasks are of one of two groups, under both matchings."""
    snapshot = draw(snapshots())
    if draw(st.booleans()):
        for agent, listener in zip(snapshot.agents, snapshot.listeners, strict=False):
            agent.slots, listener.n = agent.slots + 6, listener.n + 6
    group = st.sampled_from([0, 71, 72, 71])
    lanes = [
        msgspec.structs.replace(
            lane, heads=[head._replace(group=draw(group)) for head in lane.heads], group_size=draw(st.integers(1, 4))
        )
        for lane in snapshot.lanes
    ]
    lanes = [with_companions(lane, len(lane.heads)) for lane in lanes]
    return msgspec.structs.replace(snapshot, lanes=lanes, matching=draw(st.sampled_from(MATCHINGS)))


def one_agent(heads: Sequence[Head], *, size: int = 8, slots: int = 20, n: int = 20, **more: object) -> Snapshot:
    """Ann, who listens, and one lane."""
    lane = with_companions(Lane(1, 1, 3, heads=heads, group_size=size), len(heads))
    agents = [Agent(1, Profile("ann"), slots)]
    return Snapshot(agents, [Listener(1, (1,), n)], [lane], {1: Requirements()}, **more)  # type: ignore[arg-type]


def tasks(decided: Plan) -> list[int]:
    return [give.task for give in decided.gives]


def bunches(decided: Plan) -> list[list[Give]]:
    """Decisions, each with those that it brought along."""
    found: list[list[Give]] = []
    for give in decided.gives:
        if give.came_with:
            assert found, "it came with nothing"
            found[-1].append(give)
        else:
            found.append([give])
    return found


def heads_of(snapshot: Snapshot) -> dict[int, Head]:
    return {head.task: head for lane in snapshot.lanes for head in lane.heads}


@given(grouped())
def test_what_comes_along_is_the_next_of_its_group_and_goes_the_same_way(snapshot: Snapshot) -> None:
    lanes, heads = {lane.id: lane for lane in snapshot.lanes}, heads_of(snapshot)
    gone: set[int] = set()
    for first, *others in bunches(planned(snapshot)):
        lane, group = lanes[first.lane], heads[first.task].group
        gone.add(first.task)
        assert len(others) < lane.group_size
        following = [head.task for head in lane.heads if head.group == group and head.task not in gone]
        assert [other.task for other in others] == following[: len(others)]
        for other in others:
            assert group
            assert (other.came_with, other.lane, other.agent, other.listener, other.due) == (
                first.task, first.lane, first.agent, first.listener, heads[other.task].due,
            )  # fmt: skip
            gone.add(other.task)


@given(grouped())
def test_as_many_come_along_as_claim_and_slots_take(snapshot: Snapshot) -> None:
    decided = planned(snapshot)
    lanes, heads = {lane.id: lane for lane in snapshot.lanes}, heads_of(snapshot)
    last = {bunch[-1].task: bunch for bunch in bunches(decided)}
    moments = [(copy(now), give) for now, give in replayed(snapshot, decided)]
    after = [now for now, _give in moments[1:]]
    gone: set[int] = set()
    for now, (_before, give) in zip(after, moments, strict=False):
        gone.add(give.task)
        bunch = last.get(give.task)
        lane, group = lanes[give.lane], heads[give.task].group
        if bunch is None or not group or len(bunch) == lane.group_size:
            continue
        left = [head for head in lane.heads if head.group == group and head.task not in gone]
        agent = next(agent for agent in now.agents if agent.id == give.agent)
        listener = next(listener for listener in now.listeners if listener.id == give.listener)
        assert not left or listener.n == 0 or not may_now(now, agent, lane)


@given(grouped())
def test_every_decision_is_allowed_and_bands_are_kept(snapshot: Snapshot) -> None:
    decided = planned(snapshot)
    lanes = {lane.id: lane for lane in snapshot.lanes}
    assert len(set(tasks(decided))) == len(decided.gives)
    order = [(lanes[give.lane].band, lanes[give.lane].late) for give in decided.gives]
    assert order == sorted(order)
    after = copy(snapshot)
    for now, give in replayed(snapshot, decided):
        after = now
        assert may_now(now, next(agent for agent in now.agents if agent.id == give.agent), lanes[give.lane])
        assert next(listener for listener in now.listeners if listener.id == give.listener).n > 0
    for _band, _due, task, lane in in_order(snapshot):
        if task not in tasks(decided):
            # One task may fill two reservations of an agent: what that opens is seen by the next plan.
            free = [agent.id for agent in after.agents if may_now(after, agent, lane) and len(agent.reserved) < 2]
            assert free == [], "a slot stays free"


@given(grouped())
def test_who_comes_along_is_charged_like_any_other(snapshot: Snapshot) -> None:
    heads = heads_of(snapshot)
    for first, *others in bunches(planned(snapshot)):
        for other in others:
            assert other.share == first.share
            assert other.cost == (max(heads[other.task].cost, 1) if first.cost else 0)


@given(grouped(), st.integers(1, 4))
def test_a_window_never_hides_a_better_task(snapshot: Snapshot, heads_each: int) -> None:
    lanes, parked = survey(copy(snapshot))
    while True:
        decided = plan(copy(snapshot, [with_companions(lane, heads_each) for lane in lanes]))
        if not decided.starved:
            break
        heads_each *= 2
    decided.parked = parked
    assert decided == planned(snapshot)


@given(snapshots(), st.sampled_from(MATCHINGS), st.integers(1, 4))
def test_without_companions_the_plan_is_what_it_was(snapshot: Snapshot, matching: Matching, heads_each: int) -> None:
    snapshot.matching = matching
    plain = planned(snapshot)
    for lane in snapshot.lanes:
        lane.heads = [head._replace(group=71) for head in lane.heads]
    assert planned(snapshot) == plain
    assert planned_through_a_window(snapshot, heads_each) == plain


@given(grouped())
def test_a_group_overtakes_no_more_than_its_size_each_time(snapshot: Snapshot) -> None:
    """Who brings others along stands in order itself: only what it brings overtakes."""
    snapshot.matching = "greedy"
    decided = planned(snapshot)
    for lane in snapshot.lanes:
        firsts = [give.task for give in decided.gives if give.lane == lane.id and not give.came_with]
        brought = {give.task for give in decided.gives if give.came_with}
        assert firsts == [head.task for head in lane.heads if head.task not in brought][: len(firsts)]


class TestOneAgent:
    heads = tuple(Head(task, task, 5, 0, 70 + task % 3 if task < 12 else 0) for task in range(1, 15))

    def test_one_group_then_the_next(self) -> None:
        for matching in MATCHINGS:
            decided = planned(one_agent(self.heads, size=3, n=8, matching=matching))
            assert tasks(decided) == [1, 4, 7, 2, 5, 8, 3, 6]
            assert [give.came_with for give in decided.gives] == [0, 1, 1, 0, 2, 2, 0, 3]

    def test_others_of_the_lane_come_in_their_turn(self) -> None:
        heads = [Head(task, task, 5, 0, 71 if task % 2 else 0) for task in range(1, 8)]
        for matching in MATCHINGS:
            assert tasks(planned(one_agent(heads, size=3, matching=matching))) == [1, 3, 5, 2, 4, 6, 7]

    def test_from_far_behind(self) -> None:
        """What came along from behind the window of regret matching is not there when the window has come to it."""
        heads = [Head(task, task, 5, 0, 71 if task in (1, 90) else 0) for task in range(1, 101)]
        for matching in MATCHINGS:
            decided = planned(one_agent(heads, slots=100, n=100, matching=matching))
            assert tasks(decided)[:3] == [1, 90, 2]
            assert sorted(tasks(decided)) == list(range(1, 101))

    def test_no_more_than_the_claim_and_the_slots(self) -> None:
        for slots, n in ((2, 9), (9, 2)):
            assert tasks(planned(one_agent(self.heads, slots=slots, n=n))) == [1, 4]

    def test_each_claim_gets_its_own(self) -> None:
        """A claim of one brings nothing along, though the agent listens with another one too."""
        snapshot = one_agent(self.heads)
        snapshot.listeners = [Listener(1, (1,), 1), Listener(2, (1,), 3)]
        assert [(give.listener, give.task) for give in planned(snapshot).gives] == [(1, 1), (2, 2), (2, 5), (2, 8)]

    def test_limits_and_resources_are_used_up_on_the_way(self) -> None:
        for matching in MATCHINGS:
            snapshot = one_agent(self.heads, matching=matching)
            snapshot.lanes[0].limits = ("api",)
            snapshot.gauges = {"api": Gauge(2, 1)}
            decided = planned(snapshot)
            assert (tasks(decided), decided.passed) == ([1, 4], {1: "limit:api"})
            snapshot = one_agent(self.heads, matching=matching)
            snapshot.shapes = {1: Requirements(resources=(("gpu", 1.0),))}
            snapshot.agents = [Agent(1, Profile("ann", resources=(("gpu", 3.0),)), 20)]
            assert tasks(planned(snapshot)) == [1, 4, 7]

    def test_the_tenant_stands_back_afterwards(self) -> None:
        """A tenant in its turn gets its group; then the others have theirs, until it has no more than they."""
        for matching in MATCHINGS:
            snapshot = one_agent([Head(task, task, 10, 0, 71) for task in range(1, 9)], size=4, n=9, matching=matching)
            other = Lane(2, 1, 3, tenant=2, heads=[Head(99, task, 10) for task in range(11, 19)])
            snapshot.lanes = [snapshot.lanes[0], other]
            for lane in snapshot.lanes:
                lane.slack = 0.0
            snapshot.passes = {PassKey(3, 1, TENANT): 0, PassKey(3, 2, TENANT): 0}
            assert tasks(planned(snapshot))[:8] == [1, 2, 3, 4, 11, 12, 13, 14]
