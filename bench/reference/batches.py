"""Batch means with a control: how far a simulated mean may be off, and the same mean with most of the luck taken out.

Waits of neighbours depend on each other, so the error comes from the means of long batches. Much of it is the luck of
the arrivals; where a control measures that on the very same arrivals, it is regressed out (control variates).
"""

from math import sqrt
from typing import NamedTuple

BATCHES = 20
_STUDENT_95 = 2.1  # two-sided 95 % quantile of Student's t with 18 or 19 degrees of freedom


class Estimate(NamedTuple):
    """A mean, and half the width of its 95 % confidence interval."""

    mean: float
    half_width: float


class BatchMeans:
    """Means over tasks 0 to length - 1, cut by seq into equal batches after a warm-up that is thrown away."""

    def __init__(self, length: int, warm_up: int) -> None:
        self._warm_up = warm_up
        self._size = (length - warm_up) // BATCHES
        self._last = warm_up + self._size * BATCHES
        self._counts = [0] * BATCHES
        self._sums = [0.0] * BATCHES

    def add(self, seq: int, value: float) -> None:
        if self._warm_up <= seq < self._last:
            batch = (seq - self._warm_up) // self._size
            self._counts[batch] += 1
            self._sums[batch] += value

    def means(self) -> list[float]:
        return [total / count for total, count in zip(self._sums, self._counts, strict=True)]

    def estimate(self) -> Estimate:
        return _estimate(self.means())

    def controlled(self, control: "BatchMeans", expected: float) -> Estimate:
        """The same with the control's deviation from its expected value regressed out."""
        values, luck = self.means(), control.means()
        mean, centre = sum(values) / BATCHES, sum(luck) / BATCHES
        together = sum((value - mean) * (one - centre) for value, one in zip(values, luck, strict=True))
        slope = together / sum((one - centre) ** 2 for one in luck)
        return _estimate([value - slope * (one - expected) for value, one in zip(values, luck, strict=True)])


def _estimate(means: list[float]) -> Estimate:
    mean = sum(means) / len(means)
    variance = sum((one - mean) ** 2 for one in means) / (len(means) - 1)
    return Estimate(mean, _STUDENT_95 * sqrt(variance / len(means)))
