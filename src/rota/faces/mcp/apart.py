"""Work that takes long, on a thread of its own, given up when nobody wants it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def apart(work: Callable[[Callable[[], bool]], T]) -> Future[T]:
    """What the work comes to. It is given a function that says whether it was cancelled, and looks now and then.

    Cancelling succeeds at once; the work ends when it looks.
    """
    found = _Apart[T]()

    def run() -> None:
        try:
            made = work(found.is_unwanted.is_set)
        except BaseException as error:
            with suppress(InvalidStateError):
                found.set_exception(error)
            return
        with suppress(InvalidStateError):
            found.set_result(made)

    threading.Thread(target=run, name="rota-apart", daemon=True).start()
    return found


class _Apart(Future[T]):
    def __init__(self) -> None:
        super().__init__()
        self.is_unwanted = threading.Event()

    def cancel(self) -> bool:
        self.is_unwanted.set()
        if not super().cancel():
            return False
        with suppress(RuntimeError):  # cancelled twice
            self.set_running_or_notify_cancel()
        return True
