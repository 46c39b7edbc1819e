"""What every agent of the fleet is doing at this moment: written by the slots, read by whoever shows it."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import NamedTuple

from rota.agents.outcome import Verdict
from rota.model.task import Given

BROKEN = 5
"""So many breakages in a row, without one task done between them, and an agent counts as broken."""
RECENT_S = 30.0
"""The span over which the rate of finished attempts is taken, seconds."""


class Current(NamedTuple):
    """A task in an agent's hands; `since` in `time.monotonic` seconds."""

    task: str
    title: str
    since: float


@dataclass(slots=True)
class Standing:
    """One agent. Counts are of this process alone, not of earlier runs."""

    name: str
    slots: int
    current: tuple[Current, ...] = ()
    done: int = 0
    failed: int = 0
    """Attempts that failed, whatever became of their tasks."""
    broken: int = 0
    """Breakages of its process in a row."""
    restarts: int = 0
    trouble: str | None = None
    """Why it does not work, while it does not."""
    gone: bool = False
    """Another process took its name, or it was removed: it gets nothing more here."""

    @property
    def is_broken(self) -> bool:
        """Whether nothing more is to be expected of it, as far as can be told. One that went may work elsewhere."""
        return self.broken >= BROKEN and not self.gone


@dataclass(slots=True)
class _Pace:
    """How long attempts of one kind took."""

    n: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Later:
    """Attempts that ended with "later" one after the other, without any other outcome between them."""

    times: int = 0
    since: float = 0.0
    """When the first of them ended, in `time.monotonic` seconds."""
    tasks: set[str] = field(default_factory=set)
    error: str = ""
    """What the last of them said."""

    def add(self, task: str, error: str) -> None:
        """One more."""
        self.since = self.since or time.monotonic()
        self.times += 1
        self.tasks.add(task)
        self.error = error


@dataclass(slots=True)
class _Lines:
    standings: dict[str, Standing] = field(default_factory=dict)
    paces: dict[str, _Pace] = field(default_factory=dict)
    ended: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=10_000))
    later: Later = field(default_factory=Later)
    notice: str | None = None


class Board:
    """Safe from any thread. `wait` wakes when something has changed, and for `wake`, also from a signal handler."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines = _Lines()
        # SimpleQueue and no condition: `put` may be called in a signal handler at any moment.
        self._changes: SimpleQueue[None] = SimpleQueue()

    def enter(self, name: str, slots: int) -> None:
        """An agent of this fleet."""
        with self._lock:
            self._lines.standings[name] = Standing(name, slots)

    def begun(self, given: Given) -> None:
        """A task came into an agent's hands."""
        with self._lock:
            standing = self._lines.standings[given.agent]
            standing.current = (*standing.current, Current(given.task, given.title, time.monotonic()))
        self.wake()

    def ended(self, given: Given, verdict: Verdict, wall_s: float) -> None:
        """A task left an agent's hands."""
        with self._lock:
            lines = self._lines
            standing = lines.standings[given.agent]
            standing.current = tuple(one for one in standing.current if one.task != given.task)
            if verdict.kind == "broken":
                standing.broken += 1
                standing.restarts += 1
                standing.trouble = verdict.error
            elif verdict.kind not in ("cancelled", "shutdown", "preempted"):
                standing.broken = 0
                standing.trouble = None
                standing.done += verdict.kind == "done"
                standing.failed += verdict.kind not in ("done", "later", "conflict")
                if verdict.kind == "later":
                    lines.later.add(given.task, verdict.error or "later")
                else:
                    lines.later = Later()
                lines.ended.append((time.monotonic(), wall_s))
                pace = lines.paces.setdefault(given.kind, _Pace())
                pace.n += 1
                pace.seconds += wall_s
        self.wake()

    def trouble(self, name: str, text: str | None, *, gone: bool = False) -> None:
        """Why an agent does not work at the moment; None: it does again."""
        with self._lock:
            standing = self._lines.standings[name]
            standing.trouble = text
            standing.gone = standing.gone or gone
        self.wake()

    def notice(self, text: str | None) -> None:
        """Why nobody of this process begins anything at the moment; None: they do."""
        with self._lock:
            self._lines.notice = text
        self.wake()

    def noticed(self) -> str | None:
        """What was said last with `notice`."""
        with self._lock:
            return self._lines.notice

    def standings(self) -> list[Standing]:
        """All agents, in the order of the fleet."""
        with self._lock:
            return [_copy(standing) for standing in self._lines.standings.values()]

    def later(self) -> Later:
        """What was sent back for later since something else came of an attempt."""
        with self._lock:
            later = self._lines.later
            return Later(later.times, later.since, set(later.tasks), later.error)

    def busy(self) -> bool:
        """Whether an agent of this process has a task."""
        with self._lock:
            return any(standing.current for standing in self._lines.standings.values())

    def mean_s(self) -> dict[str, float]:
        """Mean seconds of an attempt, by kind of task; of this process."""
        with self._lock:
            return {kind: pace.seconds / pace.n for kind, pace in self._lines.paces.items()}

    def rate(self) -> float:
        """Attempts that ended a second, lately."""
        n, _seconds, span = self._lately()
        return n / span

    def work_rate(self) -> float:
        """Seconds of work that ended a second, lately: how many slots were really at work."""
        _n, seconds, span = self._lately()
        return seconds / span

    def _lately(self) -> tuple[int, float, float]:
        now = time.monotonic()
        with self._lock:
            recent = [line for line in self._lines.ended if line[0] >= now - RECENT_S]
        if not recent:
            return 0, 0.0, 1.0
        # The first one took a while before it ended; that while belongs to the span.
        first = min(at - wall_s for at, wall_s in recent)
        return len(recent), sum(wall_s for _at, wall_s in recent), max(now - first, 0.1)

    def wake(self) -> None:
        """End the present `wait`."""
        self._changes.put(None)

    def wait(self, timeout_s: float) -> bool:
        """Wait for a change, at most so long; whether there was one. Several at once count as one."""
        try:
            self._changes.get(timeout=max(timeout_s, 0.0))
        except Empty:
            return False
        try:
            while True:
                self._changes.get_nowait()
        except Empty:
            return True


def _copy(one: Standing) -> Standing:
    return Standing(
        one.name, one.slots, one.current, one.done, one.failed, one.broken, one.restarts, one.trouble, one.gone
    )
