"""Explain: each part of the key, what stands before, when its turn comes, and what waits for an agent."""

from __future__ import annotations

import pytest

from rota.model.commands.fleet import PauseQueue
from rota.model.commands.read import AgentExplanation, Explain, ExplainAgent, Explanation, OrderView
from rota.model.errors import RotaError
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, done, fail, queue, spec, submit, take, task


def explained(rota: TestDistributor, number: str) -> Explanation:
    found: Explanation = rota.call(Explain(task=number))
    return found


def order_of(rota: TestDistributor, number: str) -> OrderView:
    found = explained(rota, number).order
    assert found is not None
    return found


def test_before_is_who_is_given_before(rota: TestDistributor) -> None:
    """The count agrees with what a claim for everything then gives."""
    agent(rota, "ann", slots=50)
    numbers = []
    for priority in ("low", "high", "normal"):
        for seconds in (30, 10, 20):
            numbers.append(task(rota, priority=priority, estimate=f"{seconds}s"))
        numbers.append(task(rota, priority=priority, estimate="60s", deadline="10s"))
        numbers.append(task(rota, priority=priority, estimate="5s", deadline="90s"))
    told = {number: order_of(rota, number).before for number in numbers}
    given = [it.task for it in claim(rota, "ann", 50)]
    assert sorted(numbers, key=lambda number: told[number]) == given
    assert [told[number] for number in given] == list(range(len(given)))


def test_each_part_has_its_reason(rota: TestDistributor) -> None:
    agent(rota, "ann")
    parent = task(rota, priority="low", estimate="10s")
    task(rota, priority="critical", after=[parent], deadline="1h")
    lent = order_of(rota, parent)
    assert (lent.band, lent.late) == ("critical", False)
    assert any("lent" in reason for reason in lent.why)
    assert any("waits for it needs it" in reason for reason in lent.why)
    late = order_of(rota, task(rota, estimate="1h", deadline="1m"))
    assert (late.late, late.due) == (True, None)
    assert any("deadline" in reason for reason in order_of(rota, task(rota, deadline="1h")).why)


def test_when_its_turn_comes(rota: TestDistributor) -> None:
    agent(rota, "ann")
    first = task(rota, estimate="10s")
    found = order_of(rota, first)
    assert found.starts_p50 == found.starts_p90, "a slot is free"
    take(rota, "ann")
    numbers = submit(rota, *[spec(estimate="10s")] * 5)
    found = order_of(rota, numbers[-1])
    assert (found.before, found.work_before_s) == (4, 40.0)
    assert found.starts_p50 is not None
    assert found.starts_p90 is not None
    assert found.finishes_p90 is not None
    assert found.starts_p50 < found.starts_p90 < found.finishes_p90


def test_nobody_may(rota: TestDistributor) -> None:
    agent(rota, "ann")
    found = order_of(rota, task(rota, skills={"py": 3}))
    assert found.starts_p50 is None


def test_the_decision_as_recorded(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota, deadline="1h")
    take(rota, "ann")
    found = explained(rota, number)
    assert found.order is None
    assert found.why["agent"] == "ann"
    assert found.why["strategy"] == "balanced"
    assert found.why["band"] == "normal"


def test_what_waits_for_an_agent(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=2)
    queue(rota, "closed")
    urgent, plain = submit(rota, spec(priority="high"), spec())
    task(rota, skills={"py": 3})
    task(rota, queue="closed")
    rota.call(PauseQueue(queue="closed"))
    found: AgentExplanation = rota.call(ExplainAgent(agent="ann"))
    assert [one.task for one in found.next] == [urgent, plain]
    assert {one.code: one.waiting for one in found.refused} == {"skill": 1, "paused": 1}
    done(rota, take(rota, "ann"))
    assert [one.task for one in rota.call(ExplainAgent(agent="ann")).next] == [plain]


def test_a_busy_agent_is_told_what_comes_next(rota: TestDistributor) -> None:
    agent(rota, "ann")
    _first, second = submit(rota, "one", "two")
    take(rota, "ann")
    found: AgentExplanation = rota.call(ExplainAgent(agent="ann"))
    assert ([one.task for one in found.next], found.running, found.refused) == ([second], 1, [])


def test_it_is_refused_what_a_plan_would_refuse(rota: TestDistributor) -> None:
    """Also a limit that a provider said is used up."""
    agent(rota, "ann", slots=2)
    task(rota, limits=["api"])
    fail(rota, take(rota, "ann"), retry_at="1h", limit="api")
    found: AgentExplanation = rota.call(ExplainAgent(agent="ann"))
    assert [(one.code, one.waiting) for one in found.refused] == [("limit:api", 1)]
    assert (found.next, claim(rota, "ann")) == ([], [])


@pytest.mark.parametrize("limit", [0, 1_001])
def test_impossible_lengths(rota: TestDistributor, limit: int) -> None:
    agent(rota, "ann")
    with pytest.raises(RotaError) as caught:
        rota.call(ExplainAgent(agent="ann", limit=limit))
    assert caught.value.field == "limit"
