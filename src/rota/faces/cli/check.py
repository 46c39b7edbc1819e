"""`rota check`: what is wrong with a fleet and its tasks, and what they will take, before anything runs."""

from __future__ import annotations

import os
from pathlib import Path
from time import time_ns
from typing import Annotated

from cyclopts import Parameter

from rota.check.examine import ASSUMED_S
from rota.check.examine import check as examine
from rota.check.plan_of_work import History, history_of
from rota.check.report import CheckReport, Finding, Forecast
from rota.faces.cli.columns import columns
from rota.faces.cli.options import Database, Json
from rota.faces.cli.say import Usage, json_line, line
from rota.files.find import find_database, find_fleet
from rota.files.fleet import Fleet
from rota.files.toml import load_fleet
from rota.model.errors import RotaError
from rota.model.times import seconds

SHOWN = 50
"""Findings shown to people; --json has all."""


def check(
    fleet: Annotated[
        str | None, Parameter(help="The fleet.toml; without it, the nearest from this folder upward.")
    ] = None,
    tasks: Annotated[str | None, Parameter(help="The file of tasks.", allow_leading_hyphen=True)] = None,
    /,
    *,
    assume: Annotated[str | None, Parameter(help="How long a task takes that nothing is known of; 60s.")] = None,
    database: Database = None,
    json: Json = False,
) -> int:
    """Check a fleet and its tasks, and estimate end and cost. It ends with 1 when something can not be done.

    Found are tasks that nobody may do, with the reason for each agent, unknown queues and references, cycles,
    duplicates, commands that are not there, and deadlines that can not be met. The forecast takes durations from the
    tasks' estimates, else from what the database has learnt.
    """
    if tasks is None and fleet is not None and Path(fleet).suffix.lower() != ".toml":
        fleet, tasks = None, fleet
    if tasks is None:
        raise Usage("no file of tasks is named", "`rota check FLEET TASKS`")
    loaded = load_fleet(fleet or _nearest())
    assumed_s = ASSUMED_S if assume is None else seconds(assume, "assume")
    history = _history(loaded, database)
    report = examine(loaded, tasks, history, time_ns() // 1_000, assumed_s=assumed_s)
    if json:
        json_line(report)
    else:
        _show(report)
    return 0 if report.ok else 1


def _nearest() -> str:
    found = find_fleet(Path.cwd())
    if found is None:
        raise Usage("there is no fleet.toml here or above", "`rota check FLEET TASKS`")
    return str(found)


def _history(fleet: Fleet, database: str | None) -> History:
    """What the fleet's database has learnt; nothing when there is none yet."""
    from rota.store.view import view

    at = find_database(database, fleet, os.environ, Path.cwd()).at
    try:
        with view(at) as reader:
            return history_of(reader)
    except RotaError as error:
        if error.code == "no_database" and database is None:
            return History()
        raise


def _show(report: CheckReport) -> None:
    for finding in report.findings[:SHOWN]:
        _finding(finding)
    if len(report.findings) > SHOWN:
        line(f"... and {len(report.findings) - SHOWN:,} more")
    if report.findings:
        line()
    line(f"{report.tasks:,} tasks, {report.agents:,} agents with {report.slots:,} slots")
    if report.forecast is not None:
        _forecast(report.forecast)


def _finding(finding: Finding) -> None:
    about = f" {finding.tasks:,} {_tasks(finding.tasks)}" if finding.tasks else ""
    more = ", ..." if finding.tasks > len(finding.lines) > 0 else ""
    where = f" (line {', '.join(map(str, finding.lines))}{more})" if finding.lines else ""
    line(f"{finding.level}:{about}{where}{':' if about else ''} {finding.text}")
    for name, reason in finding.agents.items():
        line(f"    {name}: {reason}")
    if finding.fix:
        line(f"    -> {finding.fix}")


def _forecast(found: Forecast) -> None:
    line(f"expected: done in {_span(found.finish_s)}, {_span(found.work_s)} of work, cost {found.cost:,.2f}")
    if found.left_out:
        line(f"left out: {found.left_out:,} {_tasks(found.left_out)} that can not be done as it is")
    if found.assumed:
        each = f"{found.assumed:,} {_tasks(found.assumed)} without estimate or history"
        line(f"assumed: {_span(found.assumed_s)} for each of {each}")
    line()
    rows = [
        (agent.name, agent.tasks, _span(agent.busy_s), f"{agent.utilisation:.0%}", f"{agent.cost:,.2f}")
        for agent in found.agents
    ]
    columns(("AGENT", "TASKS", "BUSY", "UTILISATION", "COST"), rows)


def _tasks(n: int) -> str:
    return "task" if n == 1 else "tasks"


def _span(seconds_: float) -> str:
    """`95.4` -> `1m35s`."""
    if seconds_ < 10:
        return f"{seconds_:.1f}s"
    whole = round(seconds_)
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (left, "s")]
    return "".join(f"{n}{unit}" for n, unit in parts if n) or "0s"
