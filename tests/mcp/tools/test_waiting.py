"""Calls that wait: signs of life, errors and cancelling through futures. On real time, with nothing slept for."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

import pytest

from rota.faces.mcp.later import later
from rota.faces.mcp.worker.progress import Progress


def test_whoever_waits_hears_of_it_until_it_is_over() -> None:
    future: Future[int] = Future()
    heard: list[dict[str, Any]] = []
    twice = threading.Event()

    def notify(notice: dict[str, Any]) -> None:
        heard.append(notice)
        if len(heard) == 2:
            twice.set()

    progress = Progress(every=0.01)
    progress.tell(future, notify, 30.0)
    assert twice.wait(20)
    thread = progress._thread
    future.set_result(1)
    assert thread is not None
    thread.join(20)
    assert not thread.is_alive()
    assert heard[0]["total"] == 30.0
    assert 0 < heard[0]["progress"] < heard[1]["progress"]
    over: Future[int] = Future()
    over.set_result(1)
    progress.tell(over, notify, 30.0)
    assert progress._thread is None


def test_answers_errors_and_cancelling_go_through() -> None:
    first: Future[int] = Future()
    doubled = later(first, lambda n: 2 * n)
    first.set_result(21)
    assert doubled.result(0) == 42

    bad: Future[int] = Future()
    mended = later(bad, lambda n: n, lambda _error: -1)
    unmended = later(bad, lambda n: n)
    bad.set_exception(ValueError("no"))
    assert mended.result(0) == -1
    with pytest.raises(ValueError, match="no"):
        unmended.result(0)

    third: Future[int] = Future()
    waiting = later(third, lambda n: n)
    assert waiting.cancel()
    assert third.cancelled()
    assert waiting.cancelled()

    wrong: Future[int] = Future()
    failing = later(wrong, lambda n: n // 0)
    wrong.set_result(1)
    with pytest.raises(ZeroDivisionError):
        failing.result(0)
