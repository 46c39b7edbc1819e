"""A clock that moves only when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rota.model.times import SECOND, Span, micros, rfc3339


class Clock:
    """Virtual time. A test kit gives it `pass_to`, which lets everything happen that is due on the way."""

    def __init__(self, start: str) -> None:
        self._now = round(datetime.fromisoformat(start).timestamp() * SECOND)
        self.pass_to: Callable[[int], None] = self.set

    def __call__(self) -> int:
        """The time, microseconds since 1970."""
        return self._now

    def __str__(self) -> str:
        return rfc3339(self._now)

    @property
    def seconds(self) -> float:
        """The time, seconds since 1970."""
        return self._now / SECOND

    def advance(self, span: Span) -> None:
        """Let time pass: "30s", "2h", or seconds. Timers fire and leases end on the way, each at its moment."""
        self.pass_to(self._now + micros(span, "span"))

    def jump(self, span: Span) -> None:
        """As if the machine had slept: time is over at once, and what was due meanwhile is found afterwards."""
        self.set(self._now + micros(span, "span"))

    def set(self, at: int) -> None:
        """It is now `at`, microseconds since 1970. Nothing happens by itself."""
        self._now = at
