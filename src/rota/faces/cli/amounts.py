"""Numbers as people read them."""

from __future__ import annotations


def span(seconds: float | None) -> str:
    """`0.0004` -> `400 µs`, `0.012` -> `12 ms`, `6.08` -> `6.1 s`, `75` -> `1 min 15 s`, `7300` -> `2 h 2 min`."""
    if seconds is None:
        return "?"
    if seconds == 0:
        return "0 s"
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, left = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {left} s" if left else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def share(value: float | None) -> str:
    """`0.813` -> `81.3 %`."""
    return "?" if value is None else f"{value * 100:.1f} %"


def count(n: int, what: str) -> str:
    """`1, "task"` -> `1 task`, `2, "task"` -> `2 tasks`."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def money(value: float) -> str:
    """A price, however small, with at least two digits after the point."""
    return f"{value:,.2f}" if value >= 1 or value == 0 else f"{value:.4g}"


def size(count_: int | None) -> str:
    """Bytes as MB."""
    return "?" if count_ is None else f"{count_ / 1e6:,.0f} MB"
