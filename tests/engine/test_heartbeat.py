"""Signs of life, and what comes with them."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.agent import AgentSpec, AgentView
from rota.model.commands.fleet import Register
from rota.model.commands.read import GetAgent
from rota.model.commands.work import Beat, Claim, Heartbeat, Renewed
from rota.model.errors import RotaError
from rota.testing import TestDistributor
from tests.engine.fleet import agent, attempts, claim, done, fail, submit, take, task, view


def beat(rota: TestDistributor, name: str, *beats: Beat, **more: Any) -> Renewed:
    renewed: Renewed = rota.call(Heartbeat(agent=name, beats=list(beats), **more))
    return renewed


def test_it_renews_the_lease_by_its_term(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota)
    given = take(rota, "ann")
    for _ in range(5):
        rota.clock.advance("50s")
        assert beat(rota, "ann", Beat(task=number, token=given.token)).renewed == [number]
    assert view(rota, number).until == "2026-01-05T09:05:10.000000Z"
    assert done(rota, given).states == {number: "done"}


def test_only_the_leases_named(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=2)
    first, second = submit(rota, "one", "two")
    given = claim(rota, "ann", 2)
    rota.clock.advance("50s")
    beat(rota, "ann", Beat(task=first, token=given[0].token))
    rota.clock.advance("12s")
    assert view(rota, first).state == "running"
    assert view(rota, second).state in ("scheduled", "ready")


def test_a_lease_that_is_over_another_token_or_another_agent_is_lost(rota: TestDistributor) -> None:
    agent(rota, "ann")
    agent(rota, "bob")
    number = task(rota)
    given = take(rota, "ann")
    assert beat(rota, "ann", Beat(task=number, token="0" * 16)).lost == [number]
    assert beat(rota, "bob", Beat(task=number, token=given.token)).lost == [number]
    assert beat(rota, "ann", Beat(task="task-999999", token=given.token)).lost == ["task-999999"]
    rota.clock.advance("62s")
    assert beat(rota, "ann", Beat(task=number, token=given.token)) == Renewed(lost=[number])


def test_one_that_came_in_the_same_turn_as_the_end_counts(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota)
    given = take(rota, "ann")
    rota.clock.advance("59s")
    rota.clock.jump("2s")
    assert beat(rota, "ann", Beat(task=number, token=given.token)).renewed == [number]


def test_progress_notes_usage_and_cost_add_up(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota)
    given = take(rota, "ann")
    beat(rota, "ann", Beat(task=number, token=given.token, progress=0.25, notes="began", usage={"cpu_s": 1.5}))
    assert view(rota, number).progress == 0.25
    beat(rota, "ann", Beat(task=number, token=given.token, progress=0.5, usage={"tokens": 100.0}, cost=0.1))
    beat(rota, "ann", Beat(task=number, token=given.token))
    assert view(rota, number).progress == 0.5
    done(rota, given)
    (attempt,) = attempts(rota, number)
    assert (attempt.progress, attempt.notes, attempt.cost) == (0.5, "began", 0.1)
    assert attempt.usage == {"cpu_s": 1.5, "tokens": 100.0}


def test_a_checkpoint_is_handed_to_the_next_attempt(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota)
    given = take(rota, "ann")
    beat(rota, "ann", Beat(task=number, token=given.token, checkpoint={"page": 7}, progress=0.7))
    fail(rota, given, error="boom", retry_at="1s")
    rota.clock.advance("1s")
    again = take(rota, "ann")
    assert again.checkpoint == {"page": 7}
    assert [(it.number, it.agent, it.outcome, it.error, it.progress) for it in again.attempts] == [
        (1, "ann", "failed", "boom", 0.7)
    ]


def test_a_lost_lease_leaves_no_checkpoint(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota)
    given = take(rota, "ann")
    rota.clock.advance("120s")
    beat(rota, "ann", Beat(task=number, token=given.token, checkpoint="late"))
    assert take(rota, "ann").checkpoint is None


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"progress": 1.5}, "beats[0].progress"),
        ({"progress": float("nan")}, "beats[0].progress"),
        ({"notes": "a\0b"}, "beats[0].notes"),
        ({"cost": -1.0}, "beats[0].cost"),
        ({"usage": {"a": -1.0}}, "beats[0].usage.a"),
        ({"usage": {"\ud800": 1.0}}, "beats[0].usage"),
        ({"usage": {f"k{n}": 1.0 for n in range(100)}}, "beats[0].usage"),
        ({"checkpoint": {"a": 2**70}}, "beats[0].checkpoint"),
        ({"token": "short"}, "beats[0].token"),
        ({"task": "7"}, "beats[0].task"),
    ],
)
def test_a_bad_beat_refuses_them_all(rota: TestDistributor, more: dict[str, Any], field: str) -> None:
    agent(rota, "ann")
    number = task(rota)
    given = take(rota, "ann")
    with pytest.raises(RotaError) as caught:
        beat(rota, "ann", Beat(**{"task": number, "token": given.token, **more}))
    assert caught.value.field == field
    assert view(rota, number).until == "2026-01-05T09:01:00.000000Z"


def test_who(rota: TestDistributor) -> None:
    rota.call(Register(agent=AgentSpec(name="ann"), instance="one"))
    with pytest.raises(RotaError, match="no agent named 'bob'"):
        beat(rota, "bob")
    with pytest.raises(RotaError, match="another process"):
        beat(rota, "ann", instance="two")
    assert beat(rota, "ann", instance="one") == Renewed()


def test_health_follows(rota: TestDistributor) -> None:
    def shown() -> AgentView:
        found: AgentView = rota.call(GetAgent(agent="ann"))
        return found

    agent(rota, "ann")
    assert shown().healthy
    rota.clock.advance("100s")
    assert not shown().healthy
    beat(rota, "ann")
    rota.clock.advance("6s")
    assert shown().healthy
    assert shown().last_seen == "2026-01-05T09:01:40.000000Z"
    rota.clock.advance("100s")
    rota.ask(Claim(agent="ann", wait=45))
    assert shown().healthy, "whoever listens lives"
    assert shown().listening == 1
