"""Routing by hand: assigned, overridden, unassigned, all on record."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.commands.fleet import SetPool
from rota.model.commands.read import GetHistory
from rota.model.commands.route import Assign, Unassign
from rota.model.commands.submit import Changed, Edit, Hold, Unhold
from rota.model.errors import RotaError
from rota.model.stage import Change, Stage
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, fail, queue, take, task, view


def assign(rota: TestDistributor, number: str, name: str, **more: Any) -> Changed:
    answer: Changed = rota.call(Assign(tasks=[number], agent=name, by="anna", **more))
    return answer


def unassign(rota: TestDistributor, number: str) -> Changed:
    answer: Changed = rota.call(Unassign(tasks=[number], by="anna"))
    return answer


def told(rota: TestDistributor, number: str) -> list[tuple[str, dict[str, Any]]]:
    events = rota.call(GetHistory(task=number)).events
    return [(event.kind, event.data) for event in events if event.kind in ("assign", "unassign")]


def test_only_that_agent_gets_it(rota: TestDistributor) -> None:
    agent(rota, "ann")
    agent(rota, "bob")
    number = task(rota)
    assert assign(rota, number, "bob", reason="she knows it").tasks == [number]
    assert claim(rota, "ann") == []
    assert take(rota, "bob").task == number
    assert told(rota, number) == [("assign", {"agent": "bob", "by": "anna", "reason": "she knows it"})]


def test_what_the_agent_is_not_is_refused_and_can_be_overridden(rota: TestDistributor) -> None:
    agent(rota, "bob", skills={"py": 1}, region="us")
    number = task(
        rota, skills={"py": 3, "go": 1}, ban=["bob", "eve"], role="lead", regions=["eu"], resources={"gpu": 1}
    )
    refused = assign(rota, number, "bob").refused[number]
    assert refused.startswith("not_eligible: bob is banned")
    assert told(rota, number) == []
    assert assign(rota, number, "bob", override=True).tasks == [number]
    assert told(rota, number)[0][1]["overridden"] == {number: ["skills", "role", "regions", "ban", "resources"]}
    found = view(rota, number)
    assert (found.pin, found.skills, found.ban, found.role) == ("bob", {"py": 1}, ["eve"], None)
    assert take(rota, "bob").task == number


def test_unassigned_it_is_as_before(rota: TestDistributor) -> None:
    agent(rota, "ann", role="lead")
    agent(rota, "bob")
    number = task(rota, role="lead", pin="ann")
    assign(rota, number, "bob", override=True)
    assign(rota, number, "bob", override=True)
    assert claim(rota, "ann") == []
    assert unassign(rota, number).tasks == [number]
    assert view(rota, number).pin == "ann"
    assert unassign(rota, number).refused[number].startswith("wrong_state")
    assert claim(rota, "bob") == []
    assert take(rota, "ann").task == number


def test_a_failure_does_not_end_it(rota: TestDistributor) -> None:
    agent(rota, "ann")
    agent(rota, "bob")
    number = task(rota)
    assign(rota, number, "bob")
    fail(rota, take(rota, "bob"), retry_at="1s")
    rota.clock.advance("2m")
    assert claim(rota, "ann") == []
    assert take(rota, "bob").task == number


def test_a_task_on_hold_stays_there(rota: TestDistributor) -> None:
    agent(rota, "bob")
    number = task(rota)
    rota.call(Hold(tasks=[number]))
    assign(rota, number, "bob")
    assert view(rota, number).state == "held"
    rota.call(Unhold(tasks=[number]))
    assert take(rota, "bob").task == number


def test_stages_relax_what_it_will_ask_again(rota: TestDistributor) -> None:
    agent(rota, "bob")
    number = task(rota, role="lead", stages=[Stage(after="1m", change=Change(drop=["role"]))])
    assign(rota, number, "bob", override=True)
    rota.clock.advance("2m")
    assert view(rota, number).pin == "bob"
    unassign(rota, number)
    assert (view(rota, number).pin, view(rota, number).role) == (None, None)


def test_what_can_not_be_assigned(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota)
    take(rota, "ann")
    assert assign(rota, number, "ann").refused[number].startswith("wrong_state")
    assert assign(rota, "task-99", "ann").refused == {"task-99": "no_task"}
    for wrong, code in ((Assign(tasks=[number], agent="eve", by="anna"), "no_agent"),
                        (Assign(tasks=[number], agent="ann", by=" "), "invalid"),
                        (Assign(tasks=[], agent="ann", by="anna"), "invalid")):  # fmt: skip
        with pytest.raises(RotaError) as caught:
            rota.call(wrong)
        assert caught.value.code == code


def test_an_agent_of_another_pool(rota: TestDistributor) -> None:
    rota.call(SetPool(pool="other"))
    queue(rota, "there", pool="other")
    agent(rota, "ann")
    number = task(rota, queue="there")
    assert "pool default" in assign(rota, number, "ann", override=True).refused[number]


def test_what_it_asks_is_not_edited_meanwhile(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota)
    assign(rota, number, "ann")
    with pytest.raises(RotaError) as caught:
        rota.call(Edit(task=number, role="lead"))
    assert caught.value.code == "wrong_state"
    rota.call(Edit(task=number, title="new", priority="high"))
    assert (view(rota, number).pin, view(rota, number).priority) == ("ann", "high")
