"""Heartbeats: while the process lives, what its agents have in their hands stays theirs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

TERM_S = 60.0
MOST_S = 8 * 3_600.0
"""For so long leases are renewed without any call of a tool, seconds: an agent that hangs loses its task in the end."""


class Renewing:
    """Calls `renew` at a third of the leases' term while there is something to renew."""

    def __init__(self, renew: Callable[[], None], clock: Callable[[], float] = monotonic) -> None:
        self._renew = renew
        self._clock = clock
        self._changed = threading.Condition()
        self._term = 0.0
        self._called = clock()
        self._closed = False
        self._thread: threading.Thread | None = None

    def called(self) -> None:
        """A tool was called: whoever calls lives."""
        self._called = self._clock()

    def have(self, term: float | None) -> None:
        """What is in hands has leases of this term, seconds; None = nothing is."""
        with self._changed:
            self._term = term or 0.0
            self._changed.notify_all()
            if term and self._thread is None:
                self._thread = threading.Thread(target=self._live, name="rota-renewing", daemon=True)
                self._thread.start()

    def is_due(self) -> bool:
        """Whether leases are to be renewed still."""
        return self._term > 0 and self._clock() - self._called < MOST_S

    def close(self) -> None:
        """Renew no more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _live(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._term > 0)
                if self._closed or self._changed.wait_for(lambda: self._closed or not self._term, self._term / 3):
                    if self._closed:
                        return
                    continue
            if self.is_due():
                self._renew()
