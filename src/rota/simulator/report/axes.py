"""Round numbers for the axes of pictures."""

from __future__ import annotations

from math import floor, log10


def ticks(most: float, wanted: int = 5) -> list[float]:
    """Round numbers from 0 up to at least `most`, about so many."""
    if most <= 0:
        return [0.0, 1.0]
    rough = most / wanted
    size = 10.0 ** floor(log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * 0.999)
    n = 0
    found = [0.0]
    while found[-1] < most * 0.999999:
        n += 1
        found.append(n * step)
    return found


def short(value: float) -> str:
    """A number for an axis: `1,200`, `0.25`."""
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.3g}"
