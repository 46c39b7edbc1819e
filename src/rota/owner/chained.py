"""A future made of another, so that nobody has to wait for it on a thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


def then(first: Future[Any], make: Callable[[Any], T]) -> Future[T]:
    """What `make` makes of the first future's answer, on the thread that answers it: it must be quick.

    Errors pass through, and so does cancelling: when the first can not be cancelled any more, neither can this.
    """
    made = _Chained[T](first)

    def answered(future: Future[Any]) -> None:
        if future.cancelled():
            made.cancelled_below()
            return
        error = future.exception()
        if error is not None:
            made.set_exception(error)
            return
        try:
            made.set_result(make(future.result()))
        except Exception as failure:
            made.set_exception(failure)

    first.add_done_callback(answered)
    return made


class _Chained(Future[T]):
    def __init__(self, first: Future[Any]) -> None:
        super().__init__()
        self._first = first

    def cancel(self) -> bool:
        return self._first.cancel()

    def cancelled_below(self) -> None:
        super().cancel()
        self.set_running_or_notify_cancel()
