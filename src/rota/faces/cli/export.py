"""`rota export`: the history of a database as a workload to simulate, or its projects for taskqueue-mcp."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rota.faces.cli.asking import asking, database_of
from rota.faces.cli.options import Database, Json
from rota.faces.cli.progress import Progress
from rota.faces.cli.say import Usage, json_line, line, talk
from rota.files.session import database_of_session
from rota.simulator.export import check_target, export_fleet, export_workload
from rota.simulator.history import Recorded
from rota.store.new_file import new_file
from rota.store.view import view

SHOWN = 5


def export(
    *,
    workload: Annotated[str | None, Parameter(help="The new file of tasks: .jsonl, or .jsonl.gz.")] = None,
    fleet: Annotated[str | None, Parameter(help="Also write agents, queues and pools to this new .toml file.")] = None,
    taskqueue: Annotated[
        str | None, Parameter(help="Write all projects to this new .json file, as taskqueue-mcp has them.")
    ] = None,
    database: Database = None,
    json: Json = False,
) -> int:
    """Write the history of a database as a workload: what came when, what it needed, how long it took.

    rota export --workload history.jsonl.gz --fleet then.toml
    rota simulate history.jsonl.gz --fleet then.toml --compare default,fifo
    rota simulate history.jsonl.gz --fleet larger.toml

    Titles, descriptions, payloads and results stay in the database. It reads one
    committed state, beside whoever uses the database, and changes nothing.

    With --taskqueue it writes the projects with their tasks instead, of the database
    that `rota mcp` works on in this folder unless another is named. See `rota import`.
    """
    if taskqueue is not None:
        if workload is not None or fleet is not None:
            raise Usage(
                "--taskqueue writes another kind of file", "give it alone, and the others in a call of their own"
            )
        return _export_taskqueue(taskqueue, database, json)
    if workload is None and fleet is None:
        raise Usage(
            "it is not said what to write",
            "`--workload FILE.jsonl.gz` writes the tasks, --fleet the agents, --taskqueue the projects",
        )
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


def _export_taskqueue(target: str, database: str | None, json: bool) -> int:
    from rota.faces.mcp.file_mode.document import written
    from rota.faces.mcp.moving.asked import Reading
    from rota.faces.mcp.moving.out import take_out

    path = check_target(target, "--taskqueue", (".json",))
    with asking(database_of_session(database)) as ask:
        out = take_out(Reading(ask))
    with new_file(str(path)) as file:
        file.write(written(out.document))
    if json:
        json_line({"file": str(path), "projects": out.projects, "tasks": out.tasks, "left_out": out.left_out})
        return 0
    line(f"{out.projects:,} projects with {out.tasks:,} tasks written to {path}")
    if out.left_out:
        talk(f"{out.left_out:,} tasks were left out: they were cancelled or have expired")
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
