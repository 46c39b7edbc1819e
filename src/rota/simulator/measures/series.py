"""How many tasks wait and run over time, in a fixed number of steps however long it takes."""

from __future__ import annotations

import msgspec

from rota.model.times import SECOND
from rota.simulator.measures.sketch import rounded

MOST_STEPS = 240


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Averages over equal steps of time."""

    step_s: float
    waiting: list[float]
    running: list[float]


class Track:
    """Areas under two curves by step; when there are too many steps, two become one."""

    def __init__(self, start: int, step: int) -> None:
        self._start = start
        self._step = step
        self._now = start
        self._waiting: list[int] = [0]
        self._running: list[int] = [0]
        self._at = 0
        self._values = (0, 0)

    def look(self, waiting: int, running: int, now: int) -> None:
        """From now on so many tasks wait and run."""
        if (waiting, running) == self._values:
            return
        self._pass(now)
        self._values = (waiting, running)

    def _pass(self, now: int) -> None:
        waiting, running = self._values
        if self._now < now < self._start + (self._at + 1) * self._step:
            # Nearly always: the step that it is in goes on.
            self._waiting[self._at] += waiting * (now - self._now)
            self._running[self._at] += running * (now - self._now)
            self._now = now
            return
        while self._now < now:
            end = self._start + (self._at + 1) * self._step
            passed = min(end, now) - self._now
            self._waiting[self._at] += waiting * passed
            self._running[self._at] += running * passed
            self._now += passed
            if self._now == end:
                self._next()

    def _next(self) -> None:
        self._at += 1
        if self._at == MOST_STEPS:
            self._waiting = [sum(self._waiting[at : at + 2]) for at in range(0, MOST_STEPS, 2)]
            self._running = [sum(self._running[at : at + 2]) for at in range(0, MOST_STEPS, 2)]
            self._step *= 2
            self._at //= 2
        self._waiting.append(0)
        self._running.append(0)

    def finish(self, now: int) -> Series:
        """It is over. The last step may be shorter than the others."""
        self._pass(now)
        last = now - self._start - self._at * self._step
        lengths = [self._step] * self._at + [last]
        return Series(
            step_s=rounded(self._step / SECOND),
            waiting=[rounded(area / span) for area, span in zip(self._waiting, lengths, strict=True) if span],
            running=[rounded(area / span) for area, span in zip(self._running, lengths, strict=True) if span],
        )
