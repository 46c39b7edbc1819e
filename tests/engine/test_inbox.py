"""The distributor with its thread: real futures, no waiting for luck."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.read import GetStatistics, GetTask
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Claimed, Complete, Done
from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor

LONG = 30.0


@pytest.fixture
def distributor(database: str) -> Iterator[Distributor]:
    with Distributor.open(database) as found:
        found.call(Register(agent=AgentSpec(name="ann", slots=4)))
        yield found
        assert not found.node.trouble


def submit(distributor: Distributor, title: str = "task") -> str:
    ids: list[str] = distributor.call(Submit(tasks=[TaskSpec(title=title)])).ids
    return ids[0]


def test_many_threads_are_all_answered(distributor: Distributor) -> None:
    ids: list[str] = []

    def work(number: int) -> None:
        ids.extend(submit(distributor, f"{number}.{n}") for n in range(10))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert len(set(ids)) == 80
    assert distributor.call(GetStatistics()).waiting == 80


def test_a_claim_that_waits_is_answered_by_a_submit(distributor: Distributor) -> None:
    waiting = distributor.ask(Claim(agent="ann", wait=LONG))
    number = submit(distributor)
    (given,) = waiting.result(LONG).tasks
    assert given.task == number
    distributor.call(Complete(outcomes=[Done(task=number, token=given.token)]))
    assert distributor.call(GetTask(task=number)).state == "done"


def test_a_cancelled_claim_leaves_its_place(distributor: Distributor) -> None:
    gone: Future[Any] = distributor.ask(Claim(agent="ann", wait=LONG))
    assert gone.cancel()
    waiting = distributor.ask(Claim(agent="ann", wait=LONG))
    number = submit(distributor)
    assert waiting.result(LONG).tasks[0].task == number


def test_closing_answers_whoever_waits_and_takes_no_more(database: str) -> None:
    distributor = Distributor.open(database)
    distributor.call(Register(agent=AgentSpec(name="ann")))
    waiting = distributor.ask(Claim(agent="ann", wait=LONG))
    distributor.close()
    assert waiting.result(0) == Claimed()
    with pytest.raises(RotaError) as caught:
        distributor.call(Submit(tasks=[TaskSpec(title="late")]))
    assert caught.value.code == "stopped"


def test_a_question_is_no_command(distributor: Distributor) -> None:
    with pytest.raises(RotaError, match="is not a command"):
        distributor.ask(GetTask(task="task-1"))


def test_bad_requests_do_not_reach_the_thread(distributor: Distributor) -> None:
    bad: list[Any] = [Submit(tasks=None), Claim(agent="ann", n="x"), Complete(outcomes=5), object()]  # type: ignore[arg-type]
    for request in bad:
        with pytest.raises(RotaError):
            distributor.ask(request)
    assert submit(distributor)


def test_a_node_that_fails_itself_leaves_nobody_waiting(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Distributor.open(database) as distributor:
        with monkeypatch.context() as patch:
            patch.setattr(distributor.node, "_settle", lambda *_: 1 // 0)
            with pytest.raises(RotaError, match="ZeroDivisionError"):
                distributor.call(Submit(tasks=[TaskSpec(title="t")]), LONG)
        assert submit(distributor)
        assert any("step failed" in what for _at, what in distributor.node.trouble)


def test_a_short_delay_and_a_short_wait_pass_by_the_wall_clock(distributor: Distributor) -> None:
    distributor.call(Submit(tasks=[TaskSpec(title="soon", start=0.05)]))
    assert len(distributor.call(Claim(agent="ann", wait=LONG)).tasks) == 1
    assert distributor.call(Claim(agent="ann", wait=0.01)) == Claimed()
