"""How much of a limit is left, and when there will be more. Amounts are integer millionths, times microseconds.

A rate is a leaky bucket as a meter, which is the generic cell rate algorithm with amounts in the place of times (ITU-T
I.371, annex A shows both): what was used since it was idle, less what has flowed in since then, may be the burst. A
quota is a window that begins with its first use. In no time t is more charged than burst + capacity * t / period of a
rate, in no window more than the capacity of a quota. Nothing is rounded as charges add up.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

PARTS = 1_000_000
"""Parts of one unit: money and tokens are counted in millionths."""
LARGE = 1 << 61


class Measure(NamedTuple):
    """What a limit allows."""

    capacity: int
    period: int | None = None
    burst: int | None = None
    """Makes it a rate."""
    concurrency: bool = False

    @property
    def most(self) -> int:
        """The most that can be left."""
        return self.capacity if self.burst is None else self.burst


class Used(NamedTuple):
    """What was used of it. All zeros: nothing yet."""

    used: int = 0
    """Concurrency: now. A rate or a quota: since `began`."""
    began: int = 0
    """Since when it is in use without a break: the start of a quota's window, of a rate's busy time."""


class Gauge(msgspec.Struct):
    """What is left of a limit while a plan gives."""

    left: int
    each: int
    """What one more task is charged."""
    asks: int = 1
    """What must be left for one more."""

    @property
    def room(self) -> bool:
        """Whether one more task may start."""
        return self.left >= self.asks

    def take(self) -> None:
        """One more task starts."""
        self.left -= self.each


def gauge(measure: Measure, used: Used, each: int, now: int) -> Gauge:
    """What is left now, for tasks that use `each`. A task larger than the limit may start when it is unused."""
    return Gauge(left(measure, used, now), each, asked(measure, each))


def asked(measure: Measure, each: int) -> int:
    """What must be left for one more task. One of unknown use needs something to be left."""
    return max(min(each, measure.most), 1)


def left(measure: Measure, used: Used, now: int) -> int:
    """How much may be charged now; below zero when more was used than estimated."""
    if _is_over(measure, used, now):
        return measure.most
    return measure.most - used.used + (_flowed(measure, used, now) if measure.burst is not None else 0)


def opens(measure: Measure, used: Used, each: int, now: int) -> int | None:
    """The first moment from now on with room for a task of this use; None = only when something is given back."""
    wanted = asked(measure, each)
    missing = wanted - left(measure, used, now)
    if missing <= 0:
        return now
    if measure.period is None:
        return None
    if measure.burst is None:
        return used.began + measure.period
    return used.began - (measure.most - used.used - wanted) * measure.period // measure.capacity


def opens_after(measure: Measure, used: Used, each: int, before: int, now: int) -> int | None:
    """The same once so many tasks that use as much were charged before it, each as soon as there is room."""
    if not before or not each or measure.period is None:
        return opens(measure, used, each, now)
    one = asked(measure, each)
    wanted, rest = before * each + one, left(measure, used, now)
    if rest >= wanted:
        return now
    if _is_over(measure, used, now):
        used = Used(0, now)
    if measure.burst is not None:
        return used.began - (measure.most - used.used - wanted) * measure.period // measure.capacity
    later = before + 1 - max(rest // one, 0)
    return used.began + -(-later // (measure.most // one)) * measure.period


def charge(measure: Measure, used: Used, amount: int, now: int) -> Used:
    """After this much is used at this moment."""
    if _is_over(measure, used, now):
        return Used(amount, now)
    return _short(measure, Used(used.used + amount, used.began))


def correct(measure: Measure, used: Used, more: int, charged_at: int, now: int) -> Used:
    """After it turned out that a charge was this much too small, or too large (below zero).

    What was charged before the present window or busy time no longer weighs, so nothing of it is given back.
    """
    if more > 0:
        return charge(measure, used, more, now)
    if charged_at < used.began or _is_over(measure, used, now):
        return used
    return Used(max(used.used + more, 0), used.began)


def _is_over(measure: Measure, used: Used, now: int) -> bool:
    """Whether a quota's window has ended, or all that was used of a rate has flowed in again."""
    if measure.period is None:
        return False
    if measure.burst is None:
        return now >= used.began + measure.period
    return used.used <= _flowed(measure, used, now)


def _flowed(measure: Measure, used: Used, now: int) -> int:
    """What has flowed in since the busy time began."""
    assert measure.period is not None
    return max(now - used.began, 0) * measure.capacity // measure.period


def _short(measure: Measure, used: Used) -> Used:
    """The same in smaller numbers: after very long busy times by whole periods, which change nothing."""
    if measure.burst is None or measure.period is None or used.used < LARGE:
        return used
    periods = max((used.used - measure.most) // measure.capacity - 1, 0)
    return Used(used.used - periods * measure.capacity, used.began + periods * measure.period)
