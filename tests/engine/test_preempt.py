"""Preemption: running work gives way to what is clearly better; nothing is lost, doubled or given to somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rota.audit.audit import audit
from rota.model.agent import Cost
from rota.model.commands.fleet import PauseQueue, SetPool
from rota.model.commands.read import GetHistory
from rota.model.commands.submit import Cancel
from rota.model.commands.work import Beat, Heartbeat, Renewed
from rota.model.errors import RotaError
from rota.model.queue import PoolPolicy, Preemption
from rota.model.task import Given
from rota.testing import TestDistributor
from tests.engine.fleet import agent, attempts, claim, done, fail, give_back, queue, spec, submit, take, task, view


def pool(rota: TestDistributor, **policy: Any) -> None:
    """Let work of the default pool give way."""
    rota.call(SetPool(pool="default", policy=PoolPolicy(preempt=Preemption(**policy))))


@pytest.fixture(autouse=True)
def proved(rota: TestDistributor) -> Iterator[None]:
    """Whatever a test did, the log proves that the promise was kept."""
    yield
    with rota.node.store.read() as reader:
        report = audit(reader)
    assert report.clean, report.violations


def beat(rota: TestDistributor, given: Given, **more: Any) -> Renewed:
    answer: Renewed = rota.call(Heartbeat(agent=given.agent, beats=[Beat(task=given.task, token=given.token, **more)]))
    return answer


def preempted(rota: TestDistributor, given: Given, by: str = "emergency", **more: Any) -> str:
    """A better task comes, waits longer than is to be endured, and the running one is asked to give way."""
    better = task(rota, priority=by, **more)
    rota.clock.advance("11s")
    assert beat(rota, given).preempt == [given.task]
    return better


class TestGivingWay:
    def test_told_by_heartbeat_its_checkpoint_is_handed_on(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann")
        low = task(rota, priority="low")
        given = take(rota, "ann")
        better = task(rota, priority="emergency")
        rota.clock.advance("9s")
        assert beat(rota, given).preempt == []
        rota.clock.advance("2s")
        assert beat(rota, given).preempt == [low]
        assert beat(rota, given, checkpoint={"page": 7}).preempt == [low], "as long as it holds it"
        give_back(rota, given)
        found = view(rota, low)
        assert (found.state, found.attempts) == ("ready", 0)
        assert [(one.outcome, one.counted) for one in attempts(rota, low)] == [("preempted", False)]
        first = take(rota, "ann")
        assert first.task == better
        done(rota, first)
        again = take(rota, "ann")
        assert (again.task, again.checkpoint, again.attempt) == (low, {"page": 7}, 2)
        done(rota, again)

    def test_it_goes_back_to_its_old_place(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann", slots=1)
        first, second = submit(rota, spec(priority="low"), spec(priority="low"))
        given = take(rota, "ann")
        assert given.task == first
        better = preempted(rota, given)
        give_back(rota, given)
        for expected in (better, first, second):
            given = take(rota, "ann")
            assert given.task == expected
            done(rota, given)

    def test_who_does_not_obey_is_fenced(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann")
        low = task(rota, priority="low")
        given = take(rota, "ann")
        better = preempted(rota, given)
        rota.clock.advance("15s")
        beat(rota, given)
        rota.clock.advance("16s")
        assert view(rota, low).state == "ready"
        assert done(rota, given).refused == {low: "lease_lost"}
        assert [one.outcome for one in attempts(rota, low)] == ["preempted"]
        assert take(rota, "ann").task == better

    def test_it_may_be_finished_in_its_grace(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann")
        low = task(rota, priority="low")
        given = take(rota, "ann")
        better = preempted(rota, given)
        done(rota, given)
        assert view(rota, low).state == "done"
        assert take(rota, "ann").task == better

    def test_a_failure_is_a_failure(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann")
        low = task(rota, priority="low")
        given = take(rota, "ann")
        better = preempted(rota, given)
        fail(rota, given)
        assert view(rota, low).attempts == 1
        assert take(rota, "ann").task == better

    def test_a_cancel_goes_before(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann")
        low = task(rota, priority="low")
        given = take(rota, "ann")
        preempted(rota, given)
        rota.call(Cancel(tasks=[low]))
        answer = beat(rota, given)
        assert (answer.cancel, answer.preempt) == ([low], [])
        give_back(rota, given)
        assert view(rota, low).state == "cancelled"

    def test_the_listening_agent_is_answered_at_once(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann")
        task(rota, priority="low")
        given = take(rota, "ann")
        better = preempted(rota, given)
        give_back(rota, given)
        assert claim(rota, "ann", wait=5)[0].task == better


class TestKeptSlot:
    def test_nobody_else_gets_it(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann", skills={"py": 1})
        task(rota, priority="low")
        given = take(rota, "ann")
        better = preempted(rota, given, skills={"py": 1})
        first = task(rota, priority="emergency", deadline="1m", estimate="1s")
        give_back(rota, given)
        assert take(rota, "ann").task == better
        assert view(rota, first).state == "ready"

    def test_its_other_slots_are_free_for_all(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann", slots=2)
        low, high = task(rota, priority="low"), task(rota, priority="high")
        given = {one.task: one for one in claim(rota, "ann", 2)}
        better = preempted(rota, given[low])
        other = task(rota, priority="normal")
        done(rota, given[high])
        give_back(rota, given[low])
        assert [one.task for one in claim(rota, "ann", 5)] == [better, other]

    def test_a_task_that_found_another_slot_frees_it(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann")
        low = task(rota, priority="low")
        given = take(rota, "ann")
        better = preempted(rota, given)
        agent(rota, "bob")
        assert take(rota, "bob").task == better
        assert beat(rota, given).preempt == [], "there is no need any more"
        rota.clock.advance("50s")
        beat(rota, given)
        done(rota, given)
        assert view(rota, low).state == "done"

    def test_a_better_task_that_is_cancelled_frees_it(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann")
        low = task(rota, priority="low")
        given = take(rota, "ann")
        better = preempted(rota, given)
        give_back(rota, given)
        rota.call(Cancel(tasks=[better]))
        assert take(rota, "ann").task == low

    def test_it_is_not_kept_for_ever(self, rota: TestDistributor) -> None:
        pool(rota)
        queue(rota, "later")
        agent(rota, "ann")
        low = task(rota, priority="low")
        given = take(rota, "ann")
        preempted(rota, given, queue="later")
        give_back(rota, given)
        rota.call(PauseQueue(queue="later"))
        assert claim(rota, "ann") == []
        rota.clock.advance("61s")
        assert take(rota, "ann").task == low

    def test_a_restart_forgets_nothing(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann")
        low = task(rota, priority="low")
        given = take(rota, "ann")
        better = preempted(rota, given)
        rota.restart()
        assert beat(rota, given).preempt == [low]
        give_back(rota, given)
        rota.restart()
        assert take(rota, "ann").task == better


class TestWhoIsSpared:
    def test_off_by_default(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        task(rota, priority="low")
        given = take(rota, "ann")
        task(rota, priority="emergency")
        rota.clock.advance("40s")
        assert beat(rota, given).preempt == []

    def test_agents_with_a_price_unless_that_is_said(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann", cost=Cost(per_hour=1.0))
        task(rota, priority="low")
        given = take(rota, "ann")
        task(rota, priority="emergency")
        rota.clock.advance("40s")
        assert beat(rota, given).preempt == []
        pool(rota, priced=True)
        rota.clock.advance("1s")
        assert beat(rota, given).preempt == [given.task]

    def test_what_is_not_worse_enough(self, rota: TestDistributor) -> None:
        pool(rota, band="critical", over="normal")
        agent(rota, "ann")
        task(rota, priority="high")
        given = take(rota, "ann")
        task(rota, priority="emergency")
        rota.clock.advance("40s")
        assert beat(rota, given).preempt == []
        done(rota, given)
        done(rota, take(rota, "ann"))
        task(rota, priority="normal")
        given = take(rota, "ann")
        task(rota, priority="high")
        rota.clock.advance("40s")
        assert beat(rota, given).preempt == []

    def test_who_gave_way_often_enough(self, rota: TestDistributor) -> None:
        pool(rota, at_most=2)
        agent(rota, "ann")
        low = task(rota, priority="low")
        for _ in range(2):
            given = take(rota, "ann")
            assert given.task == low
            preempted(rota, given)
            give_back(rota, given)
            done(rota, take(rota, "ann"))
        given = take(rota, "ann")
        task(rota, priority="emergency")
        rota.clock.advance("40s")
        assert beat(rota, given).preempt == []

    def test_what_a_better_task_waits_for(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann")
        parent = task(rota, priority="low")
        given = take(rota, "ann")
        task(rota, priority="emergency", after=[parent])
        task(rota, priority="emergency")
        rota.clock.advance("40s")
        assert beat(rota, given).preempt == []

    def test_all_while_an_agent_that_may_has_a_free_slot(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann")
        agent(rota, "bob")
        task(rota, priority="low")
        task(rota, priority="low")
        given, other = take(rota, "ann"), take(rota, "bob")
        task(rota, priority="emergency")
        rota.clock.advance("9s")
        done(rota, other)
        rota.clock.advance("2s")
        assert beat(rota, given).preempt == [], "bob will ask in a moment"

    def test_but_not_for_an_agent_that_does_not_ask(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann")
        agent(rota, "idle")
        low = task(rota, priority="low")
        given = take(rota, "ann")
        rota.clock.advance("3s")
        better = task(rota, priority="emergency")
        rota.clock.advance("11s")
        assert beat(rota, given).preempt == [low]
        give_back(rota, given)
        assert [it.task for it in claim(rota, "ann")] == [better]

    def test_nor_for_one_that_was_about_to_and_did_not(self, rota: TestDistributor) -> None:
        """Nobody has to say anything for it to be looked at again."""
        pool(rota)
        agent(rota, "ann")
        low = task(rota, priority="low")
        given = take(rota, "ann")
        task(rota, priority="emergency")
        rota.clock.advance("9s")
        agent(rota, "new")
        rota.clock.advance("2s")
        assert beat(rota, given).preempt == []
        rota.clock.advance("4s")
        assert beat(rota, given).preempt == [low]

    def test_all_while_the_better_one_is_paused_or_limited(self, rota: TestDistributor) -> None:
        pool(rota)
        queue(rota, "later")
        rota.call(PauseQueue(queue="later"))
        agent(rota, "ann")
        task(rota, priority="low")
        given = take(rota, "ann")
        task(rota, priority="emergency", queue="later")
        rota.clock.advance("40s")
        assert beat(rota, given).preempt == []

    def test_the_one_that_loses_least_gives_way(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann", slots=2)
        old = task(rota, priority="low")
        first = take(rota, "ann")
        rota.clock.advance("30s")
        new = task(rota, priority="low")
        second = take(rota, "ann")
        task(rota, priority="emergency")
        rota.clock.advance("11s")
        assert (beat(rota, first).preempt, beat(rota, second).preempt) == ([], [new])
        assert view(rota, old).state == "running"

    def test_only_whose_slot_would_help(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann", skills={"py": 1}, resources={"gpu": 1})
        agent(rota, "bob")
        low = task(rota, priority="low", skills={"py": 1}, resources={"gpu": 1})
        held = take(rota, "ann")
        task(rota, priority="low")
        other = take(rota, "bob")
        task(rota, priority="emergency", skills={"py": 1}, resources={"gpu": 1})
        rota.clock.advance("11s")
        assert beat(rota, held).preempt == [low]
        assert beat(rota, other).preempt == []


class TestOnRecord:
    def test_both_tasks_tell_of_it(self, rota: TestDistributor) -> None:
        pool(rota)
        agent(rota, "ann")
        low = task(rota, priority="low")
        better = preempted(rota, take(rota, "ann"))
        (found,) = [event.data for event in rota.call(GetHistory(task=low)).events if event.kind == "preempt"]
        assert (found["agent"], found["better"]) == ("ann", better)
        (found,) = [event.data for event in rota.call(GetHistory(task=better)).events if event.kind == "keep_slot"]
        assert (found["agent"], found["victim"]) == ("ann", low)

    @pytest.mark.parametrize(
        ("policy", "field"),
        [
            ({"band": "low", "over": "low"}, "policy.preempt.over"),
            ({"patience_s": -1.0}, "policy.preempt.patience_s"),
            ({"at_most": 0}, "policy.preempt.at_most"),
        ],
    )
    def test_what_can_not_be(self, rota: TestDistributor, policy: dict[str, Any], field: str) -> None:
        with pytest.raises(RotaError) as caught:
            pool(rota, **policy)
        assert caught.value.field == field
