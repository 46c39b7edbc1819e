"""When a waiting task will probably start and end: the work before it, spread over the slots that may take it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from math import exp, sqrt
from typing import NamedTuple

from rota.model.times import SECOND
from rota.planning.estimate import Belief
from rota.planning.rooms import Room

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

    def after(self, other: Span) -> Span:
        """Where neither comes before the other one has."""
        return Span(max(self.p50, other.p50), max(self.p90, other.p90))


def starts_in(before: Before, rooms: Iterable[Room], estimate_s: float, belief: Belief, now: int) -> Span | None:
    """When a slot comes to the task; None when there are none.

    What is in hands is half done on average. Work flows through the slots that are open; where more come free than
    tasks still wait before it, it starts at once. Times of tasks are taken to be independent, so their variances add
    up (and the sum of many is nearly normal).
    """
    opening = sorted(rooms, key=lambda room: room.opens)
    if not opening:
        return None
    each = before.work_s / before.tasks if before.tasks else estimate_s
    busy = sum(room.busy for room in opening)
    whole = left = before.work_s + busy * each / 2
    slots, mean = 0, 0.0
    for opens, those in groupby(opening, key=lambda room: room.opens):
        at = max(opens - now, 0) / SECOND
        if slots and left <= slots * (at - mean):
            break
        left -= slots * (at - mean)
        mean = at
        found = list(those)
        waiting = before.tasks * left / whole if whole else 0.0
        if waiting < sum(room.slots - room.busy for room in found):
            return Span(at, at)
        slots += sum(room.slots for room in found)
    mean += left / slots
    spread = each * sqrt(max(exp(min(belief.var_log, MOST_LOG)) - 1.0, 0.0) * (before.tasks + busy)) / slots
    return Span(mean, mean + Z90 * spread)


def ends_in(start: Span, estimate_s: float, belief: Belief) -> Span:
    """When it will be done: its work is log-normal with this mean."""
    median = estimate_s * exp(-belief.var_log / 2)
    return Span(start.p50 + median, start.p90 + median * exp(min(Z90 * sqrt(belief.var_log), MOST_LOG)))
