"""The scoreboard as a page of Markdown, and as text for a terminal."""

import re
from collections.abc import Iterator, Sequence

from bench.scoreboard.judged import Beside, Goal, Row

_VERDICT = re.compile(r"\*\*\d+ of \d+ goals met[^*]*\.\*\*")
_HEADS = ("workload", "what", "goal", "found", "met")


def text(rows: Sequence[Row]) -> str:
    """Aligned columns; no baselines."""
    cells = [_HEADS, *((row.name, *_cells(goal)) for row in rows for goal in row.goals)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    lines += [f"{row.name}  skipped: {row.skipped}" for row in rows if row.skipped]
    return "\n".join([*lines, "", verdict(rows)]) + "\n"


def verdict(rows: Sequence[Row]) -> str:
    """How many goals are met, in a line."""
    judged = [goal for row in rows for goal in row.goals if goal.met is not None]
    met = sum(goal.met is True for goal in judged)
    skipped = sum(bool(row.skipped) for row in rows)
    return f"{met} of {len(judged)} goals met" + (f"; {skipped} rows skipped" if skipped else "")


def markdown(rows: Sequence[Row], machine: str) -> str:
    """The whole page, with everything that was measured beside."""
    return "\n".join(_page(rows, machine)) + "\n"


def updated(page: str, rows: Sequence[Row]) -> str:
    """The page with these rows measured anew: their lines of the table, their sections, and the verdict."""
    for row in rows:
        first = f"| {row.name} |"
        lines = page.splitlines(keepends=True)
        at = next(index for index, line in enumerate(lines) if line.startswith(first))
        new = [f"| {' | '.join((row.name, *_cells(goal)))} |\n" for goal in row.goals]
        page = "".join([*lines[:at], *new, *(line for line in lines[at:] if not line.startswith(first))])
        before, _, rest = page.partition(f"\n## {row.name}\n")
        after = rest.partition("\n## ")[2]
        page = before + "\n".join(_section(row)) + "\n" + (f"\n## {after}" if after else "")
    table = [line for line in page.splitlines() if line.startswith("| ") and line.endswith((" | yes |", " | **no** |"))]
    met = sum(line.endswith(" | yes |") for line in table)
    return _VERDICT.sub(f"**{met} of {len(table)} goals met.**", page)


def _page(rows: Sequence[Row], machine: str) -> Iterator[str]:
    yield from (
        "# Scoreboard",
        "",
        "Written by `make scoreboard`. One default policy for all rows unless a row says otherwise; nothing is tuned",
        "for a row. How each figure is defined stands in [simulator.md](simulator.md). All rows but `decision` are",
        f"simulated, so they are the same on every machine. Measured on {machine}.",
        "",
        f"**{verdict(rows)}.**",
        "",
    )
    yield from _table(_HEADS, [(row.name, *_cells(goal)) for row in rows for goal in row.goals])
    for row in rows:
        yield from _section(row)


def _section(row: Row) -> Iterator[str]:
    yield from ("", f"## {row.name}", "", _upper(row.workload) + ".")
    if row.skipped:
        yield from ("", f"Skipped: {row.skipped}.")
    for note in row.notes:
        yield from ("", note)
    for beside in row.beside:
        yield from ("", *_beside(beside))


def _beside(beside: Beside) -> Iterator[str]:
    yield from _table(beside.heads, beside.rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "|".join("---" for _ in heads) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _cells(goal: Goal) -> tuple[str, str, str, str]:
    met = {True: "yes", False: "**no**", None: ""}[goal.met]
    return goal.what, goal.goal, goal.found, met


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
