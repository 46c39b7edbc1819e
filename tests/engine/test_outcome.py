"""Outcomes: done, failed, too late, twice; retries; provider limits."""

from __future__ import annotations

from typing import Any

import pytest

from rota.audit.audit import audit
from rota.model.commands.fleet import SetPool, SetQueue
from rota.model.commands.limits import SetLimit
from rota.model.commands.read import Explain, GetAgent
from rota.model.commands.work import Claim, Complete, Done, Fail, Failed, GiveBack, Held
from rota.model.errors import RotaError
from rota.model.limit import LimitSpec
from rota.model.queue import Backoff, PoolPolicy, QueuePolicy
from rota.model.task import TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import (
    agent,
    attempts,
    claim,
    done,
    fail,
    give_back,
    queue,
    states,
    submit,
    take,
    task,
    view,
)


class TestComplete:
    def test_the_result_is_kept(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        assert done(rota, take(rota, "ann"), result={"n": [1, None, "x"]}).states == {number: "done"}
        found = view(rota, number)
        assert (found.state, found.result, found.agent) == ("done", {"n": [1, None, "x"]}, "ann")
        assert found.finished == "2026-01-05T09:00:00.000000Z"
        assert found.attempts == 1

    @pytest.mark.parametrize("how", [Done, Failed, Held])
    def test_a_task_that_is_named_twice_is_refused_and_nothing_is_done_to_it(
        self, rota: TestDistributor, how: type[Done | Failed | Held]
    ) -> None:
        agent(rota, "ann", slots=2)
        twice, once = submit(rota, "twice", "once")
        first, second = claim(rota, "ann", 2)
        about = [(twice, first.token), (once, second.token), (twice, first.token), (twice, f"{0:016x}")]
        more: dict[str, Any] = {"error": "e"} if how is Failed else {}
        entries: list[Any] = [how(task=number, token=token, **more) for number, token in about]
        request = {Done: Complete, Failed: Fail}.get(how)
        judged = rota.call(GiveBack(tasks=entries) if request is None else request(outcomes=entries))
        assert list(judged.states) == [once]
        assert judged.refused == {twice: "duplicate: it is named more than once; report it once"}
        assert view(rota, twice).state == "running"
        assert done(rota, first).states == {twice: "done"}

    def test_each_outcome_is_judged_by_itself(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=3)
        good, late, bad = submit(rota, "good", "late", "bad")
        given = claim(rota, "ann", 3)
        give_back(rota, given[1])
        outcomes = [
            Done(task=good, token=given[0].token),
            Done(task=late, token=given[1].token),
            Done(task=bad, token=given[2].token, result=object()),
            Done(task="nonsense", token=given[2].token),
        ]
        judged = rota.call(Complete(outcomes=outcomes))
        assert judged.states == {good: "done"}
        assert judged.refused[late] == "lease_lost"
        assert judged.refused[bad].startswith("invalid: outcomes[2].result:")
        assert judged.refused["nonsense"].startswith("invalid: outcomes[3].task:")
        assert states(rota, [good, late, bad]) == ["done", "ready", "running"]

    def test_twice_is_refused_the_second_time(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        given = take(rota, "ann")
        done(rota, given, result=1)
        assert done(rota, given, result=2).refused == {number: "lease_lost"}
        assert view(rota, number).result == 1
        assert fail(rota, given).refused == {number: "lease_lost"}
        assert give_back(rota, given).refused == {number: "lease_lost"}

    def test_twice_in_one_turn(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        given = take(rota, "ann")
        one = Complete(outcomes=[Done(task=number, token=given.token, result=1)])
        first, second = rota.together(one, one)
        assert [first.states, second.states] == [{number: "done"}, {number: "done"}]
        assert [it.outcome for it in attempts(rota, number)] == ["done"]

    def test_a_late_one_after_another_agent_took_over(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        agent(rota, "bob")
        number = task(rota)
        late = take(rota, "ann")
        rota.clock.advance("100s")
        current = take(rota, "bob")
        assert done(rota, late, result="late").refused == {number: "lease_lost"}
        assert done(rota, current, result="right").states == {number: "done"}
        assert view(rota, number).result == "right"

    def test_how_many(self, rota: TestDistributor) -> None:
        with pytest.raises(RotaError) as caught:
            rota.call(Complete(outcomes=[]))
        assert (caught.value.code, caught.value.field) == ("invalid", "outcomes")

    def test_notes_usage_and_cost(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        given = take(rota, "ann")
        outcome = Done(task=number, token=given.token, notes="easy", usage={"cpu_s": 2.0}, cost=0.5)
        rota.call(Complete(outcomes=[outcome]))
        (attempt,) = attempts(rota, number)
        assert (attempt.outcome, attempt.notes, attempt.usage, attempt.cost) == ("done", "easy", {"cpu_s": 2.0}, 0.5)
        assert attempt.counted

    def test_it_counts_for_the_agent(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2)
        submit(rota, "one", "two")
        given = claim(rota, "ann", 2)
        done(rota, given[0])
        fail(rota, given[1])
        rota.call(Claim(agent="ann"))
        found = rota.call(GetAgent(agent="ann"))
        assert (found.done, found.failed, found.running) == (1, 1, 0)


class TestFail:
    def test_tried_again_after_a_wait_with_what_was_learnt(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        assert fail(rota, take(rota, "ann"), error="no network").states[number] in ("scheduled", "ready")
        found = view(rota, number)
        assert (found.attempts, found.reason) == (1, "no network")
        rota.clock.advance("1s")
        again = take(rota, "ann")
        assert again.attempt == 2
        assert [(it.number, it.agent, it.outcome, it.error, it.counted) for it in again.attempts] == [
            (1, "ann", "failed", "no network", True)
        ]

    def test_dead_after_the_last_attempt_with_the_reason(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota, max_attempts=3)
        for error in ("one", "two", "three"):
            fail(rota, take(rota, "ann"), error=error, retry_at="1s")
            rota.clock.advance("1s")
        found = view(rota, number)
        assert (found.state, found.attempts) == ("dead", 3)
        assert found.reason == "attempt 3 of 3 failed: three"

    def test_dead_at_once_when_not_retryable(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        assert fail(rota, take(rota, "ann"), error="bad task", retryable=False).states == {number: "dead"}
        assert view(rota, number).reason == "not retryable: bad task"

    def test_at_a_time_of_its_own(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        fail(rota, take(rota, "ann"), retry_at="2026-01-05T09:10:00Z")
        assert view(rota, number).start == "2026-01-05T09:10:00.000000Z"
        rota.clock.advance("599s")
        assert claim(rota, "ann") == []
        rota.clock.advance("1s")
        assert take(rota, "ann").task == number

    @pytest.mark.parametrize(
        ("more", "code", "field"),
        [
            ({"retry_at": "2020-01-01T00:00:00Z"}, "past", "outcomes[0].retry_at"),
            ({"retry_at": -5}, "invalid", "outcomes[0].retry_at"),
            ({"limit": "openai"}, "invalid", "outcomes[0].limit"),
            ({"error": "a\0b"}, "invalid", "outcomes[0].error"),
            ({"error": "\udc80"}, "invalid", "outcomes[0].error"),
            ({"error": "x" * 20_001}, "too_large", "outcomes[0].error"),
            ({"cost": float("inf")}, "invalid", "outcomes[0].cost"),
            ({"task": "x"}, "invalid", "outcomes[0].task"),
            ({"token": "x"}, "invalid", "outcomes[0].token"),
        ],
    )
    def test_bad_values_leave_the_task_in_hand(
        self, rota: TestDistributor, more: dict[str, Any], code: str, field: str
    ) -> None:
        agent(rota, "ann")
        number = task(rota)
        given = take(rota, "ann")
        with pytest.raises(RotaError) as caught:
            rota.call(Fail(outcomes=[Failed(**{"task": number, "token": given.token, "error": "e", **more})]))
        assert (caught.value.code, caught.value.field) == (code, field)
        assert view(rota, number).state == "running"

    def test_the_waits_have_full_jitter(self, rota: TestDistributor) -> None:
        rota.call(SetPool(pool="default", policy=PoolPolicy(breaker_s=0, eject_s=0)))
        queue(rota, "q", backoff=Backoff(base=10, cap=40), max_attempts=5)
        agent(rota, "ann", slots=40)
        numbers = submit(rota, *[TaskSpec(title="t", queue="q")] * 40)
        for most in (10, 20, 40, 40):
            waits = []
            for given in claim(rota, "ann", 40):
                fail(rota, given)
                start = view(rota, given.task).start
                assert start is not None
                waits.append(_seconds(start) - rota.clock.seconds)
            assert len(waits) == 40
            assert all(0 <= wait <= most for wait in waits)
            assert min(waits) < most * 0.25 < most * 0.75 < max(waits)
            rota.clock.advance(most)
        for given in claim(rota, "ann", 40):
            fail(rota, given)
        assert set(states(rota, numbers)) == {"dead"}


def _seconds(at: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(at).timestamp()


class TestAvoid:
    def test_for_30_seconds_another_agent_gets_it(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        agent(rota, "bob")
        number = task(rota)
        fail(rota, take(rota, "ann"), retry_at="1s")
        rota.clock.advance("1s")
        assert claim(rota, "ann") == []
        assert rota.call(Explain(task=number)).agents["ann"].startswith("avoided")
        assert take(rota, "bob").task == number

    def test_after_30_seconds_it_may_have_it_again(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        agent(rota, "bob")
        number = task(rota)
        fail(rota, take(rota, "ann"), retry_at="1s")
        rota.clock.advance("29s")
        assert claim(rota, "ann") == []
        assert claim(rota, "ann", wait=5)[0].task == number
        assert str(rota.clock) == "2026-01-05T09:00:30.000000Z"

    def test_when_nobody_else_could_do_it_the_same_one_gets_it(self, rota: TestDistributor) -> None:
        agent(rota, "ann", role="writer")
        agent(rota, "bob")
        number = task(rota, role="writer")
        fail(rota, take(rota, "ann"), retry_at="1s")
        rota.clock.advance("1s")
        assert take(rota, "ann").task == number

    def test_the_wait_and_the_avoidance_end_in_one_turn(self, rota: TestDistributor) -> None:
        """A machine that slept finds both timers of the task due at once."""
        agent(rota, "ann")
        agent(rota, "bob")
        number = task(rota)
        fail(rota, take(rota, "ann"), retry_at="10s")
        rota.clock.jump("10m")
        assert take(rota, "ann").task == number

    def test_a_second_failure_is_avoided_for_its_own_30_seconds(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        agent(rota, "bob")
        number = task(rota)
        fail(rota, take(rota, "ann"), retry_at="1s")
        rota.clock.advance("25s")
        fail(rota, take(rota, "bob"), retry_at="1s")
        rota.clock.advance("10s")
        assert claim(rota, "bob") == [], "the end of the first avoidance does not end the second"
        assert take(rota, "ann").task == number

    def test_a_pool_may_do_without(self, rota: TestDistributor) -> None:
        rota.call(SetPool(pool="default", policy=PoolPolicy(avoid_s=0)))
        agent(rota, "ann")
        agent(rota, "bob")
        number = task(rota)
        fail(rota, take(rota, "ann"), retry_at="1s")
        rota.clock.advance("1s")
        assert take(rota, "ann").task == number


class TestLimit:
    def test_it_parks_what_is_charged_to_it_and_burns_nothing(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        charged, also, other = (
            task(rota, limits=["openai"]), task(rota, limits=["openai", "x"]), task(rota, limits=["other"])
        )  # fmt: skip
        given = take(rota, "ann")
        assert fail(rota, given, error="429", limit="openai", retry_at="60s").states == {charged: "ready"}
        assert [it.task for it in claim(rota, "ann", 9)] == [other]
        found = view(rota, charged)
        assert (found.attempts, found.reason) == (0, "limit openai")
        told = rota.call(Explain(task=also))
        assert told.reason == "limit:openai"
        assert "2026-01-05T09:01:00" in told.text
        assert [(it.outcome, it.counted) for it in attempts(rota, charged)] == [("limited", False)]

    def test_it_opens_at_its_time_and_wakes_who_waits(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        number = task(rota, limits=["openai"])
        fail(rota, take(rota, "ann"), limit="openai", retry_at="30s")
        assert [it.task for it in claim(rota, "ann", wait=45)] == [number]
        assert str(rota.clock) == "2026-01-05T09:00:30.000000Z"

    def test_it_opens_in_every_pool(self, rota: TestDistributor) -> None:
        rota.call(SetPool(pool="far"))
        rota.call(SetQueue(queue="far", policy=QueuePolicy(pool="far")))
        agent(rota, "ann")
        agent(rota, "fay", pool="far")
        task(rota, limits=["openai"])
        number = task(rota, queue="far", limits=["openai"])
        fail(rota, take(rota, "ann"), limit="openai", retry_at="30s")
        assert [it.task for it in claim(rota, "fay", wait=45)] == [number]

    @pytest.mark.parametrize("key", ["tenant:acme", "queue:q", "kind:essay", "q for acme"])
    def test_it_parks_a_tenant_a_queue_or_a_kind(self, rota: TestDistributor, key: str) -> None:
        if key == "q for acme":
            rota.call(SetLimit(limit=LimitSpec(key="{queue} for {tenant}", capacity=9)))
        rota.call(SetQueue(queue="q"))
        agent(rota, "ann", slots=9)
        charged, also = (task(rota, tenant="acme", queue="q", kind="essay") for _ in range(2))
        other = task(rota)
        given = take(rota, "ann")
        assert fail(rota, given, limit=key, retry_at="60s").states == {charged: "ready"}
        assert [it.task for it in claim(rota, "ann", 9)] == [other]
        told = rota.call(Explain(task=also))
        assert told.reason == f"limit:{key}"
        with rota.node.store.read() as reader:
            assert audit(reader).clean
        rota.clock.advance("60s")
        assert [it.task for it in claim(rota, "ann", 9)] == [charged, also]

    def test_a_task_that_did_not_name_the_limit_waits_by_itself(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number, other = submit(rota, "one", "two")
        assert fail(rota, take(rota, "ann"), limit="openai", retry_at="30s").states == {number: "scheduled"}
        assert take(rota, "ann").task == other
        assert view(rota, number).attempts == 0

    def test_of_two_times_the_later_holds(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2)
        for _ in range(2):
            task(rota, limits=["openai"])
        first, second = claim(rota, "ann", 2)
        fail(rota, first, limit="openai", retry_at="60s")
        fail(rota, second, limit="openai", retry_at="5s")
        rota.clock.advance("59s")
        assert claim(rota, "ann") == []
        rota.clock.advance("1s")
        assert len(claim(rota, "ann", 2)) == 2


def test_given_back_with_a_start_it_is_not_given_out_before(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota)
    given = take(rota, "ann")
    held = [Held(task=number, token=given.token)]
    with pytest.raises(RotaError) as caught:
        rota.call(GiveBack(tasks=held, start=0))
    assert (caught.value.code, caught.value.field) == ("past", "start")
    assert rota.call(GiveBack(tasks=held, start=5, reason="not yet")).states == {number: "scheduled"}
    assert view(rota, number).attempts == 0
    assert claim(rota, "ann") == []
    rota.clock.advance(5)
    assert take(rota, "ann").task == number
    with rota.node.store.read() as reader:
        assert audit(reader).clean
