"""The floor: of all threads that work for callers, and the one that runs turns, one works and the others sleep.

Python runs one thread at a time in any case, but lets the next one in at every SQL statement. With a dozen threads at
work each statement woke some of them up for nothing: 39 changes of threads a call, half of the owner's time. Who waits
for the floor is woken when it has it; who waits for an answer, when that is there and the floor is free besides.

It is a courtesy and no lock: nothing depends on it, and who keeps it for long goes on without it.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from time import monotonic
from typing import Any

PATIENCE_S = 0.05
"""After so long it is taken from whoever has it, seconds: long work goes on beside the others."""


class Floor:
    """Taken with `with`, by one thread at a time in the order in which they came; not twice by the same."""

    def __init__(self, *, open_to_all: bool = False) -> None:
        """`open_to_all`: nobody waits, as where statements are answered over a network and leave time for others."""
        self._open_to_all = open_to_all
        self._lock = threading.Lock()
        self._holder: int | None = None
        """The thread that has it."""
        self._since = 0.0
        self._line: deque[_Place] = deque()

    def __enter__(self) -> None:
        if self._open_to_all:
            return
        with self._lock:
            if self._holder is None:
                self._holder, self._since = threading.get_ident(), monotonic()
                return
            place = _Place()
            self._line.append(place)
        self._wait(place)

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            if self._holder != threading.get_ident():
                return
            self._holder = None
            self._pass_on()

    def answer(self, future: Future[Any]) -> Any:
        """The future's result. The floor is left until that is there, if this thread has it, and then taken again."""
        if self._holder != threading.get_ident():
            return future.result()
        place = _Place()
        self.__exit__()
        future.add_done_callback(lambda _done: self._line_up(place))
        self._wait(place)
        return future.result()

    def _line_up(self, place: _Place) -> None:
        with self._lock:
            self._line.append(place)
            if self._holder is None:
                self._pass_on()

    def _wait(self, place: _Place) -> None:
        while not place.turn.acquire(timeout=PATIENCE_S):
            with self._lock:
                if self._line and monotonic() - self._since > PATIENCE_S:
                    self._pass_on()

    def _pass_on(self) -> None:
        """To the first in the line, if there is one."""
        if self._line:
            place = self._line.popleft()
            self._holder, self._since = place.thread, monotonic()
            place.turn.release()


class _Place:
    """A thread's place in the line."""

    __slots__ = ("thread", "turn")

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.turn = threading.Lock()
        self.turn.acquire()
