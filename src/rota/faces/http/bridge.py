"""From the answers of the distributor's threads to the event loop: one wake-up for all that came together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any


class Bridge:
    """Lets the loop await futures of threads.

    A turn answers many calls at once; `asyncio.wrap_future` would wake the loop for each of them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrived: deque[tuple[Callable[[Any], None], Any]] = deque()
        self._is_woken = False

    def answer(self, asked: Future[Any]) -> asyncio.Future[Any]:
        """The answer, on the loop. To cancel it leaves what was asked alone."""
        answer: asyncio.Future[Any] = self._loop.create_future()
        asked.add_done_callback(partial(self.bring, partial(_settle, answer)))
        return answer

    def bring(self, take: Callable[[Any], None], what: Any) -> None:
        """Let something be taken on the loop. From any thread."""
        self._arrived.append((take, what))
        if not self._is_woken:
            self._is_woken = True
            # A loop that has ended waits for nothing.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._hand_out)

    def _hand_out(self) -> None:
        # Before looking: what arrives from now on wakes the loop again.
        self._is_woken = False
        while self._arrived:
            take, what = self._arrived.popleft()
            try:
                take(what)
            except Exception as error:
                # The others have nothing to do with it.
                self._loop.call_exception_handler({"message": "an answer was not taken", "exception": error})


def _settle(answer: asyncio.Future[Any], asked: Future[Any]) -> None:
    if answer.done():
        return
    if asked.cancelled():
        answer.cancel()
        return
    error = asked.exception()
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(asked.result())
