"""Shapes that the plan could not cope with: set aside for a while, on record, so that the others go on."""

from __future__ import annotations

from typing import NamedTuple

from rota.model.times import SECOND

SET_ASIDE_S = 60.0
"""After this long a shape that was set aside is tried again, seconds."""


class Fault(NamedTuple):
    """What planning a shape failed with, and when (microseconds)."""

    at: int
    error: str

    def is_over(self, now: int) -> bool:
        """Whether the shape is to be tried again."""
        return now - self.at > SET_ASIDE_S * SECOND
