"""The arithmetic of a scorecard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, sqrt
from typing import NamedTuple

from rota.agents.scorecard.card import Spread
from rota.model.times import SECOND

LEAST_UTILISATION = 0.05
"""Below it a variation says nothing."""


class Load(NamedTuple):
    """One agent over a window: slots, busy and offered slot-time in microseconds."""

    slots: int
    busy: int
    offered: int


def spread_of(microseconds: Iterable[int]) -> Spread | None:
    """Mean and nearest-rank percentiles; None of nothing."""
    ordered = sorted(microseconds)
    if not ordered:
        return None
    return Spread(
        n=len(ordered),
        mean_s=sum(ordered) / len(ordered) / SECOND,
        p50_s=percentile(ordered, 0.5) / SECOND,
        p99_s=percentile(ordered, 0.99) / SECOND,
        most_s=ordered[-1] / SECOND,
    )


def percentile(ordered: Sequence[int], share: float) -> int:
    """Nearest rank: the least value that so large a share of all is not above."""
    return ordered[max(ceil(share * len(ordered)) - 1, 0)]


def utilisation(loads: Iterable[Load]) -> float | None:
    """Busy over offered slot-time; None when nothing was offered."""
    busy = offered = 0
    for load in loads:
        busy += load.busy
        offered += load.offered
    return busy / offered if offered else None


def variation(loads: Sequence[Load]) -> float | None:
    """Capacity-weighted coefficient of variation of utilisation; None when it is not defined (see `card.PoolLine`)."""
    known = [load for load in loads if load.offered]
    mean = utilisation(known)
    if len(known) < 2 or mean is None or mean < LEAST_UTILISATION:
        return None
    squares = sum(load.slots * (load.busy / load.offered - mean) ** 2 for load in known)
    return sqrt(squares / sum(load.slots for load in known)) / mean
