"""How a run is watched: a live view on a terminal, plain lines elsewhere, nothing when it is to be quiet."""

from __future__ import annotations

import os
import sys
import time
from typing import Protocol

from rota.agents.work_off import Progress
from rota.faces.cli.amounts import span
from rota.faces.cli.say import talk

LINE_S = 1.0
"""Between two lines, seconds; of a long run more, so that a log of hours stays short."""
LINE_SHARE = 1 / 30
LINE_MOST_S = 30.0


class View(Protocol):
    """Whoever watches."""

    every_s: float
    """How often it wants to be shown something, seconds."""

    def show(self, progress: Progress) -> None:
        """The run as it is now."""
        ...

    def close(self) -> None:
        """The run is over: what comes next may be written below."""
        ...


def view_for(quiet: bool) -> View:
    """The view that fits the standard error."""
    if quiet:
        return _Blind()
    if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        from rota.faces.cli.live import LiveView

        return LiveView()
    return _Lines()


class _Blind:
    every_s = 60.0

    def show(self, progress: Progress) -> None:
        del progress

    def close(self) -> None:
        return


class _Lines:
    every_s = LINE_S

    def __init__(self) -> None:
        self._due = 0.0
        self._said = ""
        self._troubles: dict[str, str] = {}
        self._noticed: str | None = None

    def show(self, progress: Progress) -> None:
        for standing in progress.standings:
            if standing.trouble is not None and self._troubles.get(standing.name) != standing.trouble:
                talk(f"{standing.name}: {standing.trouble}")
            self._troubles[standing.name] = standing.trouble or ""
        if (progress.notice is None) != (self._noticed is None):
            talk(progress.notice or "there is room again: going on")
        self._noticed = progress.notice
        line = states_line(progress)
        now = time.monotonic()
        if line == self._said or now < self._due:
            return
        self._said = line
        self._due = now + min(max(LINE_S, progress.elapsed_s * LINE_SHARE), LINE_MOST_S)
        talk(f"{span(progress.elapsed_s):>9}  {line}{pace(progress)}")

    def close(self) -> None:
        return


def states_line(progress: Progress) -> str:
    """`131 of 325 done, 8 running, 156 ready, 1 dead`."""
    states = dict(progress.counts.states)
    done = states.pop("done", None)
    first = [] if done is None and "ready" not in states else [f"{done or 0:,} of {progress.counts.total:,} done"]
    order = ("running", "ready", "scheduled", "blocked", "held", "asked", "review", "dead", "cancelled", "expired")
    return ", ".join([*first, *(f"{states[name]:,} {name}" for name in order if states.get(name))])


def pace(progress: Progress) -> str:
    """`; 17.5 attempts/s, about 11 s left`."""
    if not progress.rate or not progress.counts.unfinished:
        return ""
    left = "" if progress.seconds_left is None else f", about {span(max(progress.seconds_left, 1.0))} left"
    return f"; {progress.rate:.3g}/s{left}"
