"""Holding tasks back, and letting them go."""

from __future__ import annotations

from rota.model.commands.submit import Changed, Hold, Unhold
from rota.model.commands.work import Claim
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, done, fail, states, submit, take, task, view


def hold(rota: TestDistributor, *numbers: str, reason: str = "") -> Changed:
    changed: Changed = rota.call(Hold(tasks=list(numbers), reason=reason))
    return changed


def unhold(rota: TestDistributor, *numbers: str) -> Changed:
    changed: Changed = rota.call(Unhold(tasks=list(numbers)))
    return changed


def test_a_held_task_is_not_given_out_until_it_is_let_go(rota: TestDistributor) -> None:
    agent(rota, "ann")
    first, second = submit(rota, "first", "second")
    assert hold(rota, first, reason="wait for legal").tasks == [first]
    assert (view(rota, first).state, view(rota, first).reason) == ("held", "wait for legal")
    assert take(rota, "ann").task == second
    assert claim(rota, "ann") == []


def test_it_comes_back_to_its_old_place(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=2)
    first, second = submit(rota, "first", "second")
    hold(rota, first)
    rota.clock.advance("1h")
    assert unhold(rota, first).tasks == [first]
    assert view(rota, first).reason is None
    assert [it.task for it in claim(rota, "ann", 2)] == [first, second]


def test_letting_go_wakes_a_claim_that_waits(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota, held=True)
    answer = rota.ask(Claim(agent="ann", wait=30))
    unhold(rota, number)
    assert answer.result(0).tasks[0].task == number


def test_while_blocked(rota: TestDistributor) -> None:
    agent(rota, "ann")
    parent = task(rota)
    child = task(rota, after=[parent])
    hold(rota, child)
    done(rota, take(rota, "ann"))
    assert view(rota, child).state == "held", "its parent's end does not let it go"
    unhold(rota, child)
    assert view(rota, child).state == "ready"


def test_let_go_while_still_blocked(rota: TestDistributor) -> None:
    parent = task(rota)
    child = task(rota, after=[parent], held=True)
    assert view(rota, child).state == "held"
    unhold(rota, child)
    assert view(rota, child).state == "blocked"


def test_while_scheduled(rota: TestDistributor) -> None:
    early, late = task(rota, start="10s"), task(rota, start="10s")
    hold(rota, early, late)
    unhold(rota, early)
    assert states(rota, [early, late]) == ["scheduled", "held"]
    rota.clock.advance("10s")
    assert states(rota, [early, late]) == ["ready", "held"]
    unhold(rota, late)
    assert view(rota, late).state == "ready"


def test_a_retry(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota)
    fail(rota, take(rota, "ann"), retry_at="1m")
    hold(rota, number)
    rota.clock.advance("2m")
    assert view(rota, number).state == "held"
    unhold(rota, number)
    assert take(rota, "ann").attempt == 2


def test_what_can_not_be_held_or_let_go_is_said_task_by_task(rota: TestDistributor) -> None:
    agent(rota, "ann")
    running, ready, held = submit(rota, "running", "ready", "held")
    hold(rota, held)
    given = take(rota, "ann")
    assert given.task == running
    changed = hold(rota, running, ready, held, "task-999999")
    assert changed.tasks == [ready]
    assert changed.refused == {
        running: "wrong_state: it is running", held: "wrong_state: it is held", "task-999999": "no_task"
    }  # fmt: skip
    done(rota, given)
    assert unhold(rota, running, held).refused == {running: "wrong_state: it is done"}
