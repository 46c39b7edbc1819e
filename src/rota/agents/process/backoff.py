"""How long to wait before an agent that breaks is started again."""

from __future__ import annotations

import random


class Backoff:
    """Full jitter: a delay drawn evenly from 0 to `first_s * 2**n`, at most `most_s`; n = failures in a row.

    Source of the formula: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. It never waits:
    `delay_s` is a value, so that the caller can wait in a way that can be interrupted (`Stop.wait`).
    """

    def __init__(self, first_s: float = 0.1, most_s: float = 30.0, chance: random.Random | None = None) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._chance = chance or random.Random()
        self._failures = 0
        self.delay_s = 0.0
        """Seconds to wait before the next start."""

    def failed(self) -> None:
        """It broke once more: draws a new delay."""
        # The exponent is bounded because 2.0**1024 overflows and an agent may be broken for weeks.
        ceiling = min(self._most_s, self._first_s * 2.0 ** min(self._failures, 62))
        self._failures += 1
        self.delay_s = self._chance.uniform(0.0, ceiling)

    def succeeded(self) -> None:
        """It works: the next failure starts from the beginning."""
        self._failures = 0
        self.delay_s = 0.0
