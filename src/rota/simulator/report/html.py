"""A report as one HTML file: everything is in it, nothing is fetched, no script runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from rota.simulator.report import figures
from rota.simulator.report.figures import Table
from rota.simulator.report.pictures import Picture, gantt, over_time, waits
from rota.simulator.result import Outcome

_STYLE = """
:root { color-scheme: light dark; --line: #d4d8de; --soft: #5b6472; --head: #f3f5f8; }
@media (prefers-color-scheme: dark) { :root { --line: #3a414c; --soft: #9aa4b2; --head: #20252d; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 900px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2.2rem; } h3 { font-size: 1rem; }
p.about, p.laws { color: var(--soft); }
div.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .7rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { background: var(--head); } th:first-child, td:first-child { text-align: left; white-space: normal; }
svg { width: 100%; height: auto; font: 11px system-ui, sans-serif; } svg text { fill: var(--soft); }
svg .grid { stroke: var(--line); stroke-width: .6; } svg .tick { stroke: var(--soft); }
p.legend { color: var(--soft); margin-top: 0; } p.legend span { margin-right: 1.2em; }
p.legend i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: 2px; }
p.legend i.open { border: 1px dashed var(--soft); }
"""


def html(runs: Sequence[tuple[str, Outcome]], agents: Sequence[tuple[str, int]]) -> str:
    """The report on one run, or on several that are compared. `agents`: name and slots, as in the fleet."""
    first = runs[0][1].result
    body = "".join(_body(runs, agents))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Simulation of {escape(first.workload)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>Simulation</h1>\n{body}</body>\n</html>\n"
    )


def _body(runs: Sequence[tuple[str, Outcome]], agents: Sequence[tuple[str, int]]) -> Iterator[str]:
    first = runs[0][1].result
    yield f'<p class="about">{escape(figures.heading(first))}</p>\n'
    yield _table(figures.compared([(name, outcome.result) for name, outcome in runs]))
    series = [(name, outcome.result.over_time) for name, outcome in runs]
    yield "<h2>Waiting tasks over time</h2>\n" + _picture(over_time(series, "waiting"))
    yield "<h2>Running tasks over time</h2>\n" + _picture(over_time(series, "running"))
    for name, outcome in runs:
        if len(runs) > 1:
            yield f"<h2>{escape(name)}</h2>\n"
        yield from _run(outcome, agents)


def _run(outcome: Outcome, agents: Sequence[tuple[str, int]]) -> Iterator[str]:
    result = outcome.result
    if result.stuck:
        yield "<h3>Never done</h3>\n" + _table(figures.stuck_of(result))
    yield "<h3>Bands</h3>\n" + _picture(waits(result.bands, "band")) + _table(figures.rows_of(result.bands, "band"))
    if len(result.tenants) > 1:
        yield (
            "<h3>Tenants</h3>\n"
            + _picture(waits(result.tenants, "tenant"))
            + _table(figures.rows_of(result.tenants, "tenant"))
        )
    yield "<h3>Agents that may do the same</h3>\n" + _table(figures.pools_of(result))
    if outcome.bars:
        yield "<h3>Who did what when</h3>\n" + _picture(gantt(outcome.bars, agents))
    yield f'<p class="laws">{escape(figures.laws_text(result))}</p>\n'


def _table(table: Table) -> str:
    heads, rows = table
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f'<div class="wide"><table>\n<tr>{head}</tr>\n{body}</table></div>\n'


def _picture(picture: Picture) -> str:
    spots = "".join(
        f'<span><i style="background:{colour}"></i>{escape(name)}</span>' if colour != "none"
        else f'<span><i class="open"></i>{escape(name)}</span>'
        for name, colour in picture.legend
    )  # fmt: skip
    return f'{picture.svg}<p class="legend">{spots}</p>\n'
