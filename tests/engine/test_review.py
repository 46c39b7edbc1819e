"""What people decide: approval, rejection, questions and answers."""

from __future__ import annotations

import pytest

from rota.model.commands.fleet import Drain, SetQueue
from rota.model.commands.read import Explain
from rota.model.commands.work import Answer, Approve, Ask, Claim, Reject
from rota.model.errors import RotaError
from rota.model.queue import QueuePolicy
from rota.model.task import Given, TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent, attempts, claim, done, queue, states, submit, take, task, view
from tests.engine.test_limits import clean


def ask(rota: TestDistributor, given: Given, question: str = "which?", checkpoint: object = None) -> None:
    answer = rota.call(Ask(task=given.task, token=given.token, question=question, checkpoint=checkpoint))
    assert answer.states == {given.task: "asked"}


class TestApproval:
    def test_approved(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota, approval=True, deadline="1h")
        given = take(rota, "ann")
        assert done(rota, given, result="r").states == {number: "review"}
        assert view(rota, number).finished is None
        assert done(rota, given).refused == {number: "lease_lost"}
        rota.clock.advance("10m")
        assert rota.call(Approve(tasks=[number])).tasks == [number]
        found = view(rota, number)
        assert (found.state, found.result, found.finished) == ("done", "r", "2026-01-05T09:10:00.000000Z")

    def test_the_slot_is_free_while_it_waits_for_review(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        submit(rota, TaskSpec(title="a", approval=True), "b")
        done(rota, take(rota, "ann"))
        take(rota, "ann")

    def test_rejected_with_the_reason(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota, approval=True)
        done(rota, take(rota, "ann"), result="draft")
        assert rota.call(Reject(task=number, reason="too short")).tasks == [number]
        found = view(rota, number)
        assert (found.state, found.reason, found.attempts) == ("ready", "rejected: too short", 1)
        again = take(rota, "ann")
        assert [(it.outcome, it.error, it.counted) for it in again.attempts] == [("rejected", "too short", True)]

    def test_rejected_too_often(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota, approval=True, max_attempts=1)
        done(rota, take(rota, "ann"))
        rota.call(Reject(task=number, reason="no"))
        assert (view(rota, number).state, view(rota, number).reason) == ("dead", "attempt 1 of 1 rejected: no")

    def test_a_queue_can_ask_for_it_and_a_task_can_say_otherwise(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2)
        queue(rota, "q", approval=True)
        reviewed, plain = task(rota, queue="q"), task(rota, queue="q", approval=False)
        done(rota, *claim(rota, "ann", 2))
        assert states(rota, [reviewed, plain]) == ["review", "done"]

    def test_only_what_is_under_review(self, rota: TestDistributor) -> None:
        number = task(rota)
        assert rota.call(Approve(tasks=[number, "task-999999"])).refused == {
            number: "wrong_state: it is ready", "task-999999": "no_task"
        }  # fmt: skip
        for wrong, code in ((number, "wrong_state"), ("task-999999", "no_task")):
            with pytest.raises(RotaError) as caught:
                rota.call(Reject(task=wrong, reason="no"))
            assert (caught.value.code, caught.value.field) == (code, "task")
        with pytest.raises(RotaError) as caught:
            rota.call(Reject(task=number, reason=" "))
        assert caught.value.field == "reason"


class TestQuestions:
    def test_the_slot_is_freed_and_the_asker_gets_the_answer(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        agent(rota, "bob")
        number = task(rota)
        given = take(rota, "ann")
        ask(rota, given, "red or blue?", checkpoint={"at": 3})
        found = view(rota, number)
        assert (found.state, found.question, found.attempts) == ("asked", "red or blue?", 0)
        assert claim(rota, "ann") == []
        assert rota.call(Answer(task=number, answer="blue")).tasks == [number]
        assert claim(rota, "bob") == [], "for the one who asked first"
        again = take(rota, "ann")
        assert (again.answer, again.checkpoint, again.attempt) == ("blue", {"at": 3}, 2)
        assert [(it.outcome, it.counted) for it in again.attempts] == [("asked", False)]
        assert done(rota, given).refused == {number: "lease_lost"}

    def test_after_30_seconds_anybody_gets_it(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        agent(rota, "bob")
        number = task(rota)
        ask(rota, take(rota, "ann"))
        rota.call(Answer(task=number, answer="x"))
        waiting = rota.ask(Claim(agent="bob", wait=45))
        rota.clock.advance("29s")
        assert not waiting.done()
        rota.clock.advance("1s")
        assert waiting.result(0).tasks[0].answer == "x"

    def test_an_asker_that_gets_nothing_more_is_not_waited_for(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        agent(rota, "bob")
        number = task(rota)
        ask(rota, take(rota, "ann"))
        rota.call(Drain(agent="ann"))
        rota.call(Answer(task=number, answer="x"))
        assert take(rota, "bob").task == number

    def test_asked_twice(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        for question, said in (("a?", "A"), ("b?", "B")):
            ask(rota, take(rota, "ann"), question)
            assert view(rota, number).question == question
            rota.call(Answer(task=number, answer=said))
        assert take(rota, "ann").answer == "B"
        assert [it.outcome for it in attempts(rota, number)] == ["asked", "asked"]

    def test_who_may_ask_and_what_can_be_answered(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        given = take(rota, "ann")
        with pytest.raises(RotaError) as caught:
            rota.call(Ask(task=number, token="0" * 16, question="?"))
        assert (caught.value.code, caught.value.field) == ("lease_lost", "token")
        with pytest.raises(RotaError) as caught:
            rota.call(Ask(task=number, token=given.token, question=""))
        assert caught.value.field == "question"
        with pytest.raises(RotaError) as caught:
            rota.call(Answer(task=number, answer="x"))
        assert (caught.value.code, caught.value.field) == ("wrong_state", "task")
        with pytest.raises(RotaError) as caught:
            rota.call(Answer(task="task-999999", answer="x"))
        assert caught.value.code == "no_task"
        assert view(rota, number).state == "running"


def test_no_more_is_started_while_too_much_waits_for_approval(rota: TestDistributor) -> None:
    rota.call(SetQueue(queue="default", policy=QueuePolicy(approval=True, max_unreviewed=2, max_attempts=9)))
    rota.call(SetQueue(queue="other", policy=QueuePolicy(approval=True)))
    agent(rota, "ann", slots=50)
    tasks = submit(rota, *(TaskSpec(title=f"t{n}") for n in range(5)))
    (other,) = submit(rota, TaskSpec(title="other", queue="other", priority="low"))
    for _one in range(2):
        done(rota, take(rota, "ann"))
    # What is better waits; what is worse, of another queue, goes on.
    (given,) = claim(rota, "ann", 9)
    assert given.task == other
    found = rota.call(Explain(task=tasks[2]))
    assert found.reason == "unreviewed"
    assert "2 or more tasks of queue default wait for approval" in found.text
    waiting = rota.ask(Claim(agent="ann", wait=30))
    assert not waiting.done()
    rota.call(Approve(tasks=tasks[:1]))
    (third,) = waiting.result().tasks
    assert third.task == tasks[2]
    rota.call(Reject(task=tasks[1], reason="no"))
    done(rota, third)
    assert len(claim(rota, "ann", 1)) == 1
    clean(rota)
