"""Queues that may only hold so much: refuse, shed, move."""

from __future__ import annotations

from rota.testing import TestDistributor
from tests.engine.fleet import agent, fail, queue, spec, states, submit, take, task, view
from tests.engine.fleet import submit_refused as refused


class TestDepth:
    def test_refuse(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        queue(rota, "small", depth=2)
        submit(rota, spec(queue="small"))
        error = refused(rota, "queue_full", spec(queue="small"), spec(queue="small"))
        assert error.field == "tasks[1].queue"
        assert error.kind.again
        submit(rota, spec(queue="small"))
        refused(rota, "queue_full", spec(queue="small"))
        take(rota, "ann")
        submit(rota, spec(queue="small"))

    def test_shed_the_worst_waiting_band(self, rota: TestDistributor) -> None:
        queue(rota, "small", depth=3, overflow="shed")
        low, high, low2 = submit(
            rota, spec(queue="small", priority="low"), spec(queue="small", priority="high"),
            spec(queue="small", priority="low"),
        )  # fmt: skip
        normal = task(rota, queue="small")
        assert states(rota, [low, high, low2, normal]) == ["ready", "ready", "cancelled", "ready"]
        assert "shed" in (view(rota, low2).reason or "")
        more = submit(rota, spec(queue="small"))
        assert states(rota, [low, *more]) == ["cancelled", "ready"]
        refused(rota, "queue_full", spec(queue="small"))
        refused(rota, "queue_full", spec(queue="small", priority="low"))

    def test_a_refused_submit_sheds_nothing(self, rota: TestDistributor) -> None:
        queue(rota, "small", depth=1, overflow="shed")
        low = task(rota, queue="small", priority="low")
        refused(rota, "queue_full", spec(queue="small"), spec(queue="small"))
        refused(rota, "past", spec(queue="small", deadline="2020-01-01T00:00:00Z"))
        assert view(rota, low).state == "ready"

    def test_what_newcomers_wait_for_is_not_shed(self, rota: TestDistributor) -> None:
        queue(rota, "small", depth=1, overflow="shed")
        low = task(rota, queue="small", priority="low")
        refused(rota, "queue_full", spec(queue="small"), spec(after=[low]))
        child = task(rota, queue="small", after=[low], priority="emergency")
        assert states(rota, [low, child]) == ["ready", "blocked"]

    def test_only_what_is_ready_at_once_takes_up_room(self, rota: TestDistributor) -> None:
        queue(rota, "small", depth=1)
        later = [spec(queue="small", start="1h"), spec(queue="small", held=True), spec(queue="small", ref="first")]
        ids = submit(rota, *later, spec(queue="small", after=["first"]))
        assert states(rota, ids) == ["scheduled", "held", "ready", "blocked"]

    def test_move_to_the_overflow_queue(self, rota: TestDistributor) -> None:
        queue(rota, "rest", depth=1)
        queue(rota, "small", depth=1, overflow="move", overflow_queue="rest")
        ids = submit(rota, spec(queue="small"), spec(queue="small"))
        assert [view(rota, number).queue for number in ids] == ["small", "rest"]
        refused(rota, "queue_full", spec(queue="small"))

    def test_two_queues_take_each_others_overflow(self, rota: TestDistributor) -> None:
        """A task moves once: nothing goes round, however the queues name each other."""
        queue(rota, "a", depth=1)
        queue(rota, "b", depth=1, overflow="move", overflow_queue="a")
        queue(rota, "a", depth=1, overflow="move", overflow_queue="b")
        ids = submit(rota, spec(queue="a"), spec(queue="a"))
        assert [view(rota, number).queue for number in ids] == ["a", "b"]
        for name in ("a", "b"):
            refused(rota, "queue_full", spec(queue=name))

    def test_retries_come_back_whatever_the_depth(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        queue(rota, "small", depth=1)
        number = task(rota, queue="small")
        given = take(rota, "ann")
        task(rota, queue="small")
        fail(rota, given, retry_at="1s")
        rota.clock.advance("2s")
        assert view(rota, number).state == "ready"
