"""What this process has counted of its requests, for `/metrics`."""

from __future__ import annotations

from collections import Counter

from rota.engine.measured import Histogram


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
