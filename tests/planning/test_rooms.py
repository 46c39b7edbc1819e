"""Which slots of agents a task may use, from when on, and when its turn comes among them."""

from __future__ import annotations

import pytest

from rota.model.requirements import Requirements
from rota.model.times import SECOND
from rota.planning.estimate import Belief
from rota.planning.expect import Before, starts_in
from rota.planning.for_now import Asked, refusal_now
from rota.planning.refusal import Refusal
from rota.planning.rooms import Room, room_of
from rota.planning.snapshot import Agent, KindRoom, Profile, Reserved

NOW = 1_000 * SECOND
LATER = NOW + 60 * SECOND
ASKED = Asked(Requirements(kind="k"), 3, 1)
CERTAIN = Belief(9.0, 0.0, 0.0, 1.0)


def room(agent: Agent, asked: Asked = ASKED) -> Room | None:
    return room_of(agent, asked, refusal_now(agent, asked), NOW)


def an_agent(slots: int, running: int = 0, **more: object) -> Agent:
    agent = Agent(1, Profile("ann", resources=(("gpu", 2.0),)), slots, running)
    for name, value in more.items():
        setattr(agent, name, value)
    return agent


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (an_agent(3, 1), Room(3, 1, NOW)),
        (an_agent(3, 3), Room(3, 3, NOW)),
        (an_agent(2, 1, reserved=(Reserved(1, band=1),)), Room(1, 1, NOW)),
        (an_agent(2, 1, reserved=(Reserved(1, band=1, running=1),)), Room(1, 0, NOW)),
        (an_agent(2, 1, reserved=(Reserved(1, band=3),)), Room(2, 1, NOW)),
        (an_agent(2, 0, reserved=(Reserved(2, tenant=9),)), None),
        (an_agent(4, 1, kept=1), Room(4, 2, NOW)),
        (an_agent(4, 1, cap=1, cap_until=LATER), Room(1, 1, NOW)),
        (an_agent(4, 1, cap=1, limited_by="agent", cap_until=LATER), Room(4, 1, LATER)),
        (an_agent(4, 2, cap=2, limited_by="agent"), Room(2, 2, NOW)),
        (an_agent(2, 0, barred=Refusal("draining", "it is")), None),
        (an_agent(2, 0, barred=Refusal("off_hours", "it is", {"until": LATER})), Room(2, 0, LATER)),
        (an_agent(2, 0, barred=Refusal("off_hours", "it is")), None),
        (an_agent(2, 0, kind_room={"k": KindRoom(0, LATER)}), Room(2, 0, LATER)),
        (an_agent(2, 0, kind_room={"k": KindRoom(0)}), None),
    ],
)
def test_room(agent: Agent, expected: Room | None) -> None:
    assert room(agent) == expected


def test_the_last_of_several_reasons_decides() -> None:
    off = Refusal("off_hours", "it is", {"until": NOW + SECOND})
    assert room(an_agent(2, barred=off, kind_room={"k": KindRoom(0, LATER)})) == Room(2, 0, LATER)
    assert room(an_agent(2, barred=off, kind_room={"k": KindRoom(0)})) is None


def test_resources_are_slots_too() -> None:
    asked = Asked(Requirements(kind="k", resources=(("gpu", 0.5),)), 3, 1)
    assert room(an_agent(9, 1, used={"gpu": 1.0}), asked) == Room(4, 2, NOW)
    assert room(an_agent(9, 1, used={"gpu": 2.0}), asked) == Room(4, 4, NOW)


@pytest.mark.parametrize(
    ("before", "rooms", "seconds"),
    [
        (Before(0, 0.0), [], None),
        (Before(0, 0.0), [Room(1, 0, NOW)], 0.0),
        (Before(2, 20.0), [Room(3, 0, NOW)], 0.0),
        (Before(3, 30.0), [Room(3, 0, NOW)], 10.0),
        (Before(0, 0.0), [Room(1, 1, NOW)], 5.0),  # half done, as long as this one
        (Before(0, 0.0), [Room(2, 0, LATER)], 60.0),
        (Before(2, 20.0), [Room(2, 0, LATER)], 70.0),
        (Before(2, 20.0), [Room(1, 0, NOW), Room(9, 0, LATER)], 20.0),
        (Before(12, 120.0), [Room(1, 0, NOW), Room(9, 0, LATER)], 60.0),  # six are left for nine slots
        (Before(50, 500.0), [Room(1, 0, NOW), Room(9, 0, LATER)], 104.0),
    ],
)
def test_when_its_turn_comes(before: Before, rooms: list[Room], seconds: float | None) -> None:
    found = starts_in(before, rooms, 10.0, CERTAIN, NOW)
    assert (None if found is None else found.p50) == (None if seconds is None else pytest.approx(seconds))
