"""`rota each`: a command for each task of a file, without any set-up."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from rota.agents.batch import Batch
from rota.agents.budget import amount_of
from rota.agents.endings import Endings
from rota.agents.preflight import check_commands
from rota.faces.cli.card import page
from rota.faces.cli.options import flag
from rota.faces.cli.say import json_line, talk
from rota.faces.cli.shift import Order, shift
from rota.files.find import find_database
from rota.files.fleet import Fleet, FleetAgent, ProcessSettings, Workspace
from rota.files.tasks import Format, open_tasks
from rota.model import check
from rota.model.agent import AgentSpec, Cost
from rota.model.bounds import ATTEMPTS, SLOTS
from rota.model.errors import invalid
from rota.model.queue import QueuePolicy
from rota.model.task import TaskSpec
from rota.model.times import seconds
from rota.operations.distributor import Distributor

AGENT = QUEUE = "each"


def each(
    file: Annotated[
        str,
        Parameter(
            allow_leading_hyphen=True,
            help="The tasks: .jsonl, .csv, .md (checkboxes) or .txt (a title a line); - is standard input.",
        ),
    ],
    /,
    *command: Annotated[
        str, Parameter(allow_leading_hyphen=True, help="The program and its arguments; write -- before it.")
    ],
    slots: Annotated[int, Parameter(name=("--slots", "-n"), help="How many run at once.")] = 4,
    attempts: Annotated[int, Parameter(help="Failed attempts after which a task is dead.")] = 3,
    timeout: Annotated[str | None, Parameter(help="The longest that an attempt may take: 90s, 5m.")] = None,
    form: Annotated[
        Format | None, Parameter(name="--format", help="What the file is, when its name does not say it.")
    ] = None,
    worktree: Annotated[
        bool, flag("Each attempt in a git worktree and on a branch of its own, of the repository of this folder.")
    ] = False,
    merge: Annotated[
        str | None, Parameter(help="With --worktree: the branch that work begins at and is merged into.")
    ] = None,
    approval: Annotated[bool, flag("A person approves each outcome before it counts: see `rota review`.")] = False,
    budget: Annotated[
        str | None, Parameter(help="The most that all of it may cost, such as 40usd; then it ends and asks.")
    ] = None,
    per_hour: Annotated[
        float, Parameter(help="What an hour of the command costs, where its answer does not say what it cost.")
    ] = 0.0,
    again: Annotated[bool, flag("Do all of it anew, though it was done before.")] = False,
    quiet: Annotated[bool, flag("No progress and no scorecard on the standard error.")] = False,
    database: Annotated[
        str | None,
        Parameter(name=("--database", "-d"), help="Where it is kept. Without it: in .rota/, by file and command."),
    ] = None,
) -> int:
    """Run a command for each task of a file: rota each -n 8 FILE -- COMMAND {title}

    The command gets the task as JSON on its standard input, and its fields in
    the place of {title}, {description}, {brief}, {payload.KEY}. Its standard
    output is the result. Exit code 0: done; 75: try again later; 65: it can
    never be done; others: a failed attempt.

    Each task that has ended is one line of JSON on the standard output: id,
    title, state, result, error. Run again, it goes on where it was, and prints
    all of them again. Exit codes are those of `rota run`.

    Without -d it keeps a database of its own in the folder .rota, one for each
    file and command; a list that has changed is a new list.
    """
    if not command:
        raise invalid("command", "there is none; write it after `--`: rota each backlog.md -- echo {title}")
    if file.startswith("-") and file != "-":
        raise invalid("file", f"{file!r} is no option of `rota each`; options of the command stand after `--`")
    fleet = _fleet(command, slots, attempts, timeout, _workspace(worktree, merge), approval, per_hour)
    most = None if budget is None else amount_of(budget)
    check_commands(fleet)
    with open_tasks(file, form) as tasks:
        kept = find_database(database or _place(file, tasks.digest, command), None, {}, Path.cwd()).at
        order = Order(
            fleet=fleet, database=kept, file=tasks, again=again, quiet=quiet, change=_for_anybody, budget=most
        )
        result = shift(order, _printing)
    if not quiet:
        for text in page(result.card):
            talk(text)
        if result.card.states.get("review"):
            talk(f"what waits for approval: rota review -d {_from_here(kept)}")
        if result.card.dead:
            talk(f"what failed for good: rota dead -d {_from_here(kept)}; `rota redrive` gives it a new life")
    return result.exit_code


def _workspace(worktree: bool, merge: str | None) -> Workspace | None:
    if not worktree and merge is not None:
        raise invalid("merge", "is for work in worktrees; add --worktree")
    return Workspace(merge=merge) if worktree else None


def _fleet(
    command: tuple[str, ...],
    slots: int,
    attempts: int,
    timeout: str | None,
    workspace: Workspace | None,
    approval: bool,
    per_hour: float,
) -> Fleet:
    folder = str(Path.cwd())
    check.number(slots, "slots", 1, SLOTS)
    check.number(attempts, "attempts", 1, ATTEMPTS)
    limit = None if timeout is None else seconds(timeout, "timeout")
    if limit == 0:
        raise invalid("timeout", "must be more than 0 seconds")
    check.amount(per_hour, "per_hour")
    cost = Cost(per_hour=per_hour) if per_hour else None
    settings = ProcessSettings(folder=folder, command=command, timeout=limit, workspace=workspace)
    agent = FleetAgent(spec=AgentSpec(name=AGENT, slots=slots, cost=cost), process=settings, table=0, line=0)
    return Fleet(folder=folder, queues={QUEUE: QueuePolicy(max_attempts=attempts, approval=approval)}, agents=(agent,))


def _place(file: str, digest: str, command: tuple[str, ...]) -> str:
    """A database of its own for each file and command; of what has no name, for each content and command."""
    what = f"stdin {digest}" if file == "-" else str(Path(file).resolve())
    mark = sha256("\0".join((what, *command)).encode(errors="surrogateescape")).hexdigest()[:12]
    return str(Path(".rota", f"each-{mark}.db"))


def _from_here(kept: str) -> str:
    return kept if "://" in kept else os.path.relpath(kept)


def _for_anybody(spec: TaskSpec) -> TaskSpec:
    """There is one agent, which does everything: what the task asks of one, and its queue, do not count here."""
    return msgspec.structs.replace(spec, queue=QUEUE, skills={}, role=None, regions=[], pin=None, ban=[])


def _printing(distributor: Distributor, batch: Batch | None) -> Callable[[], None]:
    assert batch is not None
    endings = Endings(distributor, batch.label)

    def print_fresh() -> None:
        for task in endings.fresh():
            json_line(
                {
                    "id": task.id,
                    "title": task.title,
                    "state": task.state,
                    "result": task.result,
                    "error": None if task.state == "done" else task.reason,
                }
            )
        sys.stdout.flush()

    return print_fresh
