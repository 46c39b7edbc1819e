"""What this process has counted of its requests, for `/metrics`."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""The upper bounds of a histogram's buckets, seconds."""


class Histogram:
    """Counts by size, as Prometheus has them. For one thread that writes; others may read."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class Counted:
    """Requests by path and status, how long they took, and who follows the events."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.seconds = Histogram()
        self.followers = 0

    def request(self, path: str, status: int, seconds: float) -> None:
        """A request was answered. `path` is one that we serve, or `other`: never what a stranger made up."""
        self.requests[path, status] += 1
        self.seconds.add(seconds)
