"""The report as Markdown."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from results import Finding, Function, NotAudited, Summary, biggest, most_complex


def page(summaries: list[Summary], lost: list[NotAudited]) -> str:
    """The whole report."""
    version = ".".join(map(str, sys.version_info[:3]))
    parts = [
        f"# Audit of the standard library of Python {version}\n",
        _sections(summaries),
        _findings("Modules that do not compile", [one for each in summaries for one in each["failures"]]),
        _findings("What the compiler warns of", [one for each in summaries for one in each["warnings"]]),
        _missing(summaries),
        _functions("biggest", biggest([one for each in summaries for one in each["biggest"]])),
        _functions("most complex", most_complex([one for each in summaries for one in each["most_complex"]])),
        _lost(lost),
    ]
    return "\n".join(parts)


def _sections(summaries: list[Summary]) -> str:
    rows = [_row(one["section"], [one]) for one in summaries]
    return _table(
        ("Section", "modules", "lines", "functions", "classes", "complexity per function", "documented"),
        [*rows, _row("**total**", summaries)],
    )


def _row(name: str, summaries: list[Summary]) -> tuple[str, ...]:
    functions = sum(one["functions"] for one in summaries)
    public = sum(one["public"] for one in summaries)
    documented = sum(one["documented"] for one in summaries)
    return (
        name,
        f"{sum(one['files'] for one in summaries):,}",
        f"{sum(one['lines'] for one in summaries):,}",
        f"{functions:,}",
        f"{sum(one['classes'] for one in summaries):,}",
        f"{sum(one['complexity'] for one in summaries) / functions:.1f}" if functions else "-",
        f"{documented:,} of {public:,}" + (f" ({100 * documented / public:.0f} %)" if public else ""),
    )


def _findings(title: str, findings: list[Finding]) -> str:
    rows = [(f"`{one['module']}`", str(one["line"]), one["reason"]) for one in findings]
    return _part(title, len(rows), _table(("Module", "line", "reason"), rows))


def _missing(summaries: list[Summary]) -> str:
    lines = [
        f"- {one['section']}: " + ", ".join(f"`{module}`" for module in one["missing"]) + "\n"
        for one in summaries
        if one["missing"]
    ]
    return _part("Modules without a docstring", sum(len(one["missing"]) for one in summaries), "".join(lines))


def _functions(which: str, functions: list[Function]) -> str:
    rows = [
        (
            f"`{one['module']}`",
            f"`{one['name']}`",
            str(one["line"]),
            str(one["lines"]),
            str(one["complexity"]),
        )
        for one in functions
    ]
    table = _table(("Module", "function", "at line", "lines", "complexity"), rows)
    return f"## The {len(rows)} {which} functions\n\n{table}"


def _lost(lost: list[NotAudited]) -> str:
    rows = [(one["title"], one["state"], one["reason"]) for one in lost]
    return _part("Not audited", len(rows), _table(("Task", "ended", "reason"), rows))


def _part(title: str, count: int, body: str) -> str:
    return f"## {title}: {count}\n\n{body}" if count else f"## {title}: none\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(map(_cell, line)) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
