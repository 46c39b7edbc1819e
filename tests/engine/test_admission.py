"""Limits on keys of tasks' own: so many of a document or project are ready, the others stand in line."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.commands.fleet import CreateProject, SetQueue
from rota.model.commands.limits import ListLimits, RemoveLimit, ResetLimit
from rota.model.commands.read import Explain
from rota.model.commands.submit import Cancel, Edit, Hold, Redrive, Submit, Unhold
from rota.model.commands.work import Answer, Approve, Ask, Complete, Done, Reject
from rota.model.errors import RotaError
from rota.model.project import ProjectSpec
from rota.model.queue import QueuePolicy
from rota.model.task import Given, TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, done, fail, give_back, states, submit, take, view
from tests.engine.test_limits import clean, ids, limit, said, use


def doc(name: str, **more: Any) -> TaskSpec:
    return TaskSpec(title="edit", payload={"document": name}, **more)


def one_per_document(rota: TestDistributor, **more: Any) -> None:
    limit(rota, "doc:{payload.document}", **{"capacity": 1, **more})
    agent(rota, "ann", slots=50)


class TestOneAtATime:
    def test_one_of_each_document(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        a1, a2, b1, a3, free = submit(rota, doc("a"), doc("a"), doc("b"), doc("a"), TaskSpec(title="no document"))
        assert states(rota, [a1, a2, b1, a3, free]) == ["ready", "blocked", "ready", "blocked", "ready"]
        first = claim(rota, "ann", 9)
        assert sorted(ids(first)) == sorted([a1, b1, free])
        found = rota.call(Explain(task=a2))
        assert (found.reason, found.waiting_for) == ("limit:doc:a", [a1])
        done(rota, *first)
        assert ids(claim(rota, "ann", 9)) == [a2]
        clean(rota)

    def test_a_waiting_claim_gets_the_next_at_once(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        agent(rota, "bob", slots=9)
        _a1, a2 = submit(rota, doc("a"), doc("a"))
        from rota.model.commands.work import Claim

        given = take(rota, "ann")
        waiting = rota.ask(Claim(agent="bob", wait=30))
        assert not waiting.done()
        done(rota, given)
        assert ids(waiting.result().tasks) == [a2]

    @pytest.mark.parametrize("how", ["failed", "dead", "cancelled", "held", "asked", "review", "expired", "retry"])
    def test_whoever_steps_out_lets_the_next_in(self, rota: TestDistributor, how: str) -> None:
        one_per_document(rota)
        rota.call(SetQueue(queue="reviewed", policy=QueuePolicy(approval=True)))
        a1 = submit(rota, doc("a", **({"queue": "reviewed"} if how == "review" else {}), ttl=60))[0]
        a2 = submit(rota, doc("a"))[0]
        assert states(rota, [a1, a2]) == ["ready", "blocked"]
        if how == "expired":
            rota.clock.advance("61s")
        elif how in ("cancelled", "held"):
            rota.call(Cancel(tasks=[a1]) if how == "cancelled" else Hold(tasks=[a1]))
        else:
            given = take(rota, "ann")
            if how == "failed":
                fail(rota, given, retry_at="1h")
            elif how == "retry":
                fail(rota, given, retry_at="1s")
            elif how == "dead":
                fail(rota, given, retryable=False)
            elif how == "asked":
                rota.call(Ask(task=given.task, token=given.token, question="which?"))
            else:
                done(rota, given)
        assert view(rota, a2).state == "ready", how
        rota.clock.advance("2s")
        if how == "retry":
            assert view(rota, a1).state == "blocked", "it stands in line again"
        clean(rota)
        if how == "asked":
            rota.call(Answer(task=a1, answer="this"))
        elif how == "held":
            rota.call(Unhold(tasks=[a1]))
        elif how == "dead":
            rota.call(Redrive(tasks=[a1]))
        elif how == "review":
            rota.call(Reject(task=a1, reason="no"))
        if how in ("asked", "held", "dead", "review", "retry"):
            assert states(rota, [a1, a2]) == ["blocked", "ready"]
            done(rota, take(rota, "ann"))
            assert states(rota, [a1, a2]) == ["ready", "done"]
        clean(rota)

    def test_a_task_that_is_given_back_stays_in(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        a1, a2 = submit(rota, doc("a"))[0], submit(rota, doc("a", deadline="10m"))[0]
        give_back(rota, take(rota, "ann"))
        assert states(rota, [a1, a2]) == ["ready", "blocked"]
        rota.clock.advance("1s")
        assert take(rota, "ann").task == a1
        rota.clock.advance("5m")
        assert states(rota, [a1, a2]) == ["blocked", "ready"], "its lease was lost, so it had to wait for a retry"
        clean(rota)

    def test_the_next_is_the_best_by_band_and_due(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        order = ["low", "normal", "critical", "high"]
        low, normal, critical, high = submit(rota, *[doc("a", priority=priority) for priority in order])
        soon = submit(rota, doc("a", deadline="10m"))[0]
        assert view(rota, critical).state == "ready", "of one submit the best comes first"
        seen = []
        for _ in range(5):
            given = take(rota, "ann")
            seen.append(given.task)
            done(rota, given)
        assert seen == [critical, high, soon, normal, low]
        clean(rota)

    def test_a_waiting_task_that_is_edited_moves_up(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        first, second, third = submit(rota, doc("a"), doc("a"), doc("a"))
        rota.call(Edit(task=third, priority="critical"))
        assert states(rota, [first, second, third]) == ["blocked", "blocked", "ready"]
        clean(rota)

    def test_a_waiting_task_that_is_cancelled_leaves_the_line(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        first, second, third = submit(rota, doc("a"), doc("a"), doc("a"))
        rota.call(Cancel(tasks=[second]))
        done(rota, take(rota, "ann"))
        assert states(rota, [first, second, third]) == ["done", "cancelled", "ready"]
        clean(rota)

    def test_who_waits_lends_its_due(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        later = submit(rota, doc("a", deadline="2h"))[0]
        other = submit(rota, TaskSpec(title="other", deadline="1h"))[0]
        soon = submit(rota, doc("a", deadline="10m"))[0]
        assert ids(claim(rota, "ann", 2)) == [later, other], "the later one stands in the way of the sooner"
        assert view(rota, soon).state == "blocked"
        clean(rota)

    def test_who_only_waits_gives_way_to_a_better_band(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        low = submit(rota, doc("a", priority="low"))[0]
        urgent = submit(rota, doc("a", priority="emergency"))[0]
        assert states(rota, [low, urgent]) == ["blocked", "ready"]
        given = take(rota, "ann")
        assert given.task == urgent
        better = submit(rota, doc("a", priority="emergency"))[0]
        done(rota, given)
        assert states(rota, [low, better]) == ["blocked", "ready"]
        clean(rota)

    def test_what_nobody_may_do_holds_nothing(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        nobody = submit(rota, doc("a", role="writer", priority="critical"))[0]
        assert view(rota, nobody).state == "ready", "nobody else wants the key"
        first, second = submit(rota, doc("a"), doc("a", priority="low"))
        assert states(rota, [nobody, first, second]) == ["blocked", "ready", "blocked"]
        done(rota, take(rota, "ann"))
        assert states(rota, [nobody, second]) == ["blocked", "ready"], "it stands behind all that somebody may do"
        done(rota, take(rota, "ann"))
        assert view(rota, nobody).state == "ready"
        agent(rota, "bob", role="writer")
        assert take(rota, "bob").task == nobody
        clean(rota)

    def test_a_provider_parks_a_key_of_its_own(self, rota: TestDistributor) -> None:
        limit(rota, "host:{payload.host}", capacity=2)
        agent(rota, "ann", slots=50)
        on_a = submit(rota, *[TaskSpec(title="t", payload={"host": "a"})] * 3)
        on_b = submit(rota, TaskSpec(title="t", payload={"host": "b"}))[0]
        failed = take(rota, "ann")
        fail(rota, failed, retry_at="10m", limit="host:a")
        assert states(rota, on_a) == ["blocked"] * 3
        given = claim(rota, "ann", 9)
        assert ids(given) == [on_b]
        done(rota, *given)
        assert view(rota, failed.task).attempts == 0
        clean(rota)
        late = submit(rota, TaskSpec(title="t", payload={"host": "a"}, priority="low"))[0]
        assert view(rota, late).state == "blocked"
        rota.clock.advance("10m")
        assert ids(claim(rota, "ann", 9)) == on_a[:2]
        clean(rota)

    def test_a_parked_key_opens_by_hand(self, rota: TestDistributor) -> None:
        limit(rota, "host:{payload.host}", capacity=1)
        agent(rota, "ann", slots=50)
        task = submit(rota, TaskSpec(title="t", payload={"host": "a"}))[0]
        fail(rota, take(rota, "ann"), retry_at="10m", limit="host:a")
        assert claim(rota, "ann") == []
        rota.call(ResetLimit(key="host:a"))
        assert take(rota, "ann").task == task
        clean(rota)

    def test_dependencies_and_keys_together(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        specs = [doc("a", ref="x"), doc("a", after=["x"]), doc("a")]
        x, child, third = submit(rota, *specs)
        assert states(rota, [x, child, third]) == ["ready", "blocked", "blocked"]
        done(rota, take(rota, "ann"))
        assert states(rota, [x, child, third]) == ["done", "ready", "blocked"]
        done(rota, take(rota, "ann"))
        done(rota, take(rota, "ann"))
        assert states(rota, [x, child, third]) == ["done"] * 3
        clean(rota)

    def test_several_at_a_time(self, rota: TestDistributor) -> None:
        one_per_document(rota, capacity=3)
        tasks = submit(rota, *[doc("a")] * 5)
        assert len(claim(rota, "ann", 9)) == 3
        limit(rota, "doc:{payload.document}", capacity=4)
        assert len(claim(rota, "ann", 9)) == 1
        limit(rota, "doc:{payload.document}", capacity=1)
        assert claim(rota, "ann", 9) == []
        assert view(rota, tasks[4]).state == "blocked"
        clean(rota)

    def test_two_keys_of_one_task(self, rota: TestDistributor) -> None:
        limit(rota, "a:{payload.a}", capacity=1)
        limit(rota, "b:{payload.b}", capacity=1)
        agent(rota, "ann", slots=50)
        both = [TaskSpec(title="t", payload={"a": a, "b": b}) for a, b in [(1, 1), (1, 2), (2, 1), (2, 2), (1, 1)]]
        tasks = submit(rota, *both)
        runs = 0
        while given := claim(rota, "ann", 50):
            values = [(one.payload["a"], one.payload["b"]) for one in given]
            assert len({a for a, _b in values}) == len({b for _a, b in values}) == len(values)
            done(rota, *given)
            runs += 1
        assert states(rota, tasks) == ["done"] * 5
        assert runs <= 5
        clean(rota)

    def test_a_removed_limit_lets_everybody_in(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        tasks = submit(rota, *[doc("a")] * 5)
        given = take(rota, "ann")
        rota.call(RemoveLimit(key="doc:{payload.document}"))
        assert len(claim(rota, "ann", 9)) == 4
        done(rota, given)
        assert states(rota, tasks[:2]).count("done") == 1
        clean(rota)

    def test_a_killed_process_leaves_nobody_in_line_for_ever(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        first, second = submit(rota, doc("a"), doc("a"))
        take(rota, "ann")
        rota.restart()
        rota.clock.advance("10m")
        for _ in range(2):
            given = claim(rota, "ann", 9, wait=45)
            assert len(given) == 1
            done(rota, *given)
        assert states(rota, [first, second]) == ["done", "done"]
        clean(rota)

    def test_many_keys_in_one_submit(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        submit(rota, *[doc(str(n % 1_200)) for n in range(2_400)])
        assert rota.states() == {"ready": 1_200, "blocked": 1_200}
        rota.call(RemoveLimit(key="doc:{payload.document}"))
        assert rota.states() == {"ready": 2_400}
        clean(rota)

    def test_values_that_are_no_single_value_are_not_limited(self, rota: TestDistributor) -> None:
        one_per_document(rota)
        payloads: list[Any] = [None, {}, {"document": None}, {"document": [1]}, ["document"], "document"]
        tasks = submit(rota, *[TaskSpec(title="t", payload=payload) for payload in payloads * 2])
        assert set(states(rota, tasks)) == {"ready"}
        long = [TaskSpec(title="t", payload={"document": "x" * 5_000 + end}) for end in ("a", "a", "b")]
        numbers = [TaskSpec(title="t", payload={"document": 7}), doc("7")]
        assert states(rota, submit(rota, *long, *numbers)) == ["ready", "blocked", "ready", "ready", "blocked"]
        clean(rota)


class TestRefuse:
    def test_a_second_one_is_refused(self, rota: TestDistributor) -> None:
        one_per_document(rota, on_empty="refuse")
        submit(rota, doc("a"))
        with pytest.raises(RotaError) as caught:
            rota.call(Submit(tasks=[doc("b"), doc("a")]))
        assert (caught.value.code, caught.value.field) == ("limit_used_up", "tasks[1]")
        assert rota.states() == {"ready": 1}
        done(rota, take(rota, "ann"))
        submit(rota, doc("a"))


class TestProjects:
    def test_a_budget_of_each_project(self, rota: TestDistributor) -> None:
        limit(rota, "project", unit="money", capacity=10, on_empty="pause_and_ask", estimate=2)
        agent(rota, "ann", slots=50)
        made = rota.call(CreateProject(project=ProjectSpec(title="p", key="big"), tasks=[TaskSpec(title="t")] * 8))
        rota.call(CreateProject(project=ProjectSpec(title="q", key="small"), tasks=[TaskSpec(title="t")] * 2))
        given = claim(rota, "ann", 50)
        assert len(given) == 5 + 2, "five of two each, and the other project"
        assert [one["limit"] for one in said(rota, "limit_asks")] == ["project:big money"]
        _spent(rota, [one for one in given if one.project == made.project], 3.0)
        assert use(rota, "project:big money").used == 15
        assert claim(rota, "ann", 50) == []
        rota.call(ResetLimit(key="project:big"))
        assert len(claim(rota, "ann", 50)) == 3
        clean(rota)

    def test_what_was_not_used_lets_others_in(self, rota: TestDistributor) -> None:
        limit(rota, "doc:{payload.document}", unit="tokens", period=3600, capacity=100, estimate=50)
        agent(rota, "ann", slots=50)
        submit(rota, *[doc("a")] * 6)
        given = claim(rota, "ann", 50)
        assert len(given) == 2
        rota.call(Complete(outcomes=[Done(task=it.task, token=it.token, usage={"tokens": 5}) for it in given]))
        assert len(claim(rota, "ann", 50)) == 1
        assert use(rota, "doc:a tokens/3600s").left == 40
        clean(rota)

    def test_a_quota_of_each_document_opens_with_its_period(self, rota: TestDistributor) -> None:
        limit(rota, "doc:{payload.document}", unit="tasks", period=60, capacity=2)
        agent(rota, "ann", slots=50)
        submit(rota, *[doc("a")] * 5)
        for at in ("09:00:00", "09:01:00", "09:02:00"):
            given = claim(rota, "ann", 50, wait=45) or claim(rota, "ann", 50, wait=45)
            assert len(given) == (1 if at == "09:02:00" else 2)
            assert str(rota.clock) == f"2026-01-05T{at}.000000Z"
            done(rota, *given)
        clean(rota)

    def test_tasks_that_never_ran_give_back_what_they_were_charged(self, rota: TestDistributor) -> None:
        limit(rota, "doc:{payload.document}", unit="tasks", period=3600, capacity=2)
        agent(rota, "ann", slots=50)
        first, _second, third = submit(rota, *[doc("a")] * 3)
        rota.call(Cancel(tasks=[first]))
        assert view(rota, third).state == "ready"
        clean(rota)


def _spent(rota: TestDistributor, given: list[Given], cost: float) -> None:
    rota.call(Complete(outcomes=[Done(task=it.task, token=it.token, cost=cost) for it in given]))


def test_an_approved_outcome_counts_no_more(rota: TestDistributor) -> None:
    one_per_document(rota)
    rota.call(SetQueue(queue="reviewed", policy=QueuePolicy(approval=True)))
    first, second = submit(rota, doc("a", queue="reviewed"), doc("a", queue="reviewed"))
    done(rota, take(rota, "ann"))
    rota.call(Approve(tasks=[first]))
    done(rota, take(rota, "ann"))
    assert states(rota, [first, second]) == ["done", "review"]
    assert rota.call(ListLimits()).limits[0].uses == []
    clean(rota)


def test_who_stood_in_line_while_its_retry_avoided_an_agent_may_have_it_again(rota: TestDistributor) -> None:
    """The avoidance ends in line, or the task would keep it for ever."""
    one_per_document(rota)
    agent(rota, "bob")
    a1, a2 = submit(rota, doc("a"), doc("a", priority="high"))
    given = take(rota, "ann")
    fail(rota, given, retry_at="1s")
    other = take(rota, "bob")
    assert {given.task, other.task} == {a1, a2}
    rota.clock.advance("40s")
    assert states(rota, [given.task]) == ["blocked"]
    done(rota, other)
    assert take(rota, "ann").task == given.task
    clean(rota)
