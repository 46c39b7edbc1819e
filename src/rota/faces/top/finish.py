"""When the backlog is likely to be done: what is left, at the pace of late."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from rota.faces.top.picture import Finish

LEFT = ("ready", "running", "blocked", "scheduled")
"""States of tasks that agents will do without anybody deciding first."""
ENOUGH = 5
"""So many tasks must have been done for their pace to say something."""
SPAN_S = 60.0
"""The time over which the screen measures the pace itself, seconds."""


class Pace(NamedTuple):
    """Tasks done in a time, seconds."""

    done: int
    seconds: float


class Measured:
    """The pace as seen by this screen: how many tasks agents had done at each look."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, done: int) -> Pace:
        """So many are done by now; the pace since a minute ago at the longest."""
        now = self._clock()
        if self._seen and done < self._seen[-1][1]:
            # An agent was removed, and its count with it.
            self._seen.clear()
        self._seen.append((now, done))
        while self._seen[0][0] < now - SPAN_S:
            self._seen.popleft()
        began, before = self._seen[0]
        return Pace(done - before, now - began)


def finish(states: Mapping[str, int], paces: list[Pace], *, alive: bool = True) -> Finish:
    """From the first of these paces that says enough, the most recent first. `alive`: somebody works or listens."""
    left = sum(states.get(state, 0) for state in LEFT)
    if not left:
        return Finish(tasks=0, seconds=0.0, text="nothing is left to do")
    if not alive:
        return Finish(tasks=left, text="no agent works or asks for work")
    found = next((pace for pace in paces if pace.done >= ENOUGH and pace.seconds > 0), None)
    if found is None:
        return Finish(tasks=left, text="too few tasks were done lately to tell")
    per_second = found.done / found.seconds
    return Finish(tasks=left, seconds=left / per_second, per_second=per_second)
