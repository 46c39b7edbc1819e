"""Lists for people: columns that line up, one line a row, nothing cut in a pipe."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence

from rota.faces.cli.paint import has_colour, painted
from rota.faces.cli.say import line, shown

GAP = "  "
STATE = "STATE"
LEAST = 12
"""The last column keeps at least this much of a narrow terminal."""


def columns(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows, under heads if there are any. On a terminal the last column is cut to fit; None shows as nothing."""
    texts = [[shown(head) for head in heads]] if heads else []
    texts += [[_cell(value) for value in row] for row in rows]
    widths = [max(len(text) for text in column) for column in zip(*texts, strict=True)]
    room = _room(widths)
    state = heads.index(STATE) if STATE in heads and has_colour() else None
    for row in texts:
        cells = [*(text.ljust(width) for text, width in zip(row[:-1], widths[:-1], strict=True)), _cut(row[-1], room)]
        if state is not None:
            cells[state] = painted(cells[state], row[state])
        # Every cell was made harmless before; colour is ours.
        sys.stdout.write(GAP.join(cells).rstrip() + "\n")


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names with their values, one a line; values of several lines are indented; None is left out."""
    known = [(name, value) for name, value in pairs if value not in (None, "", [], {})]
    width = max((len(name) for name, _value in known), default=0)
    for name, value in known:
        first, *rest = shown(str(value)).splitlines() or [""]
        line(f"{name:<{width}}{GAP}{first}")
        for more in rest:
            line(f"{'':<{width}}{GAP}{more}")


def _cell(value: object) -> str:
    return "" if value is None else " ".join(shown(str(value)).split())


def _room(widths: Sequence[int]) -> int | None:
    if not sys.stdout.isatty():
        return None
    used = sum(widths[:-1]) + len(GAP) * (len(widths) - 1)
    return max(shutil.get_terminal_size().columns - used, LEAST)


def _cut(text: str, room: int | None) -> str:
    return text if room is None or len(text) <= room else text[: room - 1] + "…"
