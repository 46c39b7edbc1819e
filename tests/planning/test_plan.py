"""What every plan must keep, whatever the snapshot."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rota.model.requirements import Requirements
from rota.planning.filter import refusal
from rota.planning.for_now import Asked, nobody
from rota.planning.plan import survey
from rota.planning.snapshot import Agent, Head, Lane, Listener, Profile, Snapshot
from rota.planning.survey import refused_where_closed
from tests.planning.pictures import (
    copy,
    in_order,
    may_now,
    planned,
    planned_through_a_window,
    replayed,
    scores,
    snapshots,
    the_slow_way,
)


@given(snapshots())
def test_it_decides_what_the_slow_way_decides(snapshot: Snapshot) -> None:
    """The heap of lanes and the lazy heaps of agents are only faster."""
    assert planned(snapshot).gives == the_slow_way(snapshot)


@given(snapshots(), st.integers(1, 4))
def test_a_window_never_hides_a_better_task(snapshot: Snapshot, heads_each: int) -> None:
    assert planned_through_a_window(snapshot, heads_each) == planned(snapshot)


@given(snapshots())
def test_bands_are_strict_for_every_slot(snapshot: Snapshot) -> None:
    decided = planned(snapshot)
    given_out = {give.task for give in decided.gives}
    place = {task: band for band, _due, task, _lane in in_order(snapshot)}
    lanes = {task: lane for _band, _due, task, lane in in_order(snapshot)}
    shown = {lane.id for lane in survey(copy(snapshot))[0]}
    assert [place[give.task] for give in decided.gives] == sorted(place[give.task] for give in decided.gives)
    for now, give in replayed(snapshot, decided):
        agent = next(agent for agent in now.agents if agent.id == give.agent)
        better = [task for task in place if task not in given_out and place[task] < place[give.task]]
        passed_over = [task for task in better if may_now(now, agent, lanes[task])]
        assert passed_over == [], f"{agent.profile.name} got {give.task}"
        refused = {
            lanes[task].id for task in better if refusal(agent.profile, snapshot.shapes[lanes[task].shape]) is None
        }
        told = decided.refused | refused_where_closed(snapshot, shown, [agent.id])
        assert {lane for lane in refused if agent.id not in told.get(lane, {})} == set(), "each has a reason on record"


@given(snapshots())
def test_every_decision_is_allowed(snapshot: Snapshot) -> None:
    decided = planned(snapshot)
    lanes = {lane.id: lane for lane in snapshot.lanes}
    for now, give in replayed(snapshot, decided):
        agent = next(agent for agent in now.agents if agent.id == give.agent)
        listener = next(listener for listener in now.listeners if listener.id == give.listener)
        assert may_now(now, agent, lanes[give.lane])
        assert agent.id in listener.agents
        assert listener.n > 0
        assert (give.due, give.task) in [(head.due, head.task) for head in lanes[give.lane].heads]
    assert len({give.task for give in decided.gives}) == len(decided.gives)


@given(snapshots())
def test_no_slot_stays_free_while_it_could_work(snapshot: Snapshot) -> None:
    decided = planned(snapshot)
    after = copy(snapshot)
    for now, _give in replayed(snapshot, decided):
        after = now  # the generator changes it on the way to the end
    given_out = {give.task for give in decided.gives}
    for _band, _due, task, lane in in_order(snapshot):
        if task not in given_out:
            idle = [agent.profile.name for agent in after.agents if may_now(after, agent, lane)]
            assert idle == [], f"task {task} waits for no reason"


@given(snapshots())
def test_the_agent_has_the_least_score_of_those_that_may(snapshot: Snapshot) -> None:
    lanes = {lane.id: lane for lane in snapshot.lanes}
    for now, give in replayed(snapshot, planned(snapshot)):
        lane = lanes[give.lane]
        head = next(head for head in lane.heads if head.task == give.task)
        found = scores(now, lane, head)
        assert give.score == found[give.agent] == min(found.values())


@given(snapshots())
def test_the_longest_waiting_listener_of_the_agent_is_answered(snapshot: Snapshot) -> None:
    for now, give in replayed(snapshot, planned(snapshot)):
        assert give.listener == next(it.id for it in now.listeners if give.agent in it.agents and it.n > 0)


@given(snapshots(), st.randoms(use_true_random=False))
def test_it_depends_on_nothing_but_the_snapshot(snapshot: Snapshot, random: object) -> None:
    first = planned(snapshot)
    assert planned(snapshot) == first
    shuffled = copy(snapshot)
    lanes = list(shuffled.lanes)
    random.shuffle(lanes)  # type: ignore[attr-defined]
    shuffled.lanes = lanes
    assert planned(shuffled).gives == first.gives
    assert planned(shuffled).parked == first.parked


@given(snapshots())
def test_every_lane_is_served_parked_with_a_reason_or_waits_for_a_slot(snapshot: Snapshot) -> None:
    lanes, parked = survey(copy(snapshot))
    served = {lane.id for lane in lanes}
    assert not served & parked.keys()
    for lane in snapshot.lanes:
        open_now = [agent for agent in snapshot.agents if may_now(snapshot, agent, lane)]
        reason = nobody(snapshot.agents, Asked(snapshot.shapes[lane.shape], lane.band, lane.tenant))
        if lane.barred is not None:
            assert parked[lane.id] == lane.barred
        elif open_now:
            assert lane.id in served
        elif reason is not None:
            assert parked[lane.id] == reason
        else:
            assert lane.id not in served | parked.keys()


def _snapshot(heads: list[tuple[int, int]], slots: int, n: int) -> Snapshot:
    return Snapshot(
        agents=[Agent(id=1, profile=Profile("ann"), slots=slots)],
        listeners=[Listener(1, (1,), n)],
        lanes=[Lane(1, 1, 3, heads=[Head(*head) for head in heads])],
        shapes={1: Requirements()},
    )


def test_due_first_then_number() -> None:
    decided = planned(_snapshot([(1, 9), (2, 3), (2, 4), (5, 1)], slots=9, n=9))
    assert [give.task for give in decided.gives] == [9, 3, 4, 1]


def test_no_more_than_asked_for_and_no_more_than_slots() -> None:
    heads = [(0, number) for number in range(1, 9)]
    assert len(planned(_snapshot(heads, slots=9, n=2)).gives) == 2
    assert len(planned(_snapshot(heads, slots=3, n=9)).gives) == 3


def test_a_starved_plan_says_so_instead_of_going_on() -> None:
    """A worse lane must not be served while a better one may hold more."""
    snapshot = _snapshot([(0, 1)], slots=3, n=3)
    snapshot.lanes = [Lane(1, 1, 0, heads=[Head(0, 1)], more=True), Lane(2, 1, 4, heads=[Head(0, 2), Head(0, 3)])]
    from rota.planning.plan import plan

    assert plan(copy(snapshot)).starved == (1,)
