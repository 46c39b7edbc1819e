"""Cancelling, redriving, purging."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.commands.fleet import PurgeQueue
from rota.model.commands.submit import Cancel, Changed, Redrive, Submit
from rota.model.commands.work import Ask, Beat, Claim, Heartbeat
from rota.model.task import After, TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import (
    agent,
    attempts,
    claim,
    done,
    fail,
    give_back,
    kill,
    queue,
    spec,
    states,
    submit,
    take,
    task,
    view,
)


def cancel(rota: TestDistributor, *numbers: str, **more: Any) -> Changed:
    changed: Changed = rota.call(Cancel(tasks=list(numbers), **more))
    return changed


class TestWaiting:
    def test_every_state_nobody_has_it_in(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        asked = task(rota)
        given = take(rota, "ann")
        rota.call(Ask(task=given.task, token=given.token, question="which?"))
        review = task(rota, approval=True)
        done(rota, take(rota, "ann"))
        retry = task(rota)
        fail(rota, take(rota, "ann"), retry_at="1h")
        ready = task(rota)
        blocked, held, scheduled = task(rota, after=[ready]), task(rota, held=True), task(rota, start="1h")
        numbers = [asked, review, retry, blocked, held, scheduled, ready]
        assert states(rota, numbers) == ["asked", "review", "scheduled", "blocked", "held", "scheduled", "ready"]
        changed = cancel(rota, *numbers, reason="no longer wanted")
        assert sorted(changed.tasks) == sorted(numbers)
        assert (changed.pending, changed.refused) == ([], {})
        assert states(rota, numbers) == ["cancelled"] * 7
        assert view(rota, ready).reason == "no longer wanted"
        rota.clock.advance("2h")
        assert states(rota, numbers) == ["cancelled"] * 7

    def test_what_has_ended_or_never_was(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        finished = task(rota)
        done(rota, take(rota, "ann"))
        dead = task(rota)
        kill(rota, "ann", dead)
        changed = cancel(rota, finished, dead, "task-999999")
        assert changed.tasks == []
        assert changed.refused == {
            finished: "wrong_state: it is done", dead: "wrong_state: it is dead", "task-999999": "no_task"
        }  # fmt: skip

    def test_a_batch(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        ids = rota.call(Submit(tasks=[TaskSpec(title="a"), TaskSpec(title="b"), TaskSpec(title="c")], batch="b")).ids
        done(rota, take(rota, "ann"))
        other = task(rota)
        changed = cancel(rota, batch="b")
        assert (changed.tasks, changed.refused) == (ids[1:], {})
        assert view(rota, other).state == "ready"

    def test_a_batch_of_more_than_one_call_takes(self, memory: TestDistributor) -> None:
        for n in (10_000, 5):
            memory.call(Submit(tasks=[TaskSpec(title="t")] * n, batch="b"))
        assert [len(cancel(memory, batch="b").tasks) for _ in range(3)] == [10_000, 5, 0]

    def test_children_follow_their_rules(self, rota: TestDistributor) -> None:
        parent = task(rota)
        edges: list[Any] = [parent, After(task=parent, rule="run"), After(task=parent, rule="hold")]
        children = [task(rota, after=[edge]) for edge in edges]
        grandchild = task(rota, after=[children[0]])
        cancel(rota, parent)
        assert states(rota, children) == ["cancelled", "ready", "held"]
        assert view(rota, grandchild).state == "cancelled"
        assert view(rota, children[0]).reason == f"parent {parent} is cancelled"


class TestRunning:
    def test_the_agent_is_told_and_has_30_seconds(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        given = take(rota, "ann")
        assert cancel(rota, number, reason="stop").pending == [number]
        assert view(rota, number).state == "running"
        beat = Heartbeat(agent="ann", beats=[Beat(task=number, token=given.token)])
        assert rota.call(beat).cancel == [number]
        rota.clock.advance("29s")
        assert view(rota, number).state == "running"
        assert claim(rota, "ann") == [], "its slot is held meanwhile"
        rota.clock.advance("1s")
        assert view(rota, number).state == "cancelled"
        assert rota.call(beat).lost == [number]
        assert done(rota, given).refused == {number: "lease_lost"}
        assert [(it.outcome, it.counted) for it in attempts(rota, number)] == [("cancelled", False)]

    def test_a_result_within_the_grace_counts(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        given = take(rota, "ann")
        cancel(rota, number)
        rota.clock.advance("20s")
        assert done(rota, given, result=1).states == {number: "done"}
        rota.clock.advance("20s")
        assert view(rota, number).state == "done"

    @pytest.mark.parametrize("how", ["fail", "give back", "limit", "ask", "lease ends"])
    def test_any_other_word_ends_it_as_cancelled(self, rota: TestDistributor, how: str) -> None:
        agent(rota, "ann")
        queue(rota, "short", term=10)
        number = task(rota, queue="short")
        given = take(rota, "ann")
        cancel(rota, number)
        if how == "fail":
            assert fail(rota, given).states == {number: "cancelled"}
        elif how == "limit":
            assert fail(rota, given, retry_at="1m", limit="x").states == {number: "cancelled"}
        elif how == "give back":
            assert give_back(rota, given).states == {number: "cancelled"}
        elif how == "ask":
            answer = rota.call(Ask(task=number, token=given.token, question="which?"))
            assert answer.states == {number: "cancelled"}
        else:
            rota.clock.advance("12s")
        assert view(rota, number).state == "cancelled"
        task(rota)
        take(rota, "ann")

    def test_twice_gives_no_second_grace(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        take(rota, "ann")
        cancel(rota, number)
        rota.clock.advance("20s")
        assert cancel(rota, number).pending == [number]
        rota.clock.advance("10s")
        assert view(rota, number).state == "cancelled"

    def test_a_freed_slot_is_used_at_once(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number, following = submit(rota, "one", "two")
        take(rota, "ann")
        answer = rota.ask(Claim(agent="ann", wait=45))
        cancel(rota, number)
        rota.clock.advance("30s")
        assert answer.result(0).tasks[0].task == following

    def test_the_grace_does_not_run_out_while_the_node_sleeps(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        given = take(rota, "ann")
        cancel(rota, number)
        rota.clock.jump("1h")
        rota.clock.advance("1s")
        assert view(rota, number).state == "running"
        assert rota.call(Heartbeat(agent="ann", beats=[Beat(task=number, token=given.token)])).cancel == [number]
        rota.clock.advance("60s")
        assert view(rota, number).state == "cancelled"


class TestRedrive:
    def test_a_dead_task_gets_fresh_attempts_and_keeps_its_story(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota, max_attempts=1, unique="k")
        fail(rota, take(rota, "ann"), error="first")
        assert (view(rota, number).state, view(rota, number).attempts) == ("dead", 1)
        assert view(rota, number).finished is not None
        assert rota.call(Redrive(tasks=[number])).tasks == [number]
        found = view(rota, number)
        assert (found.state, found.attempts, found.reason, found.finished) == ("ready", 0, None, None)
        given = take(rota, "ann")
        assert given.attempt == 2
        assert [it.error for it in given.attempts] == ["first"]
        fail(rota, given)
        assert view(rota, number).state == "dead"

    def test_only_dead_ones_whose_unique_key_is_free(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        dead = task(rota, unique="k")
        kill(rota, "ann", dead)
        other = task(rota, unique="k")
        changed = rota.call(Redrive(tasks=[dead, other, "task-999999"]))
        assert changed.tasks == []
        assert {key: text.split(":")[0] for key, text in changed.refused.items()} == {
            dead: "duplicate", other: "wrong_state", "task-999999": "no_task"
        }  # fmt: skip
        cancel(rota, other)
        assert rota.call(Redrive(tasks=[dead])).tasks == [dead]
        assert task(rota, unique="k") == dead

    def test_two_dead_ones_with_one_key(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        numbers = []
        for _ in range(2):
            numbers.append(task(rota, unique="k"))
            kill(rota, "ann", numbers[-1])
        changed = rota.call(Redrive(tasks=numbers))
        assert changed.tasks == numbers[:1]
        assert list(changed.refused) == numbers[1:]

    def test_one_of_a_sequence_goes_behind_its_last(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        first, second = submit(rota, spec(sequence="s"), spec(sequence="s"))
        fail(rota, take(rota, "ann"), retryable=False)
        given = take(rota, "ann")
        assert (given.task, rota.call(Redrive(tasks=[first])).tasks) == (second, [first])
        third = task(rota, sequence="s")
        assert states(rota, [first, second, third]) == ["blocked", "running", "blocked"]
        for expected in (first, third):
            done(rota, given)
            given = take(rota, "ann")
            assert given.task == expected

    def test_two_of_a_sequence_come_back_in_line(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        first, second = submit(rota, spec(sequence="s"), spec(sequence="s"))
        for _ in range(2):
            fail(rota, take(rota, "ann"), retryable=False)
        rota.call(Redrive(tasks=[second, first]))
        assert states(rota, [first, second]) == ["ready", "blocked"]
        assert view(rota, second).after == [first]
        done(rota, take(rota, "ann"))
        assert take(rota, "ann").task == second


class TestPurge:
    def test_only_the_ready_tasks_of_the_queue(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        queue(rota, "q")
        running = task(rota, queue="q", priority="emergency")
        take(rota, "ann")
        ready = [task(rota, queue="q", priority=band) for band in ("low", "high", "normal")]
        held, other = task(rota, queue="q", held=True), task(rota)
        assert rota.call(PurgeQueue(queue="q")).cancelled == 3
        assert states(rota, [running, *ready, held, other]) == ["running", *["cancelled"] * 3, "held", "ready"]
        assert rota.call(PurgeQueue(queue="q")).cancelled == 0
