"""Reports that come again after they were recorded: the very same are answered, others are late."""

from __future__ import annotations

import pytest

from rota.model.commands.work import Ask, Complete, Done, Fail, Failed, GiveBack, Held, Judged, Reject
from rota.model.errors import RotaError
from rota.testing import TestDistributor
from tests.engine.fleet import agent, attempts, claim, done, take, task, view


def failed(rota: TestDistributor, number: str, token: str, error: str = "no", retryable: bool = True) -> Judged:
    outcome = Failed(task=number, token=token, error=error, retryable=retryable)
    judged: Judged = rota.call(Fail(outcomes=[outcome]))
    return judged


@pytest.mark.parametrize("result", [None, "r", {"a": [1, "é"]}])
def test_a_result(rota: TestDistributor, result: object) -> None:
    agent(rota, "ann")
    number = task(rota)
    given = take(rota, "ann")
    for _ in range(3):
        assert done(rota, given, result=result).states == {number: "done"}
    assert done(rota, given, result="another").refused == {number: "lease_lost"}
    assert view(rota, number).result == result
    assert [(it.outcome, it.counted) for it in attempts(rota, number)] == [("done", True)]
    assert rota.call(Complete(outcomes=[Done(task=number, token="0" * 16, result=result)])).refused


def test_a_result_that_was_rejected_is_late(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota, approval=True)
    given = take(rota, "ann")
    assert done(rota, given, result="r").states == {number: "review"}
    assert done(rota, given, result="r").states == {number: "review"}
    rota.call(Reject(task=number, reason="no"))
    assert done(rota, given, result="r").refused == {number: "lease_lost"}


def test_a_failure(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota)
    given = take(rota, "ann")
    first = failed(rota, number, given.token)
    assert failed(rota, number, given.token) == first
    assert failed(rota, number, given.token, "something else").refused == {number: "lease_lost"}
    assert done(rota, given).refused == {number: "lease_lost"}, "another outcome"
    assert view(rota, number).attempts == 1


def test_a_failure_that_ends_the_task(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota)
    given = take(rota, "ann")
    for _ in range(2):
        assert failed(rota, number, given.token, retryable=False).states == {number: "dead"}


def test_given_back_and_taken_by_another(rota: TestDistributor) -> None:
    agent(rota, "ann")
    agent(rota, "bob")
    number = task(rota)
    given = take(rota, "ann")
    back = GiveBack(tasks=[Held(task=number, token=given.token)], reason="r")
    assert rota.call(back).states == {number: "ready"}
    theirs = take(rota, "bob")
    rota.call(back)
    assert [it.outcome for it in attempts(rota, number)] == ["given_back"]
    assert done(rota, theirs).states == {number: "done"}, "the other's lease is untouched"


def test_a_question(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota)
    given = take(rota, "ann")
    ask = Ask(task=number, token=given.token, question="may I?")
    for _ in range(2):
        assert rota.call(ask).states == {number: "asked"}
    with pytest.raises(RotaError, match="not in this agent's hands"):
        rota.call(Ask(task=number, token=given.token, question="may I not?"))
    assert claim(rota, "ann", 1) == []
