"""Figures as the progress envelope writes them: `45K`, `230ms`, `7%`."""

from __future__ import annotations


def count(n: int) -> str:
    """`45000` -> `45K`, `1234` -> `1.2K`, `999` -> `999`."""
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "K")):
        if n >= size:
            text = f"{n / size:.1f}" if n < 9.95 * size else f"{n / size:.0f}"
            return text.removesuffix(".0") + letter
    return str(n)


def span(seconds: float | None) -> str:
    """`0.23` -> `230ms`, `4.2` -> `4.2s`, `90` -> `1.5min`, `5400` -> `1.5h`."""
    if seconds is None:
        return "n/a"
    if seconds < 0.0095:
        return f"{seconds * 1e3:.1f}ms".replace(".0ms", "ms")
    if seconds < 0.9995:
        return f"{seconds * 1e3:.0f}ms"
    for size, unit in ((3_600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            return f"{seconds / size:.1f}".removesuffix(".0") + unit
    return f"{seconds:.0f}s"


def share(value: float | None) -> str:
    """`0.07` -> `7%`, `0.974` -> `97.4%`."""
    return "n/a" if value is None else f"{value * 100:.1f}".removesuffix(".0") + "%"
