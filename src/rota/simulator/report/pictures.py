"""Pictures as SVG: tasks over time, who did what when, waits. Drawn here, without a script or anything from outside."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from rota.model.priority import PRIORITIES
from rota.simulator.measures.series import Series
from rota.simulator.measures.tables import Row
from rota.simulator.report.axes import short, ticks, time_ticks
from rota.simulator.report.figures import span
from rota.simulator.result import Bar

WIDTH = 860.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 30.0, 12.0, 34.0
COLOURS = ("#2f6fdb", "#e0762f", "#3a9d5d", "#a04fc0", "#c23b4a", "#6b7280", "#b8912a", "#2aa3a3")
"""One for each line of a picture; repeated when there are more."""
BANDS = ("#c23b4a", "#e0762f", "#2f6fdb", "#3a9d5d", "#8a93a3")
"""One for each band, best first."""
MOST_ROWS = 40
LABEL = 150.0


class Picture(NamedTuple):
    """A drawing, and what its colours mean: names with colours; `none` = an open box."""

    svg: str
    legend: list[tuple[str, str]]


def over_time(lines: Sequence[tuple[str, Series]], what: str) -> Picture:
    """Waiting or running tasks over time, a line for each run."""
    height = 240.0
    values = [(name, list(getattr(series, what)), series.step_s) for name, series in lines]
    up = ticks(max((max(points, default=0.0) for _name, points, _step in values), default=0.0))
    last = max(len(points) * step for _name, points, step in values) or 1.0
    wide, high = WIDTH - LEFT - RIGHT, height - TOP - BOTTOM
    parts = _grid(up, last, wide, high)
    for at, (name, points, step) in enumerate(values):
        places = []
        for index, value in enumerate(points):
            x = LEFT + wide * (index + 0.5) * step / last
            places.append(f"{x:.1f},{TOP + high * (1 - value / up[-1]):.1f}")
        colour = COLOURS[at % len(COLOURS)]
        parts.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="1.6" points="{" ".join(places)}">'
            f"<title>{escape(name)}</title></polyline>"
        )
    names = [(name, COLOURS[at % len(COLOURS)]) for at, (name, _series) in enumerate(lines)]
    return Picture(_svg(height, f"{what} tasks over time", parts), names)


def _grid(up: Sequence[float], last: float, wide: float, high: float) -> list[str]:
    parts = []
    for value in up:
        y = TOP + high * (1 - value / up[-1])
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + wide}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{short(value)}</text>')
    for moment, label in time_ticks(last):
        x = LEFT + wide * moment / last
        parts.append(f'<line class="tick" x1="{x:.1f}" y1="{TOP + high}" x2="{x:.1f}" y2="{TOP + high + 4}"/>')
        parts.append(f'<text x="{x:.1f}" y="{TOP + high + 18}" text-anchor="middle">{label}</text>')
    return parts


def gantt(bars: Sequence[Bar], agents: Sequence[tuple[str, int]]) -> Picture:
    """Every attempt: a row for each slot, coloured by band. `agents`: name and slots."""
    first: list[int] = []
    rows = 0
    for _name, slots in agents:
        first.append(rows)
        rows += slots
    size = 14.0 if rows <= MOST_ROWS else max(3.0, 560.0 / rows)
    height = rows * size + TOP + BOTTOM
    last = max((bar.end for bar in bars), default=0.0) or 1.0
    wide = WIDTH - LABEL - RIGHT
    parts = []
    for (name, slots), row in zip(agents, first, strict=True):
        y = TOP + row * size
        parts.append(f'<line class="grid" x1="{LABEL}" y1="{y:.1f}" x2="{LABEL + wide}" y2="{y:.1f}"/>')
        if slots * size >= 9:
            middle = y + slots * size / 2 + 4
            parts.append(f'<text x="{LABEL - 6}" y="{middle:.1f}" text-anchor="end">{escape(_cut(name))}</text>')
    for bar in bars:
        x = LABEL + wide * bar.begin / last
        length = max(wide * (bar.end - bar.begin) / last, 0.3)
        y = TOP + (first[bar.agent] + bar.slot) * size
        good = bar.outcome in ("done", "review")
        colour = BANDS[bar.band]
        look = f'fill="{colour}"' if good else f'fill="none" stroke="{colour}" stroke-dasharray="2 1"'
        about = f"{PRIORITIES[bar.band]}, {span(bar.begin)} to {span(bar.end)}, then {bar.outcome}"
        parts.append(
            f'<rect x="{x:.2f}" y="{y + 0.5:.2f}" width="{length:.2f}" height="{max(size - 1, 1):.2f}" {look}>'
            f"<title>{escape(about)}</title></rect>"
        )
    bottom = TOP + rows * size
    for moment, label in time_ticks(last):
        x = LABEL + wide * moment / last
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{label}</text>')
    seen = sorted({bar.band for bar in bars})
    legend = [(PRIORITIES[band], BANDS[band]) for band in seen]
    return Picture(_svg(height, "who did what when", parts), [*legend, ("outlined: not done", "none")])


def waits(rows: Sequence[Row], what: str) -> Picture:
    """Mean wait as a bar and p99 as a mark, a row for each band or tenant."""
    shown = [row for row in rows[:MOST_ROWS] if row.queue_s is not None]
    size = 22.0
    height = len(shown) * size + TOP + BOTTOM
    last = max((max(row.queue_s.p99, row.queue_s.mean) for row in shown if row.queue_s), default=0.0) or 1.0
    wide = WIDTH - LABEL - RIGHT
    parts = []
    for moment, label in time_ticks(last):
        x = LABEL + wide * moment / last
        bottom = TOP + len(shown) * size
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>')
    for at, row in enumerate(shown):
        assert row.queue_s is not None
        y = TOP + at * size
        mean, high = (wide * seconds / last for seconds in (row.queue_s.mean, row.queue_s.p99))
        about = f"{row.name}: mean {span(row.queue_s.mean)}, p99 {span(row.queue_s.p99)}"
        parts.append(f'<text x="{LABEL - 6}" y="{y + 15:.1f}" text-anchor="end">{escape(_cut(row.name))}</text>')
        parts.append(
            f'<rect x="{LABEL}" y="{y + 4:.1f}" width="{max(mean, 0.5):.1f}" height="14" fill="{COLOURS[0]}">'
            f"<title>{escape(about)}</title></rect>"
        )
        x = LABEL + high
        parts.append(
            f'<line x1="{x:.1f}" y1="{y + 2:.1f}" x2="{x:.1f}" y2="{y + 20:.1f}" stroke="{COLOURS[1]}"'
            f' stroke-width="2"><title>{escape(about)}</title></line>'
        )
    title = f"waits by {what}"
    return Picture(_svg(height, title, parts), [("mean", COLOURS[0]), ("p99", COLOURS[1])])


def _svg(height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{escape(title, quote=True)}" '
        f'xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _cut(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:19]}…"
