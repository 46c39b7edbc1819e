"""When a waiting task will probably start and end: the work before it, spread over the slots that may take it."""

from __future__ import annotations

from math import exp, sqrt
from typing import NamedTuple

from rota.planning.estimate import Belief

Z90 = 1.2816
"""Quantile .9 of the standard normal distribution."""
MOST_LOG = 20.0


class Before(NamedTuple):
    """What stands before a task: tasks, and their expected work in seconds."""

    tasks: int
    work_s: float


class Span(NamedTuple):
    """Seconds from now: what it is half the time, and in nine cases of ten at most."""

    p50: float
    p90: float


def starts_in(before: Before, slots: int, running: int, estimate_s: float, belief: Belief) -> Span | None:
    """When a slot comes to the task; None when there are none.

    What is in hands is half done on average. Times of tasks are taken to be independent, so their variances add up
    (and the sum of many is nearly normal).
    """
    if not slots:
        return None
    if before.tasks + running < slots:
        return Span(0.0, 0.0)
    each = before.work_s / before.tasks if before.tasks else estimate_s
    mean = (before.work_s + running * each / 2) / slots
    spread = each * sqrt(max(exp(min(belief.var_log, MOST_LOG)) - 1.0, 0.0) * (before.tasks + running)) / slots
    return Span(mean, mean + Z90 * spread)


def ends_in(start: Span, estimate_s: float, belief: Belief) -> Span:
    """When it will be done: its work is log-normal with this mean."""
    median = estimate_s * exp(-belief.var_log / 2)
    return Span(start.p50 + median, start.p90 + median * exp(min(Z90 * sqrt(belief.var_log), MOST_LOG)))
