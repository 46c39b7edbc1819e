"""What a parent's end means for its children: each rule with each end."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.commands.submit import Cancel
from rota.model.commands.work import Approve, Reject
from rota.model.task import After, TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, done, kill, states, submit, take, task, view

ENDS = ("done", "dead", "cancelled", "expired", "review")
EXPECTED = {
    ("done", "done"): {"cancel": "ready", "run": "ready", "hold": "ready"},
    ("done", "approved"): {"cancel": "ready", "run": "ready", "hold": "ready"},
    ("dead", "done"): {"cancel": "cancelled", "run": "ready", "hold": "held"},
    ("dead", "approved"): {"cancel": "cancelled", "run": "ready", "hold": "held"},
    ("cancelled", "done"): {"cancel": "cancelled", "run": "ready", "hold": "held"},
    ("cancelled", "approved"): {"cancel": "cancelled", "run": "ready", "hold": "held"},
    ("expired", "done"): {"cancel": "cancelled", "run": "ready", "hold": "held"},
    ("expired", "approved"): {"cancel": "cancelled", "run": "ready", "hold": "held"},
    ("review", "done"): {"cancel": "ready", "run": "ready", "hold": "ready"},
    ("review", "approved"): {"cancel": "blocked", "run": "blocked", "hold": "blocked"},
}


def bring_to(rota: TestDistributor, number: str, end: str) -> None:
    if end in ("done", "review"):
        given = take(rota, "ann")
        assert given.task == number
        done(rota, given, result="r")
    elif end == "dead":
        kill(rota, "ann", number)
    elif end == "cancelled":
        rota.call(Cancel(tasks=[number]))
    else:
        rota.clock.advance("10s")
    assert view(rota, number).state == end


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("until", ["done", "approved"])
@pytest.mark.parametrize("submitted", ["before", "after"])
def test_each_rule_with_each_end(rota: TestDistributor, end: str, until: Any, submitted: str) -> None:
    agent(rota, "ann")
    parent = task(rota, priority="high", approval=end == "review", ttl="10s" if end == "expired" else None)
    rules: list[Any] = ["cancel", "run", "hold"]
    specs = [TaskSpec(title=rule, after=[After(task=parent, rule=rule, until=until)]) for rule in rules]
    if submitted == "before":
        children = submit(rota, *specs)
        assert states(rota, children) == ["blocked"] * 3
        bring_to(rota, parent, end)
    else:
        bring_to(rota, parent, end)
        children = submit(rota, *specs)
    assert dict(zip(rules, states(rota, children), strict=True)) == EXPECTED[end, until]


def test_every_parent_is_waited_for(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=3)
    parents = submit(rota, "one", "two", "three")
    child = task(rota, after=list(parents))
    for given in claim(rota, "ann", 3):
        assert view(rota, child).state == "blocked"
        done(rota, given, result=given.task)
    given = take(rota, "ann")
    assert [(it.id, it.result) for it in given.parents] == [(number, number) for number in parents]


def test_parents_that_end_in_one_turn(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=3)
    parents = submit(rota, "one", "two", "three")
    child = task(rota, after=list(parents))
    done(rota, *claim(rota, "ann", 3))
    assert view(rota, child).state == "ready"


def test_cancelling_wins_over_holding(rota: TestDistributor) -> None:
    one, two = submit(rota, "one", "two")
    child = task(rota, after=[After(task=one, rule="hold"), two])
    rota.call(Cancel(tasks=[one]))
    assert (view(rota, child).state, view(rota, child).reason) == ("held", f"parent {one} is cancelled")
    rota.call(Cancel(tasks=[two]))
    assert view(rota, child).state == "cancelled"


def test_held_by_one_parent_still_waits_for_the_other(rota: TestDistributor) -> None:
    agent(rota, "ann")
    one, two = submit(rota, "one", "two")
    child = task(rota, after=[After(task=one, rule="hold"), two])
    rota.call(Cancel(tasks=[one]))
    done(rota, take(rota, "ann"))
    assert view(rota, child).state == "held"


def test_cancelling_runs_down_a_long_chain(rota: TestDistributor) -> None:
    chain = submit(rota, *[TaskSpec(title="t", ref=f"t{n}", after=[f"t{n - 1}"] if n else []) for n in range(200)])
    rota.call(Cancel(tasks=[chain[0]]))
    assert set(states(rota, chain)) == {"cancelled"}


def test_a_diamond(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=4)
    top, left, right, bottom = submit(
        rota, TaskSpec(title="top", ref="t"), TaskSpec(title="left", ref="l", after=["t"]),
        TaskSpec(title="right", ref="r", after=["t"]), TaskSpec(title="bottom", after=["l", "r"]),
    )  # fmt: skip
    order = []
    while given := claim(rota, "ann", 4):
        order.append({it.task for it in given})
        done(rota, *given)
    assert order == [{top}, {left, right}, {bottom}]


def test_approval_opens_what_waits_for_it(rota: TestDistributor) -> None:
    agent(rota, "ann")
    parent = task(rota, approval=True)
    eager, patient = task(rota, after=[parent]), task(rota, after=[After(task=parent, until="approved")])
    done(rota, take(rota, "ann"))
    assert states(rota, [eager, patient]) == ["ready", "blocked"]
    rota.call(Approve(tasks=[parent]))
    assert states(rota, [eager, patient]) == ["ready", "ready"]


def test_rejection_keeps_them_waiting_and_its_death_ends_them(rota: TestDistributor) -> None:
    agent(rota, "ann")
    parent = task(rota, approval=True, max_attempts=2)
    child = task(rota, after=[After(task=parent, until="approved")])
    for expected in ("blocked", "cancelled"):
        done(rota, take(rota, "ann"))
        rota.call(Reject(task=parent, reason="no"))
        assert view(rota, child).state == expected


def test_a_dead_parent_is_told_with_its_reason(rota: TestDistributor) -> None:
    agent(rota, "ann")
    parent = task(rota)
    child = task(rota, after=[After(task=parent, rule="run")])
    kill(rota, "ann", parent)
    given = take(rota, "ann")
    assert given.task == child
    assert [(it.state, it.reason, it.result) for it in given.parents] == [("dead", "not retryable: it broke", None)]


def test_a_waiting_claim_gets_the_child_in_the_turn_of_its_parent(rota: TestDistributor) -> None:
    from rota.model.commands.work import Claim

    agent(rota, "ann")
    agent(rota, "bob")
    parent = task(rota)
    child = task(rota, after=[parent])
    given = take(rota, "ann")
    answer = rota.ask(Claim(agent="bob", wait=45))
    done(rota, given)
    assert answer.result(0).tasks[0].task == child
