"""How long a run may take, and how long it may be silent."""

from __future__ import annotations

import time
from typing import Literal


class Patience:
    """Two clocks of one run, in seconds; None switches one off. Starts when it is made."""

    def __init__(self, timeout_s: float | None, stall_s: float | None) -> None:
        self._timeout_s = timeout_s
        self._stall_s = stall_s
        self._started = self._heard = time.monotonic()

    def heard(self) -> None:
        """The process wrote something."""
        self._heard = time.monotonic()

    def lost(self) -> Literal["timeout", "stalled"] | None:
        """Which of the two ran out, if any."""
        now = time.monotonic()
        if self._timeout_s is not None and now >= self._started + self._timeout_s:
            return "timeout"
        if self._stall_s is not None and now >= self._heard + self._stall_s:
            return "stalled"
        return None

    def left_s(self) -> float | None:
        """Seconds until one of them runs out; None = never."""
        ends = []
        if self._timeout_s is not None:
            ends.append(self._started + self._timeout_s)
        if self._stall_s is not None:
            ends.append(self._heard + self._stall_s)
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def story(self, why: Literal["timeout", "stalled"]) -> str:
        """What ran out, for people."""
        if why == "timeout":
            return f"no end within {self._timeout_s:g} s (timeout)"
        return f"no output for {self._stall_s:g} s (stalled)"
