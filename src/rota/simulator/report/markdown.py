"""A report in Markdown: tables only. The pictures are in the HTML report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rota.simulator.report import figures
from rota.simulator.report.figures import Table
from rota.simulator.result import Outcome


def markdown(runs: Sequence[tuple[str, Outcome]]) -> str:
    """The report on one run, or on several that are compared."""
    return "\n".join(_lines(runs)) + "\n"


def _lines(runs: Sequence[tuple[str, Outcome]]) -> Iterator[str]:
    first = runs[0][1].result
    yield "# Simulation"
    yield ""
    yield _cell(figures.heading(first))
    yield ""
    yield from _table(figures.compared([(name, outcome.result) for name, outcome in runs]))
    for name, outcome in runs:
        result = outcome.result
        title = f": {_cell(name)}" if len(runs) > 1 else ""
        yield from ("", f"## Bands{title}", "")
        yield from _table(figures.rows_of(result.bands, "band"))
        if len(result.tenants) > 1:
            yield from ("", f"## Tenants{title}", "")
            yield from _table(figures.rows_of(result.tenants, "tenant"))
        yield from ("", f"## Agents that may do the same{title}", "")
        yield from _table(figures.pools_of(result))
        if result.stuck:
            yield from ("", f"## Never done{title}", "")
            yield from _table(figures.stuck_of(result))
        yield from ("", figures.laws_text(result))


def _table(table: Table) -> Iterator[str]:
    heads, rows = table
    yield "| " + " | ".join(_cell(head) for head in heads) + " |"
    yield "|" + "|".join(["---"] + ["---:"] * (len(heads) - 1)) + "|"
    for row in rows:
        yield "| " + " | ".join(_cell(cell) for cell in row) + " |"


def _cell(text: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
