"""Chance from a seed: streams for what comes in, and draws by number for what happens to it.

What happens to a task must not depend on when the order of work lets it happen, so that two policies can be compared
on the same luck: such draws are a function of the seed, the task, the attempt and the question.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, sqrt
from random import Random

from rota.simulator.settings import Shape

_MASK = (1 << 64) - 1
PARETO_SPAN = 1e4
"""The largest over the smallest value of a bounded Pareto distribution."""


def stream(seed: int, what: str) -> Random:
    """A stream of random numbers of its own for each purpose."""
    return Random(f"{seed}/{what}")


def draw(seed: int, task: int, attempt: int, question: int) -> float:
    """A number from 0 to 1, the same for the same arguments (SplitMix64: Steele, Lea, Flood 2014)."""
    found = _mixed(_mixed(_mixed((seed * 8 + question) & _MASK) ^ task) ^ attempt)
    return (found >> 11) * 2.0**-53


def _mixed(value: int) -> int:
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def sampler(shape: Shape, mean: float, cv: float, alpha: float, random: Random) -> Callable[[], float]:
    """A function that draws positive numbers of this mean."""
    if shape == "fixed" or (shape == "lognormal" and cv == 0):
        return lambda: mean
    if shape == "exponential":
        return lambda: random.expovariate(1.0) * mean
    if shape == "lognormal":
        variance = log(1.0 + cv * cv)
        return lambda: mean * exp(random.gauss(0.0, 1.0) * sqrt(variance) - variance / 2)
    if shape == "hyperexponential":
        return _two_phases(mean, cv, random)
    return _pareto(mean, alpha, random)


def _two_phases(mean: float, cv: float, random: Random) -> Callable[[], float]:
    """Hyperexponential of two phases with balanced means and this coefficient of variation, at least 1 (Whitt 1982)."""
    first = (1.0 + sqrt((cv * cv - 1.0) / (cv * cv + 1.0))) / 2
    means = mean / (2 * first), mean / (2 * (1 - first))
    return lambda: random.expovariate(1.0) * means[random.random() >= first]


def _pareto(mean: float, alpha: float, random: Random) -> Callable[[], float]:
    """Bounded Pareto between 1 and `PARETO_SPAN`, scaled to the mean (Harchol-Balter 2013, section 20.4)."""
    tail = PARETO_SPAN**-alpha
    if alpha == 1:
        unscaled = log(PARETO_SPAN) / (1 - tail)
    else:
        unscaled = alpha / (alpha - 1) * (1 - PARETO_SPAN ** (1 - alpha)) / (1 - tail)
    scale = mean / unscaled
    return lambda: scale * (1 - random.random() * (1 - tail)) ** (-1 / alpha)
