"""Who would be best, before there is a task: by the rules the plan goes by."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.agent import Cost
from rota.model.commands.fleet import Drain, SetPool
from rota.model.commands.route import Match, Matched
from rota.model.commands.work import Claim, Claimed
from rota.model.errors import RotaError
from rota.model.queue import PoolPolicy
from rota.testing import TestDistributor
from tests.engine.fleet import agent, done, take, task


def match(rota: TestDistributor, **asked: Any) -> Matched:
    answer: Matched = rota.call(Match(**asked))
    return answer


def test_those_that_may_best_first_and_why_the_others_may_not(rota: TestDistributor) -> None:
    agent(rota, "ann", skills={"py": 3}, role="lead")
    agent(rota, "bob", skills={"py": 1}, role="lead")
    agent(rota, "cat", skills={"py": 3})
    agent(rota, "dan", skills={"py": 3}, role="lead")
    rota.call(Drain(agent="dan", reason="leave"))
    found = match(rota, skills={"py": 2}, role="lead")
    assert [one.agent for one in found.recommended] == ["ann"]
    assert {name: no.code for name, no in found.refusals.items()} == {"bob": "skill", "cat": "role", "dan": "draining"}
    assert found.refusals["bob"].data == {"skill": "py", "needs": 2, "has": 1}


def test_what_is_known_of_them(rota: TestDistributor) -> None:
    agent(rota, "ann", cost=Cost(per_hour=36.0))
    task(rota, kind="review")
    given = take(rota, "ann")
    rota.clock.advance("50s")
    done(rota, given)
    (found,) = match(rota, kind="review").recommended
    assert 5 < found.expected_s < 50
    assert found.cost == pytest.approx(found.expected_s / 100, rel=1e-3)
    assert (found.rank, found.running, found.slots, found.success) == (1, 0, 1, 1.0)
    assert found.parts.keys() == {"utilisation"}
    assert sum(found.parts.values()) == pytest.approx(found.score)


def test_it_agrees_with_the_plan(rota: TestDistributor) -> None:
    for name in ("ann", "bob", "cat", "dan"):
        agent(rota, name, slots=3)
    for _ in range(8):
        best = match(rota, n=1).recommended[0].agent
        task(rota)
        claimed: Claimed = rota.call(Claim(agents=["ann", "bob", "cat", "dan"], n=1))
        assert claimed.tasks[0].agent == best


def test_the_busy_come_behind_the_free(rota: TestDistributor) -> None:
    rota.call(SetPool(pool="default", policy=PoolPolicy(strategy="round_robin")))
    agent(rota, "ann")
    agent(rota, "bob")
    task(rota)
    take(rota, "ann")
    found = match(rota).recommended
    assert [(one.agent, None if one.waits is None else one.waits.code) for one in found] == [
        ("bob", None),
        ("ann", "busy"),
    ]
    assert len(match(rota, n=1).recommended) == 1


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"queue": "none"}, "no_queue"),
        ({"n": 0}, "invalid"),
        ({"skills": {"py": 0}}, "invalid"),
        ({"kind": ""}, "invalid"),
        ({"max_cost": -1.0}, "invalid"),
    ],
)
def test_bad_questions(memory: TestDistributor, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(RotaError) as caught:
        match(memory, **asked)
    assert caught.value.code == code
