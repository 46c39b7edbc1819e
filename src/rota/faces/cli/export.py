"""`rota export`: the history of a database as a workload to simulate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rota.faces.cli.asking import database_of
from rota.faces.cli.options import Database, Json
from rota.faces.cli.progress import Progress
from rota.faces.cli.say import Usage, json_line, line, talk
from rota.simulator.export import check_target, export_fleet, export_workload
from rota.simulator.history import Recorded
from rota.store.view import view

SHOWN = 5


def export(
    *,
    workload: Annotated[str | None, Parameter(help="The new file of tasks: .jsonl, or .jsonl.gz.")] = None,
    fleet: Annotated[str | None, Parameter(help="Also write agents, queues and pools to this new .toml file.")] = None,
    database: Database = None,
    json: Json = False,
) -> int:
    """Write the history of a database as a workload: what came when, what it needed, how long it took.

    rota export --workload history.jsonl.gz --fleet then.toml
    rota simulate history.jsonl.gz --fleet then.toml --compare default,fifo
    rota simulate history.jsonl.gz --fleet larger.toml

    Titles, descriptions, payloads and results stay in the database. It reads one
    committed state, beside whoever uses the database, and changes nothing.
    """
    if workload is None and fleet is None:
        raise Usage("it is not said what to write", "`--workload FILE.jsonl.gz` writes the tasks, --fleet the agents")
    tasks = None if workload is None else check_target(workload, "--workload", (".jsonl", ".jsonl.gz"))
    agents = None if fleet is None else check_target(fleet, "--fleet", (".toml",))
    recorded: Recorded | None = None
    with view(database_of(database)) as reader:
        if tasks is not None:
            progress = Progress("exporting")
            try:
                recorded = export_workload(reader, tasks, lambda number: progress(number, number))
            finally:
                progress.close()
        known = None if agents is None else export_fleet(reader, agents)
    if json:
        json_line({"workload": _text(tasks), "fleet": _text(agents), "agents": known, "recorded": recorded})
        return 0
    if tasks is not None and recorded is not None:
        _show(tasks, recorded)
    if agents is not None:
        line(f"{known:,} agents written to {agents}")
    return 0


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _show(path: Path, recorded: Recorded) -> None:
    line(f"{recorded.tasks:,} tasks written to {path}")
    if recorded.with_deadline:
        line(f"{recorded.deadlines_met:,} of {recorded.with_deadline:,} deadlines were met")
    if recorded.left_out:
        talk(f"{recorded.left_out:,} cancelled tasks were left out")
    if recorded.unknown:
        talk(f"{recorded.unknown:,} tasks were never done: their work is their estimate, or the mean of their kind")
    failing = sorted(recorded.failed, key=lambda name: (-recorded.failed[name], name))
    if failing:
        settings = " ".join(
            f"--set agent.{name}.fail={recorded.failed[name] / recorded.attempts[name]:.3g}" for name in failing[:SHOWN]
        )
        more = " ..." if len(failing) > SHOWN else ""
        talk(f"attempts failed; to simulate that: {settings}{more}")
