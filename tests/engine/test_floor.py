"""The floor: one thread works, the others wait in line, and who keeps it for long loses it."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from rota.engine.floor import Floor


class Worker:
    """A thread on the floor that goes on when it is told to."""

    def __init__(self, floor: Floor, log: list[str], name: str) -> None:
        self.arrived = threading.Event()
        self.go_on = threading.Event()
        self._floor, self._log, self._name = floor, log, name
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self) -> None:
        with self._floor:
            self._log.append(f"{self._name} came")
            self.arrived.set()
            self.go_on.wait(30)
            self._log.append(f"{self._name} left")

    def end(self) -> None:
        self.go_on.set()
        self.thread.join(30)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rota.engine.floor.PATIENCE_S", 30.0)


def _in_line(floor: Floor, n: int) -> None:
    while len(floor._line) < n:
        threading.Event().wait(0.001)


def test_one_after_the_other_in_the_order_in_which_they_came() -> None:
    floor, log = Floor(), list[str]()
    first = Worker(floor, log, "first")
    first.arrived.wait(30)
    second = Worker(floor, log, "second")
    _in_line(floor, 1)
    third = Worker(floor, log, "third")
    _in_line(floor, 2)
    assert log == ["first came"]
    for worker in (first, second, third):
        worker.end()
    assert log == [f"{name} {what}" for name in ("first", "second", "third") for what in ("came", "left")]


def test_who_waits_for_an_answer_leaves_it_to_others_and_comes_back_to_it() -> None:
    floor, log = Floor(), list[str]()
    asked, answer = threading.Event(), Future[str]()

    def ask() -> str:
        with floor:
            log.append("asked")
            asked.set()
            found: str = floor.answer(answer)
            log.append("told")
            return found

    with ThreadPoolExecutor() as pool:
        told = pool.submit(ask)
        asked.wait(30)
        other = Worker(floor, log, "other")
        other.arrived.wait(30)
        answer.set_result("yes")
        _in_line(floor, 1)
        assert log == ["asked", "other came"]
        other.end()
        assert told.result(30) == "yes"
    assert log == ["asked", "other came", "other left", "told"]


def test_an_answer_that_is_an_error_is_raised_and_the_floor_is_free_afterwards() -> None:
    floor, answer = Floor(), Future[Any]()
    answer.set_exception(KeyError("no"))
    with floor, pytest.raises(KeyError):
        floor.answer(answer)
    Worker(floor, [], "next").end()


def test_who_keeps_it_for_long_loses_it_and_takes_it_from_nobody_when_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rota.engine.floor.PATIENCE_S", 0.001)
    floor, log = Floor(), list[str]()
    slow = Worker(floor, log, "slow")
    slow.arrived.wait(30)
    quick = Worker(floor, log, "quick")
    assert quick.arrived.wait(30)
    monkeypatch.setattr("rota.engine.floor.PATIENCE_S", 30.0)
    slow.end()
    last = Worker(floor, log, "last")
    _in_line(floor, 1)
    assert log == ["slow came", "quick came", "slow left"]
    quick.end()
    last.end()
    assert log[-3:] == ["quick left", "last came", "last left"]


def test_an_answer_is_waited_for_also_without_the_floor_and_nobody_waits_where_it_is_open_to_all() -> None:
    floor, answer = Floor(open_to_all=True), Future[int]()
    answer.set_result(7)
    with floor, ThreadPoolExecutor() as pool:
        assert floor.answer(answer) == 7
        with floor:
            assert pool.submit(floor.answer, answer).result(30) == 7
