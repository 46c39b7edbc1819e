"""In which order waiting tasks are served: the least key first, ties by seq."""

from collections.abc import Callable
from typing import Any

from bench.reference.task import Task

Order = Callable[[Task], Any]


def fifo(task: Task) -> float:
    return task.submit


def sjf(task: Task) -> float:
    return task.estimate


def longest(task: Task) -> float:
    """LPT: best known for one batch."""
    return -task.estimate


def edf(task: Task) -> float:
    """Earliest deadline first; tasks without one come last."""
    return task.deadline


def latest_start(task: Task) -> float:
    """Least slack first: while tasks wait this order does not change, so now is left out."""
    return task.deadline - task.estimate


def banded(inner: Order) -> Order:
    """Strict priority, and inside a band another order."""
    return lambda task: (task.band, inner(task))


def edf_late(task: Task, now: float) -> tuple[bool, float]:
    """Earliest deadline first, but whoever would miss its deadline even at once comes last, the shortest first.

    As an order that ages, with `work` for what is known: how a clairvoyant would go for deadlines at speed 1.
    """
    late = now + task.work > task.deadline
    return late, task.work if late else task.deadline
