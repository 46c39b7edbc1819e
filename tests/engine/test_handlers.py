"""Handlers: plain functions as an agent of this process."""

from __future__ import annotations

import threading

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.read import GetAgent, GetHistory, GetTask
from rota.model.commands.submit import Submit
from rota.model.task import Given, TaskSpec
from rota.operations import handler
from rota.operations.distributor import Distributor
from rota.operations.handler import Handlers
from rota.testing import TestDistributor
from tests.engine.fleet import attempts, submit, task, view

LONG = 30.0


def test_all_there_is_in_few_turns(rota: TestDistributor) -> None:
    submit(rota, *[TaskSpec(title=str(n), payload=n) for n in range(250)])
    turns = rota.node.turns
    handlers = Handlers(rota, {"task": lambda given: given.payload + 1}, slots=100)
    assert handlers.work_off() == 250
    assert rota.node.turns - turns < 12, "claims and outcomes go in batches"
    rota.assert_done(count=250)
    rota.assert_done(title="41", result=42)
    assert handlers.refused == {}


def test_an_exception_is_a_failed_attempt(rota: TestDistributor) -> None:
    def work(_given: Given) -> None:
        raise KeyError("no such \0 page \ud800")

    number = task(rota)
    assert Handlers(rota, {"*": work}).work_off() == 1
    (attempt,) = attempts(rota, number)
    assert (attempt.outcome, attempt.counted) == ("failed", True)
    assert (attempt.error or "").startswith("KeyError:")


def test_a_result_that_can_not_be_kept_is_a_failed_attempt(rota: TestDistributor) -> None:
    good, bad = submit(rota, "good", "bad")
    handlers = Handlers(rota, {"*": lambda given: object() if given.title == "bad" else 1})
    handlers.work_off()
    assert view(rota, good).result == 1
    assert view(rota, bad).state == "dead"
    assert "can not be written as JSON" in (view(rota, bad).reason or "")
    assert list(handlers.refused) == [bad]


def test_a_late_outcome_is_noted(rota: TestDistributor) -> None:
    def slow(given: Given) -> str:
        if given.attempt == 1:
            rota.clock.advance("2m")
        return f"attempt {given.attempt}"

    number = task(rota)
    handlers = Handlers(rota, {"*": slow})
    while view(rota, number).state != "done":
        handlers.work_off()
        rota.clock.advance("1s")
    assert handlers.refused == {number: "lease_lost"}
    assert view(rota, number).result == "attempt 2"


def test_the_rest_of_a_slow_batch_is_kept_alive(rota: TestDistributor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "REPORT_S", -1.0)
    numbers = submit(rota, *["t"] * 4)

    def slow(_given: Given) -> None:
        rota.clock.advance("40s")

    Handlers(rota, {"*": slow}).work_off()
    assert [len(attempts(rota, number)) for number in numbers] == [1, 1, 1, 1]
    assert rota.states() == {"done": 4}


def test_the_agent_it_is(rota: TestDistributor) -> None:
    spec = AgentSpec(name="ann", role="writer", slots=2)
    write, read = task(rota, role="writer"), task(rota, role="reader")
    assert Handlers(rota, {"*": lambda _given: None}, agent=spec).work_off() == 1
    assert (view(rota, write).state, view(rota, read).state) == ("done", "ready")
    assert rota.call(GetAgent(agent="ann")).role == "writer"


class TestThread:
    def test_it_does_what_comes_until_it_is_stopped(self, database: str) -> None:
        with Distributor.open(database) as distributor:
            done = threading.Semaphore(0)

            def work(given: Given) -> str:
                done.release()
                return given.title

            handlers = Handlers(distributor, {"task": work})
            handlers.start()
            ids = []
            for n in range(5):
                ids += distributor.call(Submit(tasks=[TaskSpec(title=str(n))])).ids
                assert done.acquire(timeout=LONG)
            handlers.stop()
            assert [distributor.call(GetTask(task=number)).result for number in ids] == ["0", "1", "2", "3", "4"]
            assert distributor.call(Submit(tasks=[TaskSpec(title="later")])).ids
            assert not done.acquire(blocking=False)
            assert (handlers.refused, handlers.trouble) == ({}, None)

    def test_stopped_while_it_waits_and_started_again(self, database: str) -> None:
        with Distributor.open(database) as distributor:
            worked = threading.Event()
            handlers = Handlers(distributor, {"*": lambda _given: worked.set()})
            handlers.start()
            handlers.stop()
            handlers.start()
            number = distributor.call(Submit(tasks=[TaskSpec(title="t")])).ids[0]
            assert worked.wait(LONG)
            handlers.stop()
            assert [it.outcome for it in distributor.call(GetHistory(task=number)).attempts] == ["done"]

    def test_it_ends_quietly_when_the_distributor_is_closed_under_it(
        self, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raised: list[str] = []
        monkeypatch.setattr(threading, "excepthook", lambda fault: raised.append(str(fault.exc_value)))
        begun, go_on = threading.Event(), threading.Event()

        def work(_given: Given) -> None:
            begun.set()
            assert go_on.wait(LONG)

        with Distributor.open(database) as distributor:
            handlers = Handlers(distributor, {"*": work})
            handlers.start()
            distributor.call(Submit(tasks=[TaskSpec(title="t")]))
            assert begun.wait(LONG)
        thread = handlers._thread
        assert thread is not None
        go_on.set()
        thread.join(LONG)
        assert not thread.is_alive(), "nothing is left to try again"
        handlers.stop()
        assert raised == []
        assert handlers.trouble is not None
        assert handlers.trouble.code == "stopped"
