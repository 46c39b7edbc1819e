"""A report in Markdown: tables, and pictures as inline SVG for whoever shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rota.simulator.report import figures
from rota.simulator.report.figures import Table
from rota.simulator.report.pictures import Picture, gantt, over_time, waits
from rota.simulator.result import Outcome

_STYLE = (
    "<style>text { font: 11px sans-serif; fill: #5b6472; } .grid { stroke: #d4d8de; stroke-width: .6; }"
    " .tick { stroke: #5b6472; }</style>"
)


def markdown(runs: Sequence[tuple[str, Outcome]], agents: Sequence[tuple[str, int]]) -> str:
    """The report on one run, or on several that are compared. `agents`: name and slots, as in the fleet."""
    return "\n".join(_lines(runs, agents)) + "\n"


def _lines(runs: Sequence[tuple[str, Outcome]], agents: Sequence[tuple[str, int]]) -> Iterator[str]:
    first = runs[0][1].result
    yield from ("# Simulation", "", _cell(figures.heading(first)), "")
    yield from _table(figures.compared([(name, outcome.result) for name, outcome in runs]))
    series = [(name, outcome.result.over_time) for name, outcome in runs]
    for what in ("waiting", "running"):
        yield from ("", f"## {what.capitalize()} tasks over time", "")
        yield from _picture(over_time(series, what))
    for name, outcome in runs:
        yield from _run(outcome, f": {_cell(name)}" if len(runs) > 1 else "", agents)


def _run(outcome: Outcome, title: str, agents: Sequence[tuple[str, int]]) -> Iterator[str]:
    result = outcome.result
    yield from ("", f"## Bands{title}", "")
    yield from _picture(waits(result.bands, "band"))
    yield from ("", *_table(figures.rows_of(result.bands, "band")))
    if len(result.tenants) > 1:
        yield from ("", f"## Tenants{title}", "")
        yield from _picture(waits(result.tenants, "tenant"))
        yield from ("", *_table(figures.rows_of(result.tenants, "tenant")))
    yield from ("", f"## Agents that may do the same{title}", "")
    yield from _table(figures.pools_of(result))
    if outcome.bars:
        yield from ("", f"## Who did what when{title}", "")
        yield from _picture(gantt(outcome.bars, agents))
    if result.stuck:
        yield from ("", f"## Never done{title}", "")
        yield from _table(figures.stuck_of(result))
    yield from ("", figures.laws_text(result))


def _picture(picture: Picture) -> Iterator[str]:
    # A block of HTML goes on until an empty line.
    opening, _, rest = picture.svg.rstrip("\n").partition("\n")
    yield from (opening, _STYLE, rest, "")
    yield ", ".join(f"{_cell(name)} ({_colour(colour)})" for name, colour in picture.legend)


def _colour(colour: str) -> str:
    return "open" if colour == "none" else colour


def _table(table: Table) -> Iterator[str]:
    heads, rows = table
    yield "| " + " | ".join(_cell(head) for head in heads) + " |"
    yield "|" + "|".join(["---"] + ["---:"] * (len(heads) - 1)) + "|"
    for row in rows:
        yield "| " + " | ".join(_cell(cell) for cell in row) + " |"


def _cell(text: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
