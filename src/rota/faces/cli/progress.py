"""How far a long command has come, on the standard error, when a person looks at it."""

from __future__ import annotations

import sys
import time

BAR = 24
EVERY_S = 0.5
QUIET_S = 2.0
"""Nothing is said about what is done sooner."""


class Progress:
    """Tells how many of how many, 0 when nobody knows; a single line that is wiped in the end."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._started = self._last = time.monotonic()
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if not sys.stderr.isatty() or now - self._started < QUIET_S or now - self._last < EVERY_S:
            return
        self._last = now
        self._shown = True
        sys.stderr.write(f"\r{self._what}: {_bar(done, total)}" if total else f"\r{self._what}: {done:,}")
        sys.stderr.flush()

    def close(self) -> None:
        """Wipe the line."""
        if self._shown:
            sys.stderr.write("\r" + " " * 70 + "\r")
            sys.stderr.flush()


def _bar(done: int, total: int) -> str:
    full = min(BAR, BAR * done // total)
    return f"[{'#' * full}{'.' * (BAR - full)}] {done:,} of {total:,}"
