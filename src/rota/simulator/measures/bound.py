"""The least time in which a workload can be done, whatever the order."""

from __future__ import annotations


class Bound:
    """max over arrivals of (arrival + work from there on / capacity) and (arrival + longest chain / best speed)."""

    def __init__(self, work_s: float, capacity: float, best_speed: float) -> None:
        self._left = work_s
        self._capacity = capacity
        self._speed = best_speed
        self.seconds = 0.0
        """The bound so far, seconds from the beginning of the workload."""

    def arrive(self, at_s: float, work_s: float, chain_s: float) -> None:
        """Work comes, in order of time; `chain_s` is the longest part of it that no two agents can share."""
        self.seconds = max(self.seconds, at_s + self._left / self._capacity, at_s + chain_s / self._speed)
        self._left -= work_s
