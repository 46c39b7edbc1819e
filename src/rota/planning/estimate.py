"""How long work will take: log-normal averages, shrunk from the particular to the general.

Times of one kind by one agent are narrow, times over all kinds wide (median log error .16 against .54 over real
agents), so few samples of the particular are mixed with what is known of the general: weight n / (n + 3).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import exp
from statistics import NormalDist
from typing import NamedTuple

SHRINK = 3.0
"""So many samples weigh as much as what is known of the level above."""
PRIOR_MEAN_LOG = 0.0
PRIOR_VAR_LOG = 0.49
"""Before anything is known: one second, within a factor of two (sigma .7, as users' estimates are off)."""
ALPHA = 0.2
"""Weight of the newest sample in the exponential averages."""
_NORMAL = NormalDist()
MOST_LOG = 21.0
"""e**21 seconds are forty years: longer than any span that is taken."""


class Belief(NamedTuple):
    """What samples said of ln(seconds), and of success; `n` of them."""

    n: float
    mean_log: float
    var_log: float
    good: float


NOTHING = Belief(0.0, 0.0, 0.0, 1.0)
PRIOR = Belief(0.0, PRIOR_MEAN_LOG, PRIOR_VAR_LOG, 1.0)


def learn(belief: Belief | None, value_log: float | None, good: float) -> Belief:
    """The belief after one more sample; None = it says nothing of the time, as a failure does not.

    West's incremental exponentially weighted variance (Finch 2009, "Incremental calculation of weighted mean and
    variance", section 9); the first samples weigh 1/n, so that the first is not believed for long.
    """
    belief = belief or NOTHING
    alpha = max(ALPHA, 1.0 / (belief.n + 1.0))
    success = belief.good + alpha * (good - belief.good)
    if value_log is None:
        return Belief(belief.n, belief.mean_log, belief.var_log, success)
    if belief.n <= 0:
        return Belief(1.0, value_log, 0.0, success)
    step = value_log - belief.mean_log
    return Belief(
        belief.n + 1.0,
        belief.mean_log + alpha * step,
        (1.0 - alpha) * (belief.var_log + alpha * step * step),
        success,
    )


def shrunk(levels: Iterable[Belief | None], prior: Belief = PRIOR) -> Belief:
    """One belief out of several, the most general first, the most particular last; None = nothing known there."""
    found = prior
    for level in levels:
        if level is None or level.n <= 0:
            continue
        share = level.n / (level.n + SHRINK)
        found = Belief(
            found.n + level.n,
            found.mean_log + share * (level.mean_log - found.mean_log),
            found.var_log + share * (level.var_log - found.var_log),
            found.good + share * (level.good - found.good),
        )
    return found


def mean_s(belief: Belief) -> float:
    """The expected time, seconds (mean of a log-normal)."""
    return exp(min(belief.mean_log + belief.var_log / 2.0, MOST_LOG))


def quantile_s(belief: Belief, share: float) -> float:
    """The time within which this share of such work is done, seconds; `share` between 0 and 1, both excluded."""
    return exp(min(belief.mean_log + _deviations(share) * belief.var_log**0.5, MOST_LOG))


@cache
def _deviations(share: float) -> float:
    """By how many standard deviations of the normal distribution this share of it lies below."""
    return _NORMAL.inv_cdf(share)
