"""`rota audit`: proves or refutes the promise."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from rota.audit.audit import audit as run_audit
from rota.audit.report import Report
from rota.faces.cli.amounts import count
from rota.faces.cli.asking import database_of
from rota.faces.cli.options import Json
from rota.faces.cli.progress import Progress
from rota.faces.cli.say import json_line, line
from rota.store.view import view

SHOWN = 20
"""Violations shown to people; --json names the first 1,000."""


def audit(
    database: Annotated[
        str | None, Parameter(name=("--database", "-d"), help="A SQLite file or a postgresql:// address.")
    ] = None,
    *,
    json: Json = False,
) -> int:
    """Prove or refute from the event log that the promise was kept; it ends with 1 and the evidence when it was not.

    It reads one committed state, beside whoever uses the database, and changes nothing. `-d` may be left out before
    the database.
    """
    progress = Progress("events")
    try:
        with view(database_of(database)) as reader:
            report = run_audit(reader, progress)
    finally:
        progress.close()
    if json:
        json_line(report)
    else:
        _show(report)
    return 0 if report.clean else 1


def _show(report: Report) -> None:
    for violation in report.violations[:SHOWN]:
        line(violation.text)
    total = sum(report.counts.values())
    if total > SHOWN:
        line(f"... and {total - SHOWN:,} more")
    if total:
        line()
    verdict = "clean" if report.clean else f"{count(total, 'violation')}: " + ", ".join(
        f"{n:,} {rule}" for rule, n in report.counts.items()
    )  # fmt: skip
    line(verdict)
    states = ", ".join(f"{n:,} {state}" for state, n in report.states.items())
    archived = f", {report.archived:,} archived" if report.archived else ""
    line(f"{count(report.tasks, 'task')} ({states or 'none'}{archived})")
    given, inversions = count(report.gives, "task"), count(report.inversions, "priority inversion")
    line(f"{count(report.events, 'event')}, {given} given to agents, {inversions}")
