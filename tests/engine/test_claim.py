"""Claims: how many, for whom, how long; the same request again; offers."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Drain, PauseQueue, Register, ResumeQueue, SetPool, SetQueue
from rota.model.commands.work import Claim, Claimed, Complete, Done, GiveBack, Held
from rota.model.errors import RotaError
from rota.model.queue import QueuePolicy
from rota.model.task import Given, TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent, attempts, claim, done, give_back, submit, take, task, view


def refused(rota: TestDistributor, code: str, **more: Any) -> RotaError:
    with pytest.raises(RotaError) as caught:
        rota.call(Claim(**more))
    assert caught.value.code == code, caught.value
    return caught.value


def held(*given: Given) -> list[Held]:
    return [Held(task=it.task, token=it.token) for it in given]


class TestWhatIsGiven:
    def test_the_best_first(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        low, soon, normal, high = submit(
            rota, TaskSpec(title="low", priority="low"), TaskSpec(title="soon", deadline="10m"), "normal",
            TaskSpec(title="high", priority="high"),
        )  # fmt: skip
        assert [it.task for it in claim(rota, "ann", 9)] == [high, soon, normal, low]

    def test_up_to_n_and_up_to_the_free_slots(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=3)
        ids = submit(rota, *["task"] * 5)
        first = claim(rota, "ann", 2)
        assert [it.task for it in first] == ids[:2]
        assert [it.task for it in claim(rota, "ann", 9)] == ids[2:3]
        assert claim(rota, "ann", 9) == []
        done(rota, *first)
        assert [it.task for it in claim(rota, "ann", 9)] == ids[3:]

    def test_slots_are_numbered_and_used_again(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=3)
        submit(rota, *["task"] * 5)
        given = claim(rota, "ann", 3)
        assert [it.slot for it in given] == [0, 1, 2]
        done(rota, given[1])
        assert take(rota, "ann").slot == 1

    def test_what_the_agent_is_told(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(
            rota, description="do it", payload=[1, 2], kind="mail", priority="high", deadline="1h", estimate="5m",
            tenant="acme",
        )  # fmt: skip
        rota.clock.advance("30s")
        given = take(rota, "ann")
        assert (given.task, given.agent, given.attempt, given.title) == (number, "ann", 1, "task")
        assert (given.description, given.payload, given.kind, given.priority) == ("do it", [1, 2], "mail", "high")
        assert (given.queue, given.tenant, given.estimate, given.waited) == ("default", "acme", 300.0, 30.0)
        assert (given.deadline, given.until) == ("2026-01-05T10:00:00.000000Z", "2026-01-05T09:01:30.000000Z")
        assert (given.term, given.parents, given.attempts) == (60.0, [], [])
        assert len(given.token) == 16
        assert given.why["strategy"] == "balanced"
        assert (view(rota, number).agent, view(rota, number).until) == ("ann", given.until)

    def test_only_what_the_agent_may_do(self, rota: TestDistributor) -> None:
        agent(rota, "ann", role="writer", region="eu", skills={"py": 2}, slots=20)
        may = [
            task(rota), task(rota, role="writer"), task(rota, regions=["us", "eu"]), task(rota, skills={"py": 2}),
            task(rota, pin="ann"), task(rota, ban=["bob"]),
        ]  # fmt: skip
        task(rota, role="reader")
        task(rota, regions=["us"])
        task(rota, skills={"py": 3})
        task(rota, skills={"js": 1})
        task(rota, pin="bob")
        task(rota, ban=["ann"])
        assert [it.task for it in claim(rota, "ann", 20)] == may

    def test_only_of_its_own_pool(self, rota: TestDistributor) -> None:
        rota.call(SetPool(pool="far"))
        rota.call(SetQueue(queue="far", policy=QueuePolicy(pool="far")))
        agent(rota, "ann", slots=5)
        agent(rota, "fay", slots=5, pool="far")
        near, far = task(rota), task(rota, queue="far")
        assert [it.task for it in claim(rota, "ann", 5)] == [near]
        assert [it.task for it in claim(rota, "fay", 5)] == [far]

    def test_nothing_of_a_paused_queue(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2)
        number = task(rota)
        assert rota.call(PauseQueue(queue="default", reason="holiday")).changed
        assert not rota.call(PauseQueue(queue="default")).changed
        assert claim(rota, "ann") == []
        answer = rota.ask(Claim(agent="ann", wait=30))
        rota.call(ResumeQueue(queue="default"))
        assert answer.result(0).tasks[0].task == number

    def test_nothing_for_a_drained_agent_even_if_it_waits(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        rota.call(Drain(agent="ann"))
        task(rota)
        before = rota.clock()
        assert claim(rota, "ann", wait=45) == []
        assert rota.clock() == before

    def test_a_deep_queue_of_what_nobody_may_do_hides_nothing(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        submit(rota, *[TaskSpec(title="no", role="nobody", priority="emergency") for _ in range(50)])
        number = task(rota, priority="low")
        assert take(rota, "ann").task == number


class TestWaiting:
    def test_it_is_answered_when_something_comes(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=5)
        answer = rota.ask(Claim(agent="ann", n=5, wait=45))
        rota.clock.advance("20s")
        assert not answer.done()
        ids = submit(rota, "one", "two")
        assert [it.task for it in answer.result(0).tasks] == ids

    def test_it_is_answered_with_nothing_in_the_end(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        answer = rota.ask(Claim(agent="ann", wait=10))
        rota.clock.advance("9.9s")
        assert not answer.done()
        rota.clock.advance("0.1s")
        assert answer.result(0) == Claimed()

    def test_whoever_waits_longest_is_first(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2)
        first, second = rota.ask(Claim(agent="ann", wait=45)), rota.ask(Claim(agent="ann", wait=45))
        task(rota)
        assert first.done()
        assert not second.done()
        task(rota)
        assert second.done()

    def test_a_delayed_task_wakes_it(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota, start="10s")
        assert [it.task for it in claim(rota, "ann", wait=45)] == [number]
        assert str(rota.clock) == "2026-01-05T09:00:10.000000Z"

    def test_whoever_hangs_up_gets_nothing(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        answer = rota.ask(Claim(agent="ann", wait=45))
        answer.cancel()
        number = task(rota)
        assert take(rota, "ann").task == number

    def test_a_full_agent_waits_for_its_own_slot(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        _first, second = submit(rota, "one", "two")
        given = take(rota, "ann")
        answer = rota.ask(Claim(agent="ann", wait=45))
        assert not answer.done()
        done(rota, given)
        assert answer.result(0).tasks[0].task == second

    def test_outcome_and_claim_in_one_turn(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        _first, second = submit(rota, "one", "two")
        given = take(rota, "ann")
        claimed, judged = rota.together(
            Claim(agent="ann"), Complete(outcomes=[Done(task=given.task, token=given.token)])
        )
        assert judged.states == {given.task: "done"}
        assert [it.task for it in claimed.tasks] == [second], "the claim sees the slot that the outcome freed"


class TestRoster:
    def test_a_dispatcher_claims_for_many(self, rota: TestDistributor) -> None:
        for name in ("ann", "bob", "eve"):
            agent(rota, name)
        ids = submit(rota, *["task"] * 4)
        given = rota.call(Claim(agents=["ann", "bob", "eve"], n=4)).tasks
        assert [it.task for it in given] == ids[:3]
        assert {it.agent for it in given} == {"ann", "bob", "eve"}
        assert done(rota, *given).refused == {}

    def test_each_gets_what_it_may_do(self, rota: TestDistributor) -> None:
        agent(rota, "ann", role="writer")
        agent(rota, "bob", role="reader")
        agent(rota, "eve")
        write, read = task(rota, role="writer"), task(rota, role="reader")
        given = rota.call(Claim(agents=["eve", "bob", "ann"], n=9)).tasks
        assert {it.task: it.agent for it in given} == {write: "ann", read: "bob"}

    def test_an_agent_named_twice_is_one_agent(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        submit(rota, "one", "two")
        assert len(rota.call(Claim(agents=["ann", "ann"], n=2)).tasks) == 1

    def test_all_of_one_pool(self, rota: TestDistributor) -> None:
        rota.call(SetPool(pool="far"))
        agent(rota, "ann")
        agent(rota, "fay", pool="far")
        assert refused(rota, "invalid", agents=["ann", "fay"]).field == "agents"


class TestRefusals:
    def test_who(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        assert refused(rota, "invalid").field == "agent"
        assert refused(rota, "invalid", agent="ann", agents=["ann"]).field == "agent"
        assert refused(rota, "no_agent", agent="bob").field == "agent"
        assert refused(rota, "no_agent", agents=["ann", "bob"]).field == "agent"

    @pytest.mark.parametrize(
        ("more", "field"),
        [({"n": 0}, "n"), ({"n": 1_001}, "n"), ({"wait": -1.0}, "wait"), ({"wait": 46.0}, "wait"),
         ({"wait": float("nan")}, "wait"), ({"request": ""}, "request"), ({"instance": "\0"}, "instance")],
    )  # fmt: skip
    def test_out_of_range(self, rota: TestDistributor, more: dict[str, Any], field: str) -> None:
        agent(rota, "ann")
        assert refused(rota, "invalid", agent="ann", **more).field == field

    def test_a_replaced_process(self, rota: TestDistributor) -> None:
        rota.call(Register(agent=AgentSpec(name="ann"), instance="old"))
        rota.call(Register(agent=AgentSpec(name="ann"), instance="new", replace=True))
        task(rota)
        assert refused(rota, "name_taken", agent="ann", instance="old").field == "instance"
        assert len(claim(rota, "ann", instance="new")) == 1


class TestRequest:
    def test_the_same_again_answers_the_same_tasks(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=4)
        submit(rota, "one", "two", "three")
        first = claim(rota, "ann", 2, request="r1")
        again = claim(rota, "ann", 2, request="r1")
        assert [(it.task, it.token, it.slot, it.attempt) for it in again] == [
            (it.task, it.token, it.slot, it.attempt) for it in first
        ]
        assert len(claim(rota, "ann", 2, request="r2")) == 1

    def test_after_the_tasks_ended_it_is_a_new_claim(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        submit(rota, "one", "two")
        first = claim(rota, "ann", request="r")
        done(rota, *first)
        assert claim(rota, "ann", request="r")[0].task != first[0].task

    def test_while_it_waits_the_newcomer_takes_its_place(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2)
        lost = rota.ask(Claim(agent="ann", wait=45, request="r"))
        newcomer = rota.ask(Claim(agent="ann", wait=45, request="r"))
        assert lost.result(0) == Claimed()
        number = task(rota)
        assert newcomer.result(0).tasks[0].task == number

    def test_twice_in_one_turn(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2)
        submit(rota, "one", "two")
        first, second = rota.together(Claim(agent="ann", request="r"), Claim(agent="ann", request="r"))
        assert len(first.tasks) + len(second.tasks) == 1


class TestGiveBack:
    def test_ready_again_at_its_old_place_and_nothing_counted(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=3)
        first, second = submit(rota, "one", "two")
        given = claim(rota, "ann", 2)
        rota.clock.advance("10s")
        assert give_back(rota, given[0], reason="wrong tools").states == {first: "ready"}
        third = task(rota)
        assert view(rota, first).attempts == 0
        assert [(it.outcome, it.counted, it.error) for it in attempts(rota, first)] == [
            ("given_back", False, "wrong tools")
        ]
        assert [it.task for it in claim(rota, "ann", 3)] == [first, third]
        assert view(rota, second).state == "running"

    def test_too_late_and_twice(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        given = take(rota, "ann")
        answer = rota.call(GiveBack(tasks=held(given, given)))
        assert (answer.states, list(answer.refused)) == ({}, [number]), "named twice: which is meant?"
        assert rota.call(GiveBack(tasks=held(given))).states == {number: "ready"}
        assert rota.call(GiveBack(tasks=held(given))).states == {number: "ready"}, "whoever gave it back never heard"
        assert rota.call(GiveBack(tasks=held(given), reason="late")).refused == {number: "lease_lost"}
        assert [one.outcome for one in attempts(rota, number)] == ["given_back"]
