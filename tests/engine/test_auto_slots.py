"""Agents whose slots are found out: one more after a success at the top, a tenth less when it was too many."""

from __future__ import annotations

import pytest

from rota.model.agent import AgentSpec, AgentView
from rota.model.commands.fleet import Register
from rota.model.commands.read import GetAgent
from rota.model.errors import RotaError
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, done, fail, give_back, submit
from tests.engine.test_limits import clean, said


def shown(rota: TestDistributor) -> AgentView:
    view: AgentView = rota.call(GetAgent(agent="ann"))
    return view


def test_it_grows_while_all_goes_well_and_all_is_used(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=5, least_slots=1)
    submit(rota, *["t"] * 100)
    had = []
    for _ in range(5):
        given = claim(rota, "ann", 50)
        had.append(len(given))
        done(rota, *given)
    assert had == [1, 2, 3, 4, 5], "a success at the top adds one, up to the most"
    assert shown(rota).slots_now == 5
    assert [event["slots"] for event in said(rota, "slots")] == [2, 3, 4, 5]
    clean(rota)


def test_it_does_not_grow_while_slots_are_free(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=8, least_slots=3)
    for _ in range(5):
        submit(rota, "t")
        done(rota, *claim(rota, "ann", 50))
    assert shown(rota).slots_now == 3


@pytest.mark.parametrize("how", ["lost", "limited"])
def test_it_shrinks_when_it_was_too_many(rota: TestDistributor, how: str) -> None:
    agent(rota, "ann", slots=20, least_slots=1)
    submit(rota, *["t"] * 300)
    for _ in range(19):
        done(rota, *claim(rota, "ann", 50))
    given = claim(rota, "ann", 50)
    assert len(given) == 20
    if how == "lost":
        rota.clock.advance("2m")
    else:
        for one in given:
            fail(rota, one, limit="api", retry_at="1s")
        rota.clock.advance("2s")
    claim(rota, "ann", 1)
    assert shown(rota).slots_now == 2, "20 x .9 to the power of 20 is 2.4"


def test_other_endings_say_nothing(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=9, least_slots=4)
    submit(rota, *["t"] * 20)
    give_back(rota, *claim(rota, "ann", 50))
    for one in claim(rota, "ann", 50)[:2]:
        fail(rota, one)
    claim(rota, "ann", 50)
    assert shown(rota).slots_now == 4


def test_it_is_off_unless_asked_for(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=3)
    submit(rota, *["t"] * 5)
    assert len(claim(rota, "ann", 5)) == 3
    assert shown(rota).slots_now is None


@pytest.mark.parametrize("least", [0, 4])
def test_the_least_is_between_one_and_the_most(memory: TestDistributor, least: int) -> None:
    with pytest.raises(RotaError) as caught:
        memory.call(Register(agent=AgentSpec(name="ann", slots=3, least_slots=least)))
    assert caught.value.field == "agent.least_slots"
