"""`rota run`: a fleet does all tasks of a file."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from rota.agents.budget import amount_of
from rota.agents.obstacles import Obstacle
from rota.agents.preflight import check_commands
from rota.faces.cli.card import page
from rota.faces.cli.options import Database, Json, flag
from rota.faces.cli.say import json_line, line, talk
from rota.faces.cli.shift import Order, Result, shift
from rota.files.find import find_database, find_fleet
from rota.files.tasks import open_tasks
from rota.files.toml import load_fleet
from rota.model.errors import RotaError


def run(
    fleet: Annotated[
        str | None, Parameter(help="The fleet.toml; without it, the nearest one from this folder upward.")
    ] = None,
    tasks: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True, help="The tasks: .jsonl, .csv, .md or .txt; - is JSONL from standard input."
        ),
    ] = None,
    /,
    *,
    again: Annotated[bool, flag("Submit the tasks anew, though they were submitted before.")] = False,
    wait: Annotated[bool, flag("Wait for a change when nothing can be done at the moment.")] = False,
    budget: Annotated[
        str | None, Parameter(help="The most that all its tasks may cost, such as 40usd; then it ends and asks.")
    ] = None,
    quiet: Annotated[bool, flag("No progress on the standard error.")] = False,
    database: Database = None,
    json: Json = False,
) -> int:
    """Do all tasks of a file with the agents of a fleet, and end with a scorecard.

    Run again, it goes on where it was: tasks are submitted once. Ctrl-C gives
    back what is in work; once more, it ends at once. Without TASKS it works off
    what waits in the database and ends when nothing is left to do.

    Exit code 0: every task is done. 8: all have ended, some of them dead,
    cancelled or expired. 9: some cannot go on. 130: interrupted.
    """
    fleet, tasks = _told_apart(fleet, tasks)
    most = None if budget is None else amount_of(budget)
    loaded = load_fleet(fleet or _nearest())
    check_commands(loaded)
    for caution in loaded.cautions:
        talk(f"warning: {caution}")
    at = find_database(database, loaded, os.environ, Path.cwd()).at
    with ExitStack() as stack:
        file = None if tasks is None else stack.enter_context(open_tasks(tasks))
        order = Order(
            fleet=loaded, database=at, file=file, again=again, wait=wait, may_wait=True, quiet=quiet, budget=most
        )
        result = shift(order)
    if json:
        json_line(as_json(result))
    else:
        for text in page(result.card):
            line(text)
    return result.exit_code


def as_json(result: Result) -> dict[str, Any]:
    """The final object: how it ended, what stands in the way, and every figure of the scorecard."""
    finish = result.finish
    return {
        "ended": finish.how,
        "exit_code": result.exit_code,
        "obstacles": [_obstacle(one) for one in finish.obstacles],
        **msgspec.to_builtins(result.card),
    }


def _obstacle(obstacle: Obstacle) -> dict[str, Any]:
    examples = [{"id": task, "title": title} for task, title in obstacle.examples]
    return {"reason": obstacle.reason, "tasks": obstacle.tasks, "examples": examples}


def _told_apart(fleet: str | None, tasks: str | None) -> tuple[str | None, str | None]:
    """A single file that is no TOML is a file of tasks."""
    if tasks is None and fleet is not None and Path(fleet).suffix.lower() != ".toml":
        return None, fleet
    return fleet, tasks


def _nearest() -> str:
    found = find_fleet(Path.cwd())
    if found is None:
        raise RotaError(
            "invalid",
            f"there is no fleet.toml in {str(Path.cwd())!r} or above it; name one, or try `rota each FILE -- COMMAND`",
            field="fleet",
        )
    return str(found)
