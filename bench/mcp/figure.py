"""One figure: what was measured, beside what was aimed at."""

from collections.abc import Iterator, Sequence

import msgspec

from bench.measure import quantile


class Figure(msgspec.Struct, frozen=True):
    subject: str
    name: str
    value: float
    unit: str
    n: int  # samples it rests on
    goal: str = ""


def call_figures(subject: str, name: str, samples: Sequence[float], *, goals: bool = True) -> Iterator[Figure]:
    """Median and 99th percentile of milliseconds a call."""
    for q, goal in ((0.5, "<= 2"), (0.99, "<= 15")):
        value = round(quantile(samples, q), 3)
        yield Figure(subject, f"{name}, p{q * 100:.0f}", value, "ms", len(samples), goal if goals else "")


def table(figures: Sequence[Figure]) -> str:
    """For people: a row for each figure, aligned."""
    rows = [("subject", "figure", "value", "unit", "n", "goal")]
    rows += [(one.subject, one.name, f"{one.value:,.3g}" if one.value < 100 else f"{one.value:,.0f}", one.unit,
              f"{one.n:,}", one.goal) for one in figures]  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    right = (2, 4)
    lines = [
        "  ".join(
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines) + "\n"
