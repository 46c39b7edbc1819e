"""Keys: idempotency keys, unique keys, sequences."""

from __future__ import annotations

import pytest

from rota.model.commands.submit import Cancel, Edit, Submit, Submitted
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, done, kill, spec, states, submit, take, task, view
from tests.engine.fleet import submit_refused as refused


class TestIdempotencyKey:
    def test_the_same_again_answers_the_same(self, rota: TestDistributor) -> None:
        first: Submitted = rota.call(Submit(tasks=[spec("a"), spec("b")], key="k"))
        rota.clock.advance("1h")
        again: Submitted = rota.call(Submit(tasks=[spec("a"), spec("b")], key="k"))
        assert again == first
        assert rota.states() == {"ready": 2}

    def test_another_request_with_it_is_refused(self, rota: TestDistributor) -> None:
        rota.call(Submit(tasks=[spec("a")], key="k"))
        assert refused(rota, "other_request", spec("b"), key="k").field == "key"

    def test_a_refused_submit_does_not_use_it_up(self, rota: TestDistributor) -> None:
        refused(rota, "no_queue", spec(queue="nowhere"), key="k")
        assert rota.call(Submit(tasks=[spec()], key="k")).ids

    def test_twice_in_one_turn(self, rota: TestDistributor) -> None:
        first, second, third = rota.together(
            Submit(tasks=[spec("a")], key="k"), Submit(tasks=[spec("a")], key="k"), Submit(tasks=[spec("b")], key="k")
        )
        assert first == second
        assert third.code == "other_request"
        assert rota.states() == {"ready": 1}

    def test_it_survives_a_restart_and_is_forgotten_after_a_day(self, rota: TestDistributor) -> None:
        first = rota.call(Submit(tasks=[spec()], key="k"))
        rota.restart()
        assert rota.call(Submit(tasks=[spec()], key="k")) == first
        rota.clock.advance("25h")
        assert rota.call(Submit(tasks=[spec()], key="k")) != first


class TestUniqueKey:
    def test_an_unfinished_task_is_answered_instead(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        first = task(rota, unique="k")
        answer: Submitted = rota.call(Submit(tasks=[spec("other"), spec("again", unique="k")]))
        assert answer.ids[1] == first
        assert answer.existing == [first]
        take(rota, "ann")
        assert task(rota, unique="k") == first, "also while it runs"

    @pytest.mark.parametrize("end", ["done", "dead", "cancelled"])
    def test_it_is_free_once_the_task_ended(self, rota: TestDistributor, end: str) -> None:
        agent(rota, "ann")
        first = task(rota, unique="k")
        if end == "done":
            done(rota, take(rota, "ann"))
        elif end == "dead":
            kill(rota, "ann", first)
        else:
            rota.call(Cancel(tasks=[first]))
        assert view(rota, first).state == end
        assert task(rota, unique="k") != first

    def test_twice_in_one_submit(self, rota: TestDistributor) -> None:
        assert refused(rota, "duplicate", spec(unique="k"), spec(unique="k")).field == "tasks[1].unique"

    def test_twice_in_one_turn(self, rota: TestDistributor) -> None:
        first, second = rota.together(Submit(tasks=[spec(unique="k")]), Submit(tasks=[spec(unique="k")]))
        assert second.ids == first.ids == second.existing

    def test_children_of_an_existing_task(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        existing = task(rota, unique="k")
        submit(rota, spec(ref="p", unique="k"), spec("child", after=["p"]))
        done(rota, take(rota, "ann"))
        assert take(rota, "ann").parents[0].id == existing


class TestSequence:
    def test_one_after_another_in_the_order_of_submission(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        first, second = submit(rota, spec(sequence="s"), spec(sequence="s"))
        third = task(rota, sequence="s", priority="emergency")
        other = task(rota, sequence="other")
        assert states(rota, [first, second, third, other]) == ["ready", "blocked", "blocked", "ready"]
        order = []
        while given := [it for it in claim(rota, "ann", 9) if it.task != other]:
            order += [it.task for it in given]
            done(rota, *given)
        assert order == [first, second, third]

    def test_a_bad_end_lets_the_next_run(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        first, second = submit(rota, spec(sequence="s"), spec(sequence="s"))
        kill(rota, "ann", first)
        assert take(rota, "ann").task == second

    def test_an_ended_one_is_not_waited_for(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        task(rota, sequence="s")
        done(rota, take(rota, "ann"))
        assert view(rota, task(rota, sequence="s")).state == "ready"

    def test_the_previous_one_may_be_named_too(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        first = task(rota, sequence="s")
        second = task(rota, sequence="s", after=[first])
        kill(rota, "ann", first)
        assert view(rota, second).state == "cancelled", "the named dependency's own rule counts"

    @pytest.mark.parametrize("together", [False, True])
    def test_one_that_ends_before_its_turn_lets_nobody_overtake(self, rota: TestDistributor, together: bool) -> None:
        agent(rota, "ann", slots=9)
        first, second, third, fourth = submit(rota, *[spec(sequence="s")] * 4)
        given = take(rota, "ann")
        if together:
            rota.call(Cancel(tasks=[second, third]))
        else:
            rota.call(Cancel(tasks=[second]))
            assert states(rota, [third, fourth]) == ["blocked", "blocked"]
            rota.call(Cancel(tasks=[third]))
        assert states(rota, [first, fourth]) == ["running", "blocked"]
        assert first in view(rota, fourth).after
        done(rota, given)
        assert take(rota, "ann").task == fourth

    def test_nor_one_cancelled_as_it_came(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        dead = task(rota)
        kill(rota, "ann", dead)
        first = task(rota, sequence="s")
        given = take(rota, "ann")
        second, third = submit(rota, spec(sequence="s", after=[dead]), spec(sequence="s"))
        assert states(rota, [first, second, third]) == ["running", "cancelled", "blocked"]
        done(rota, given)
        assert take(rota, "ann").task == third

    def test_nor_one_whose_dependencies_are_edited(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        first, second = submit(rota, spec(sequence="s"), spec(sequence="s"))
        other = task(rota, priority="low")
        rota.call(Edit(task=second, after=[other]))
        assert sorted(view(rota, second).after) == sorted([first, other])
        rota.call(Edit(task=second, after=[]))
        assert view(rota, second).state == "blocked"
        done(rota, take(rota, "ann"))
        assert take(rota, "ann").task == second
