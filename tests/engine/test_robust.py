"""What goes wrong inside: only the guilty command fails, a bad shape is set aside, a turn is run again."""

from __future__ import annotations

from typing import Any

import pytest

from rota.engine import outcome, timer_kinds, timers, turn
from rota.model.commands.read import Explain, GetStatistics
from rota.model.commands.submit import Cancel, Hold, Submit
from rota.model.commands.work import Claim, Complete, Done
from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from rota.planning import candidates as planning_candidates
from rota.planning import filter as planning_filter
from rota.planning import for_now as planning_for_now
from rota.planning import terms
from rota.store.protocol import Rerun
from rota.testing import TestDistributor
from tests.engine.faulty import Failing, FaultyStore
from tests.engine.fleet import agent, claim, done, states, submit, take, task, view


def faulty(rota: TestDistributor) -> FaultyStore:
    store = FaultyStore(rota.node.store)
    rota.node.store = store
    return store


def troubles(rota: TestDistributor) -> str:
    return "\n".join(what for _at, what in rota.node.trouble)


class TestTheGuiltyCommand:
    def test_only_it_fails(self, rota: TestDistributor, monkeypatch: pytest.MonkeyPatch) -> None:
        agent(rota, "ann", slots=4)
        first, second = submit(rota, "one", "two")
        given = take(rota, "ann")
        real = turn._APPLY[Hold]

        def hold(context: Any, command: Hold) -> Any:
            if command.reason == "guilty":
                context.changes.aside.append((2, 999))  # half done when it fails
                raise ZeroDivisionError("by zero")
            return real(context, command)

        monkeypatch.setitem(turn._APPLY, Hold, hold)
        third, guilty, held, finished, claimed = rota.together(
            Submit(tasks=[TaskSpec(title="three")]),
            Hold(tasks=[second], reason="guilty"),
            Hold(tasks=[second]),
            Complete(outcomes=[Done(task=first, token=given.token)]),
            Claim(agent="ann", n=4),
        )
        assert isinstance(guilty, RotaError)
        assert (guilty.code, "ZeroDivisionError: by zero" in guilty.message) == ("internal", True)
        assert held.tasks == [second]
        assert finished.states == {first: "done"}
        assert [it.task for it in claimed.tasks] == third.ids
        assert "Hold failed: ZeroDivisionError: by zero" in troubles(rota)

    def test_also_among_completes_which_are_written_together(
        self, rota: TestDistributor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        agent(rota, "ann", slots=3)
        numbers = submit(rota, "one", "two", "three")
        given = claim(rota, "ann", 3)
        real = outcome._done

        def done_(context: Any, row: Any, *rest: Any) -> int:
            if row.id == int(numbers[1].removeprefix("task-")):
                raise KeyError("lost")
            return real(context, row, *rest)

        monkeypatch.setattr(outcome, "_done", done_)
        answers = rota.together(*[Complete(outcomes=[Done(task=it.task, token=it.token)]) for it in given])
        assert [getattr(it, "code", "fine") for it in answers] == ["fine", "internal", "fine"]
        assert states(rota, numbers) == ["done", "running", "done"]
        monkeypatch.undo()
        assert done(rota, given[1]).states == {numbers[1]: "done"}

    def test_alone(self, rota: TestDistributor, monkeypatch: pytest.MonkeyPatch) -> None:
        number = task(rota)
        with monkeypatch.context() as patch:
            patch.setitem(turn._APPLY, Cancel, lambda *_: 1 // 0)
            with pytest.raises(RotaError) as caught:
                rota.call(Cancel(tasks=[number]))
            assert caught.value.code == "internal"
        assert rota.call(Cancel(tasks=[number])).tasks == [number]

    def test_a_claim_that_waits_outlives_it(self, rota: TestDistributor, monkeypatch: pytest.MonkeyPatch) -> None:
        agent(rota, "ann")
        waiting = rota.ask(Claim(agent="ann", wait=45))
        with monkeypatch.context() as patch:
            patch.setitem(turn._APPLY, Cancel, lambda *_: 1 // 0)
            rota.together(Cancel(tasks=["task-1"]), Cancel(tasks=["task-1"]))
        number = task(rota)
        assert waiting.result(0).tasks[0].task == number

    def test_a_timer_that_fails_stops_no_command(self, rota: TestDistributor, monkeypatch: pytest.MonkeyPatch) -> None:
        agent(rota, "ann")
        number = task(rota, start="10s")

        def broken(*_: Any) -> None:
            raise OSError("timer")

        with monkeypatch.context() as patch:
            patch.setitem(timers._FIRED, timer_kinds.START, broken)
            rota.clock.jump("11s")
            other = task(rota)
            assert take(rota, "ann").task == other
            assert "Tick failed: OSError: timer" in troubles(rota)
        rota.clock.advance("2s")
        assert view(rota, number).state == "ready", "the timer was not lost"


class TestPlanning:
    def cursed(self, monkeypatch: pytest.MonkeyPatch, where: Any) -> None:
        """Planning anything that needs the role `cursed` raises."""
        real = planning_filter.refusal

        def refusal(profile: Any, needs: Any) -> Any:
            if needs.role == "cursed":
                raise RuntimeError("the shape is cursed")
            return real(profile, needs)

        monkeypatch.setattr(where, "refusal", refusal)

    @pytest.mark.parametrize("where", [planning_candidates, planning_for_now], ids=["candidates", "for_now"])
    def test_a_shape_it_can_not_cope_with_is_set_aside(
        self, rota: TestDistributor, monkeypatch: pytest.MonkeyPatch, where: Any
    ) -> None:
        agent(rota, "ann", slots=9)
        agent(rota, "bob", role="writer")
        with monkeypatch.context() as patch:
            self.cursed(patch, where)
            bad = task(rota, role="cursed", priority="emergency")
            good = task(rota)
            answer = claim(rota, "ann", 9)
            assert [it.task for it in answer] == [good]
            assert "is set aside: planning it failed: RuntimeError: the shape is cursed" in troubles(rota)
            assert list(rota.node.health()["broken_shapes"].values()) == ["RuntimeError: the shape is cursed"]
            before = len(rota.node.trouble)
            why = rota.call(Explain(task=bad))
            assert (why.reason, "the shape is cursed" in why.text) == ("broken", True)
            more = task(rota)
            assert [it.task for it in claim(rota, "ann", 9)] == [more]
            assert len(rota.node.trouble) == before, "once set aside it is not tried again and again"
        agent(rota, "cur", role="cursed")
        assert claim(rota, "cur") == []
        rota.clock.advance("61s")
        assert take(rota, "cur").task == bad, "after a minute it is tried again"

    def test_one_that_only_fails_once_slots_are_used(
        self, rota: TestDistributor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The failing shape comes last: the others have used up the plan's agents when it is looked at alone."""
        agent(rota, "ann", slots=1)
        agent(rota, "bob", slots=1)
        real = planning_candidates.Candidates

        def candidates(snapshot: Any, lane: Any, *more: Any, **named: Any) -> Any:
            if snapshot.shapes[lane.shape].role == "cursed":
                raise RuntimeError("cursed")
            return real(snapshot, lane, *more, **named)

        monkeypatch.setattr(planning_candidates, "Candidates", candidates)
        agent(rota, "cur", role="cursed")
        good = task(rota, pin="ann")
        task(rota, role="cursed", priority="low")
        given = rota.call(Claim(agents=["ann", "bob", "cur"], n=3)).tasks
        assert [it.task for it in given] == [good]
        assert "set aside" in troubles(rota)

    def test_a_failure_nothing_can_be_blamed_for_keeps_the_commands(
        self, rota: TestDistributor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        agent(rota, "ann")
        waiting = rota.ask(Claim(agent="ann", wait=45))
        calls = 0

        def balanced(_agent: Any) -> float:
            nonlocal calls
            calls += 1
            if calls % 3 == 1:
                raise RuntimeError("now and then")
            return 0.5

        with monkeypatch.context() as patch:
            patch.setitem(terms.TERMS, "utilisation", terms.Term("now and then", lambda _scene: balanced))
            number = task(rota)
            assert view(rota, number).state == "ready"
            assert not waiting.done()
            assert "planning pool default failed" in troubles(rota)
        task(rota, priority="high")
        assert waiting.done()


class TestRunAgain:
    def test_a_turn_that_lost_its_race_is_run_again(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=3)
        store = faulty(rota)
        store.before_commit = Failing(Rerun("a deadlock"), 3)
        submitted, claimed = rota.together(
            Submit(tasks=[TaskSpec(title="a", tenant="new", skills={})] * 2), Claim(agent="ann", n=3)
        )
        assert store.turns == 4
        assert [it.task for it in claimed.tasks] == submitted.ids
        assert rota.states() == {"running": 2}
        assert "turn run again: a deadlock" in troubles(rota)

    def test_a_commit_that_turned_out_to_have_happened_is_not_repeated(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=3)
        store = faulty(rota)
        store.after_commit = Failing(Rerun("connection lost", committed=True), 1)
        submitted = rota.call(Submit(tasks=[TaskSpec(title="a")]))
        assert rota.states() == {"ready": 1}
        store.after_commit = Failing(Rerun("connection lost", committed=True), 1)
        assert [it.task for it in claim(rota, "ann", 3)] == submitted.ids

    def test_in_the_end_it_gives_up_and_later_all_is_well(self, rota: TestDistributor) -> None:
        store = faulty(rota)
        store.before_commit = Failing(Rerun("no connection"), 20)
        with pytest.raises(RotaError) as caught:
            task(rota)
        assert (caught.value.code, caught.value.kind.again) == ("unavailable", True)
        assert rota.states() == {}
        assert task(rota)

    def test_a_new_lane_of_a_turn_that_was_rolled_back_is_not_remembered(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=3, skills={"py": 1})
        store = faulty(rota)
        store.before_commit = Failing(RotaError("full_disk", "no space left"), 1)
        with pytest.raises(RotaError, match="no space left"):
            task(rota, tenant="new", skills={"py": 1}, priority="low")
        numbers = [task(rota, tenant="new", skills={"py": 1}, priority="low"), task(rota, tenant="other")]
        assert sorted(it.task for it in claim(rota, "ann", 3)) == sorted(numbers)


class TestOutage:
    def test_a_refused_turn_is_answered_and_nothing_is_lost(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        given = take(rota, "ann")
        waiting = rota.ask(Claim(agent="ann", wait=45))
        store = faulty(rota)
        store.before_commit = Failing(RotaError("full_disk", "no space left"), 1)
        with pytest.raises(RotaError) as caught:
            done(rota, given)
        assert caught.value.code == "full_disk"
        assert rota.node.wait_s() > 0, "it does not spin"
        assert view(rota, number).state == "running"
        assert done(rota, given).states == {number: "done"}
        other = task(rota)
        assert waiting.result(0).tasks[0].task == other

    def test_the_pause_grows_up_to_a_second(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        store = faulty(rota)
        store.before_commit = Failing(RotaError("unavailable", "away"), 200)
        pauses = []
        for _ in range(12):
            rota.clock.jump(1.5)
            rota.node.step([])
            pauses.append(rota.node.wait_s())
        assert pauses == sorted(pauses)
        assert 0 < pauses[0] < 0.1
        assert pauses[-1] == 1.0
        store.before_commit = Failing(RotaError("unavailable", "away"), 0)
        task(rota)

    def test_leases_outlive_it(self, rota: TestDistributor) -> None:
        """Turns that fail are a gap in which nobody could renew."""
        agent(rota, "ann")
        number = task(rota)
        given = take(rota, "ann")
        store = faulty(rota)
        store.before_commit = Failing(RotaError("unavailable", "away"), 10**9)
        for _ in range(200):
            rota.clock.jump("1s")
            rota.node.step([])
        store.before_commit = Failing(RotaError("unavailable", "away"), 0)
        rota.clock.advance("50s")
        assert view(rota, number).state == "running"
        assert done(rota, given).states == {number: "done"}
        assert view(rota, number).attempts == 1

    def test_a_claim_that_waited_long_enough_is_told_why_nothing_came(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        waiting = rota.ask(Claim(agent="ann", wait=5))
        store = faulty(rota)
        store.before_commit = Failing(RotaError("unavailable", "away"), 3)
        rota.clock.jump("5s")
        for _ in range(4):
            rota.node.step([])
        error = waiting.exception(0)
        assert isinstance(error, RotaError)
        assert error.code == "unavailable"
        number = task(rota)
        assert take(rota, "ann").task == number

    def test_reads_go_on(self, rota: TestDistributor) -> None:
        task(rota)
        store = faulty(rota)
        store.before_commit = Failing(RotaError("full_disk", "no space left"), 10**9)
        assert rota.call(GetStatistics()).waiting == 1
        assert rota.states() == {"ready": 1}
        store.before_commit = Failing(RotaError("full_disk", "no space left"), 0)
