"""Slow start: an agent that has just come is given few tasks at first, so that it can warm up."""

from __future__ import annotations

from math import ceil

LEAST = 0.1
"""The share of its slots that an agent has from its first moment."""


def slots_so_far(slots: int, since_s: float, window_s: float) -> int:
    """How many slots an agent may use `since_s` seconds after it came: ceil(slots * max(.1, t / window)).

    Source: Envoy's slow start mode, with aggression 1.
    """
    if since_s >= window_s:
        return slots
    return min(slots, ceil(slots * max(LEAST, since_s / window_s)))


def next_slot_s(slots: int, since_s: float, window_s: float) -> float:
    """Seconds from now until it may use one more slot than it may now; 0 when it may use all."""
    now = slots_so_far(slots, since_s, window_s)
    return 0.0 if now >= slots else max(now / slots * window_s - since_s, 0.0) + 1e-6
