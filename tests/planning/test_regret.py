"""Regret matching: who would lose most comes first, and bands, tenants and the overdue are as safe as ever."""

from __future__ import annotations

from itertools import permutations
from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from rota.model.requirements import Requirements
from rota.planning.filter import refusal
from rota.planning.regret import MOST, PER_SLOT
from rota.planning.snapshot import TENANT, Agent, Head, Known, Lane, Listener, PassKey, Plan, Profile, Snapshot
from tests.planning.pictures import (
    copy,
    in_order,
    may_now,
    planned,
    planned_through_a_window,
    replayed,
    scores,
    snapshots,
)

TIMES = {"ann": {"a": 1.0, "b": 2.0}, "bob": {"a": 1.1, "b": 60.0}}
"""Ann is best at both, and Bob is hopeless at b."""


def of_times(times: dict[str, dict[str, float]], heads: dict[str, list[Head]], **more: object) -> Snapshot:
    agents = [
        Agent(
            id=number,
            profile=Profile(name),
            slots=1,
            expected={kind: Known(seconds, 1.0) for kind, seconds in known.items()},
        )
        for number, (name, known) in enumerate(times.items(), 1)
    ]
    kinds = sorted(heads)
    return Snapshot(
        agents=agents,
        listeners=[Listener(agent.id, (agent.id,), 1) for agent in agents],
        lanes=[Lane(number, number, 3, heads=heads[kind]) for number, kind in enumerate(kinds, 1)],
        shapes={number: Requirements(kind=kind) for number, kind in enumerate(kinds, 1)},
        strategy="performance",
        **more,  # type: ignore[arg-type]
    )


def pairs(decided: Plan) -> dict[int, int]:
    return {give.task: give.agent for give in decided.gives}


def test_the_one_who_would_lose_most_gets_its_best_agent() -> None:
    heads = {"a": [Head(1, 1)], "b": [Head(2, 2)]}
    assert pairs(planned(of_times(TIMES, heads))) == {1: 1, 2: 2}, "greedy: the first takes the best agent away"
    assert pairs(planned(of_times(TIMES, heads, matching="regret"))) == {1: 2, 2: 1}


def test_what_is_overdue_goes_first() -> None:
    heads = {"a": [Head(1, 1)], "b": [Head(200, 2)]}
    assert pairs(planned(of_times(TIMES, heads, matching="regret", now=100))) == {1: 1, 2: 2}


def test_bands_come_before_regret() -> None:
    snapshot = of_times(TIMES, {"a": [Head(1, 1)], "b": [Head(2, 2)]}, matching="regret")
    snapshot.lanes[0].band = 1
    assert pairs(planned(snapshot)) == {1: 1, 2: 2}


def test_over_many_it_is_nearer_to_the_best_matching_than_greedy() -> None:
    """Sums of scores over many fleets of one seed. Of a single one it may be worse: no heuristic is better always."""
    random = Random(7)
    sums = {"best": 0.0, "greedy": 0.0, "regret": 0.0}
    for _ in range(300):
        agents = ("ann", "bob", "cat", "dan")[: random.randint(2, 4)]
        times = {agent: {kind: random.choice((1.0, 2.0, 5.0, 20.0)) for kind in "abcd"} for agent in agents}
        kinds = "abcd"[: len(times)]
        heads = {kind: [Head(number, number)] for number, kind in enumerate(kinds, 1)}
        for matching in ("greedy", "regret"):
            decided = planned(of_times(times, heads, matching=matching))
            assert len(decided.gives) == len(times)
            sums[matching] += sum(give.score for give in decided.gives)
        sums["best"] += _best(of_times(times, heads))
    assert sums["best"] <= sums["regret"] + 1e-9
    assert sums["regret"] - sums["best"] <= 0.8 * (sums["greedy"] - sums["best"])


def _best(snapshot: Snapshot) -> float:
    table = [scores(snapshot, lane, lane.heads[0]) for lane in snapshot.lanes]
    agents = [agent.id for agent in snapshot.agents]
    return min(sum(row[agent] for row, agent in zip(table, order, strict=True)) for order in permutations(agents))


def by_regret(snapshot: Snapshot) -> Snapshot:
    return msgspec.structs.replace(snapshot, matching="regret")


@given(snapshots().map(by_regret))
def test_bands_are_strict_for_every_slot(snapshot: Snapshot) -> None:
    decided = planned(snapshot)
    given_out = {give.task for give in decided.gives}
    band_of = {task: band for band, _due, task, _lane in in_order(snapshot)}
    lanes = {task: lane for _band, _due, task, lane in in_order(snapshot)}
    order = [(band_of[give.task], lanes[give.task].late) for give in decided.gives]
    assert order == sorted(order)
    for now, give in replayed(snapshot, decided):
        agent = next(agent for agent in now.agents if agent.id == give.agent)
        assert may_now(now, agent, lanes[give.task])
        better = [task for task in band_of if task not in given_out and band_of[task] < band_of[give.task]]
        assert [task for task in better if may_now(now, agent, lanes[task])] == []
        for task in better:
            lane = lanes[task]
            if refusal(agent.profile, snapshot.shapes[lane.shape]) is None and lane.id in decided.refused:
                assert agent.id in decided.refused[lane.id]


@given(snapshots().map(by_regret))
def test_no_slot_stays_free_while_it_could_work(snapshot: Snapshot) -> None:
    decided = planned(snapshot)
    after = copy(snapshot)
    for now, _give in replayed(snapshot, decided):
        after = now
    given_out = {give.task for give in decided.gives}
    assert len(given_out) == len(decided.gives)
    for _band, _due, task, lane in in_order(snapshot):
        if task not in given_out:
            assert [agent.id for agent in after.agents if may_now(after, agent, lane)] == []


@given(snapshots().map(by_regret), st.integers(1, 4))
def test_a_window_never_hides_a_better_task(snapshot: Snapshot, heads_each: int) -> None:
    assert planned_through_a_window(snapshot, heads_each) == planned(snapshot)


def test_who_is_ahead_stands_back() -> None:
    snapshot = of_times(TIMES, {"a": [Head(1, 1, 10), Head(2, 2, 10)], "b": [Head(3, 3, 10), Head(4, 4, 10)]})
    snapshot.matching = "regret"
    for lane in snapshot.lanes:
        lane.slack = 0.0
    snapshot.lanes[1].tenant = 2
    snapshot.passes = {PassKey(3, 1, TENANT): 5, PassKey(3, 2, TENANT): 100}
    assert {give.task for give in planned(snapshot).gives} == {1, 2}
    snapshot.passes = {PassKey(3, 1, TENANT): 100, PassKey(3, 2, TENANT): 5}
    assert {give.task for give in planned(snapshot).gives} == {3, 4}


def test_who_stood_back_comes_back_once() -> None:
    """Of three lanes two are of one tenant, and one of these stands back sooner than the other."""
    heads = {"a": [Head(4, 1, 5)], "b": [Head(2, 2, 10)], "c": [Head(2, 4, 10), Head(2, 5, 10), Head(3, 3, 1)]}
    snapshot = of_times({"ann": {}}, heads, matching="regret")
    snapshot.agents = [Agent(1, Profile("ann"), 9)]
    snapshot.listeners = [Listener(1, (1,), 5)]
    for lane, (tenant, slack) in zip(snapshot.lanes, ((1, 1.0), (2, 0.0), (2, 1.0)), strict=True):
        lane.tenant, lane.slack = tenant, slack
    assert sorted(give.task for give in planned(snapshot).gives) == [1, 2, 3, 4, 5]


def test_the_window_is_bounded() -> None:
    """What stands far behind in the order is not looked at, whatever its regret."""
    heads = {"a": [Head(number, number) for number in range(1, PER_SLOT * 2 + 1)], "b": [Head(999, 999)]}
    decided = planned(of_times(TIMES, heads, matching="regret"))
    assert 999 not in pairs(decided)
    heads["a"].pop()
    assert 999 in pairs(planned(of_times(TIMES, heads, matching="regret")))
    assert PER_SLOT * 2 <= MOST
