"""Priorities as users write them and bands as the plan uses them."""

from __future__ import annotations

from typing import Literal

Priority = Literal["emergency", "critical", "high", "normal", "low"]
PRIORITIES: tuple[Priority, ...] = ("emergency", "critical", "high", "normal", "low")
BANDS: dict[str, int] = {name: band for band, name in enumerate(PRIORITIES)}

TARGET_WAIT_S = (1.0, 30.0, 300.0, 1_800.0, 7_200.0)
"""How long a task of each band may wait when its queue says nothing else, seconds."""
