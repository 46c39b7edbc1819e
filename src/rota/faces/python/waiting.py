"""Waiting for the end of tasks by looking again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from rota.model.commands.read import BatchView
from rota.model.errors import RotaError
from rota.model.state import ENDED, NUMBERS
from rota.model.task import TaskView

FIRST_S, MOST_S = 0.02, 1.0
"""Between two looks: at first, and growing up to the most, seconds."""


class Pause:
    """How long until the next look. `timeout` seconds in all; None = for ever."""

    def __init__(self, timeout: float | None, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until = None if timeout is None else clock() + timeout
        self._pause = FIRST_S

    def next_s(self) -> float:
        """Seconds until the next look; 0 when the time is over."""
        pause, self._pause = self._pause, min(MOST_S, self._pause * 1.5)
        return pause if self._until is None else max(0.0, min(pause, self._until - self._clock()))


def is_ended(task: TaskView) -> bool:
    """Whether nothing more happens to it by itself."""
    return NUMBERS[task.state] in ENDED


def has_ended(batch: BatchView) -> bool:
    """Whether all tasks of a batch have ended; so has one that has no tasks."""
    return all(NUMBERS[state] in ENDED for state, tasks in batch.states.items() if tasks)


def no_end(what: str) -> NoReturn:
    """Says that the time is over."""
    raise RotaError("unavailable", f"{what} has not ended within the timeout")
