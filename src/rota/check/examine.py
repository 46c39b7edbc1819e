"""The whole check of a fleet and a file of tasks."""

from __future__ import annotations

import re

from rota.agents.preflight import check_commands, missing_scripts
from rota.check import findings
from rota.check.forecast import MOST, forecast
from rota.check.plan_of_work import DEFAULT, History, Project
from rota.check.report import CheckReport, Finding
from rota.files.fleet import Fleet
from rota.files.tasks import nothing_in, open_tasks
from rota.model.errors import RotaError

_LINE = re.compile(r":\d+\b")
"""An error about what stands in a file names the line."""
ASSUMED_S = 60.0
"""What a task is taken to last when nothing says anything else, seconds."""
_OF_CONTENT = frozenset({"invalid", "too_large", "past", "cycle", "unknown_reference", "duplicate"})


def check(fleet: Fleet, file: str, history: History, now: int, *, assumed_s: float = ASSUMED_S) -> CheckReport:
    """Everything that can be told before anything runs. Raises only when a file can not be read at all."""
    found = [*_commands(fleet), *findings.cautions(fleet.cautions), *findings.cautions(missing_scripts(fleet))]
    slots = sum(agent.spec.slots for agent in fleet.agents)
    try:
        with open_tasks(file) as tasks:
            project = Project(fleet, tasks.tasks(), history, now, assumed_s=assumed_s)
            nothing = nothing_in(tasks)
    except RotaError as error:
        if error.code not in _OF_CONTENT or not _LINE.search(error.field or ""):
            raise
        found.append(_problem(error))
        return CheckReport(ok=False, tasks=0, agents=len(fleet.agents), slots=slots, findings=found, forecast=None)
    if nothing is not None:
        found.append(Finding(level="warning", code="no_tasks", text=nothing))
    found += findings.unknown_queues(project, {DEFAULT: None, **fleet.queues})
    found += findings.nobody(project)
    found += findings.dedicated(project)
    found += findings.held(project)
    if project.works:
        found += findings.unnamed_limits(project, fleet)
    found += findings.past_deadlines(project)
    found += findings.impossible_deadlines(project)
    expected = forecast(project, fleet, assumed_s=assumed_s)
    if expected.late:
        found.append(_late(expected.late))
    if len(project.works) > MOST:
        text = f"more than {MOST:,} tasks: the forecast only divides the work by the slots"
        found.append(Finding(level="warning", code="rough", text=text))
    return CheckReport(
        ok=all(one.level != "problem" for one in found),
        tasks=len(project.works),
        agents=len(fleet.agents),
        slots=slots,
        findings=found,
        forecast=expected,
    )


def _commands(fleet: Fleet) -> list[Finding]:
    try:
        check_commands(fleet)
    except RotaError as error:
        return [_problem(error)]
    return []


def _problem(error: RotaError) -> Finding:
    where = f"{error.field}: " if error.field else ""
    return Finding(level="problem", code=error.code, text=f"{where}{error.message}", fix=error.fix)


def _late(late: int) -> Finding:
    return Finding(
        level="warning",
        code="late",
        text="will probably miss its deadline" if late == 1 else "will probably miss their deadlines",
        fix="add agents or slots, or raise the priority of these tasks",
        tasks=late,
    )
