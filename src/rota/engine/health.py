"""Which agents are taken to live."""

from __future__ import annotations

from rota.model.times import SECOND

HEALTHY_S = 90.0
"""An agent not heard from for this long is unhealthy, seconds: one and a half default lease terms."""


def healthy(heard: int | None, now: int) -> bool:
    """Whether an agent last heard from at `heard` (microseconds; None = never) is taken to live."""
    return heard is not None and now - heard <= HEALTHY_S * SECOND
