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


_UNITS = (("s", 1.0, 120.0), ("min", 60.0, 7_200.0), ("h", 3_600.0, 172_800.0), ("d", 86_400.0, float("inf")))


def time_ticks(most: float, wanted: int = 6) -> list[tuple[float, str]]:
    """Moments with round numbers of one unit, none above `most` seconds, each with its label."""
    if 0 < most < 1:
        return [(value / 1e3, f"{short(value)} ms") for value in ticks(most * 1e3, wanted) if value <= most * 1e3]
    unit, size, _limit = next(entry for entry in _UNITS if most < entry[2])
    found = ticks(most / size, wanted)
    return [(value * size, f"{short(value)} {unit}") for value in found if value * size <= most * 1.000001]
