"""An answer made of a future's, its refusal too, without a thread that waits."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


def later(first: Future[Any], made: Callable[[Any], T], refused: Callable[[Exception], T] | None = None) -> Future[T]:
    """What `made` makes of the answer, or `refused` of the error, on the thread that answers.

    Cancelling goes through to the first: when that can not be cancelled any more, neither can this.
    """
    found = _Later[T](first)

    def answered(future: Future[Any]) -> None:
        if future.cancelled():
            found.cancelled_below()
            return
        try:
            error = future.exception()
            if error is not None:
                raise error
            found.set_result(made(future.result()))
        except Exception as failure:
            found.end_badly(failure, refused)

    first.add_done_callback(answered)
    return found


class _Later(Future[T]):
    def __init__(self, first: Future[Any]) -> None:
        super().__init__()
        self._first = first

    def cancel(self) -> bool:
        return self._first.cancel()

    def cancelled_below(self) -> None:
        super().cancel()
        self.set_running_or_notify_cancel()

    def end_badly(self, failure: Exception, refused: Callable[[Exception], T] | None) -> None:
        if refused is None:
            self.set_exception(failure)
            return
        try:
            self.set_result(refused(failure))
        except Exception as other:
            self.set_exception(other)
