"""Signs of life while a call waits, so that no client gives up: one thread for all of them."""

from __future__ import annotations

import heapq
import threading
from concurrent.futures import Future
from itertools import count
from time import monotonic
from typing import Any, NamedTuple

from rota.faces.mcp.tool import Notify

EVERY_S = 10.0
"""Between two notices of a call that waits, seconds: clients give up after 60 s without one."""


class _Waiting(NamedTuple):
    at: float
    order: int
    since: float
    future: Future[Any]
    notify: Notify
    wait: float


class Progress:
    """Tells calls that wait how long they have waited. Its thread lives while there is such a call."""

    def __init__(self, every: float = EVERY_S) -> None:
        self._every = every
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._order = count()
        self._thread: threading.Thread | None = None

    def tell(self, future: Future[Any], notify: Notify, wait: float) -> None:
        """Send notices until the future is done. `wait` is the longest that it takes, seconds."""
        if future.done():
            return
        now = monotonic()
        with self._changed:
            heapq.heappush(self._waiting, _Waiting(now + self._every, next(self._order), now, future, notify, wait))
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="rota-progress", daemon=True)
                self._thread.start()
            self._changed.notify()
        future.add_done_callback(lambda _done: self._wake())

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._waiting = [one for one in self._waiting if not one.future.done()]
                heapq.heapify(self._waiting)
                if not self._waiting:
                    self._thread = None
                    return
                due = self._waiting[0].at - monotonic()
                if due > 0:
                    self._changed.wait(due)
                    continue
                one = heapq.heappop(self._waiting)
                heapq.heappush(self._waiting, one._replace(at=one.at + self._every))
            waited = monotonic() - one.since
            one.notify({"progress": round(waited, 3), "total": one.wait, "message": "no task yet; still waiting"})


PROGRESS = Progress()
"""For every call of this process."""
