"""The smallest plans: what the short way says is what the long one does, or it says nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.model.requirements import Requirements
from rota.planning.plan import plan, survey
from rota.planning.single import single
from rota.planning.snapshot import Agent, Head, Lane, Listener, Profile, Snapshot
from rota.planning.survey import all_open
from tests.planning.pictures import copy, snapshots


@given(snapshots(), st.booleans())
def test_the_short_way_plans_as_the_long_one(snapshot: Snapshot, one_slot: bool) -> None:
    """Where one task is asked for, or one waits, of agents that nothing bars."""
    snapshot.agents = [msgspec.structs.replace(one, barred=None, reserved=(), kind_room={}) for one in snapshot.agents]
    if one_slot:
        snapshot.listeners = [msgspec.structs.replace(snapshot.listeners[0], n=1)]
    else:
        lane = snapshot.lanes[0]
        snapshot.lanes = [msgspec.structs.replace(lane, heads=lane.heads[:1])]
    lanes, _parked = survey(copy(snapshot))
    before = copy(snapshot)
    found = single(snapshot, lanes)
    assert (snapshot.agents, snapshot.listeners) == (before.agents, before.listeners), "nothing is used up"
    assert found is None or found == plan(copy(snapshot, lanes))


@given(snapshots())
def test_what_is_known_to_be_plain_is_planned_as_if_it_was_not(snapshot: Snapshot) -> None:
    bare: dict[str, Any] = {"barred": None, "reserved": (), "kind_room": {}, "cap": None, "kept": 0}
    snapshot.agents = [msgspec.structs.replace(one, **bare) for one in snapshot.agents]
    plain = msgspec.structs.replace(copy(snapshot), plain=True)
    lanes, parked = survey(copy(snapshot))
    assert survey(copy(plain)) == (lanes, parked)
    assert all_open(plain) == all_open(snapshot) == (len(lanes) == len(snapshot.lanes))
    assert single(copy(plain), lanes) == single(copy(snapshot), lanes)
    assert plan(copy(plain, lanes)) == plan(copy(snapshot, lanes))


@given(snapshots())
def test_on_any_picture_it_is_right_or_silent(snapshot: Snapshot) -> None:
    lanes, _parked = survey(copy(snapshot))
    found = single(copy(snapshot), lanes)
    assert found is None or found == plan(copy(snapshot, lanes))


def picture(n: int, *heads: Head, **more: object) -> Snapshot:
    """Three agents, the last the least busy, a claim of the first two, and one lane."""
    fleet = [Agent(number, Profile(f"a{number}"), slots=2, busy_s=30.0 - number) for number in range(3)]
    lane = Lane(1, 1, 3, heads=heads, **more)  # type: ignore[arg-type]
    return Snapshot(agents=fleet, listeners=[Listener(7, (0, 1), n)], lanes=[lane], shapes={1: Requirements()})


@pytest.mark.parametrize(("n", "heads"), [(1, (Head(5, 11), Head(6, 10))), (4, (Head(5, 11),))])
def test_one_slot_or_one_task_is_enough(n: int, heads: tuple[Head, ...]) -> None:
    pictured = picture(n, *heads)
    found = single(pictured, pictured.lanes)
    assert found is not None
    (given_out,) = found.gives
    assert (given_out.task, given_out.agent, given_out.listener) == (11, 1, 7)


def test_what_more_than_scores_decides_is_left_to_the_plan() -> None:
    one = Head(5, 11)
    two_of_two = picture(2, one, Head(6, 12))
    limited = picture(1, one, limits=("x",))
    grouped = picture(1, Head(5, 11, group=3), companions={3: [one]})
    for pictured in (two_of_two, limited, grouped, picture(1)):
        assert single(pictured, pictured.lanes) is None
    shared = picture(1, one)
    other = msgspec.structs.replace(shared.lanes[0], id=2, tenant=2, heads=[Head(9, 12)])
    assert single(shared, [*shared.lanes, other]) is None
    assert single(shared, [*shared.lanes, msgspec.structs.replace(other, band=4)]) is not None
