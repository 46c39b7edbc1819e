"""Futures made of futures."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future

import pytest

from rota.owner.chained import then


def test_the_answer_is_made_of_the_first_one() -> None:
    first: Future[int] = Future()
    made = then(first, lambda n: n + 1)
    first.set_result(1)
    assert made.result(0) == 2


def test_errors_pass_through() -> None:
    first: Future[int] = Future()
    made = then(first, lambda n: n // 0)
    first.set_exception(KeyError("x"))
    with pytest.raises(KeyError):
        made.result(0)
    second: Future[int] = Future()
    wrong = then(second, lambda n: n // 0)
    second.set_result(1)
    with pytest.raises(ZeroDivisionError):
        wrong.result(0)


def test_cancelling_passes_down() -> None:
    first: Future[int] = Future()
    made = then(then(first, str), len)
    assert made.cancel()
    assert first.cancelled()
    with pytest.raises(CancelledError):
        made.result(0)


def test_what_has_begun_to_be_answered_is_not_cancelled() -> None:
    first: Future[int] = Future()
    made = then(first, str)
    first.set_running_or_notify_cancel()
    assert not made.cancel()
    first.set_result(1)
    assert made.result(0) == "1"
