"""Mean and quantiles of many numbers in little memory."""

from __future__ import annotations

from math import ceil, log

import msgspec

GROWTH = 1.01
_SCALE = 1 / log(GROWTH)


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """What a set of numbers looks like; quantiles are right to half a percent."""

    n: int
    mean: float
    p50: float
    p90: float
    p99: float
    most: float


class Sketch:
    """Counts numbers from 0 up in buckets that each span one percent (DDSketch: Masson, Rim, Lee 2019)."""

    __slots__ = ("_buckets", "_least", "_most", "_total", "_zeros", "n")

    def __init__(self) -> None:
        self.n = 0
        self._total: float = 0
        self._most: float = 0
        self._least = float("inf")
        self._zeros = 0
        self._buckets: dict[int, int] = {}

    def add(self, value: float) -> None:
        """One more number, not below 0."""
        self.n += 1
        if value < self._least:
            self._least = value
        if value <= 0:
            self._zeros += 1
            return
        self._total += value
        if value > self._most:
            self._most = value
        bucket = ceil(log(value) * _SCALE)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1

    @property
    def mean(self) -> float:
        """The exact mean; 0 of nothing."""
        return self._total / self.n if self.n else 0.0

    @property
    def positive(self) -> float:
        """The share of numbers above 0."""
        return (self.n - self._zeros) / self.n if self.n else 0.0

    def quantile(self, share: float) -> float:
        """The least value that so large a share of all is not above."""
        rank = max(ceil(share * self.n), 1)
        seen = self._zeros
        if rank <= seen:
            return 0.0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if rank <= seen:
                return float(min(max(GROWTH ** (bucket - 0.5), self._least), self._most))
        return float(self._most)

    def spread(self, unit: float = 1.0) -> Spread | None:
        """Everything that is asked for, divided by `unit`; None of nothing."""
        if not self.n:
            return None
        return Spread(
            n=self.n,
            mean=rounded(self.mean / unit),
            p50=rounded(self.quantile(0.5) / unit),
            p90=rounded(self.quantile(0.9) / unit),
            p99=rounded(self.quantile(0.99) / unit),
            most=rounded(self._most / unit),
        )


def rounded(value: float) -> float:
    """Nine significant digits: more than any figure deserves, few enough to read."""
    return float(f"{value:.9g}")
