"""`rota agent`: this terminal becomes an agent of a database."""

from __future__ import annotations

import os
import re
import shlex
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rota.agents.preflight import check_commands
from rota.agents.terminal import TerminalAgent
from rota.faces.cli.agent_view import AgentView, view_for
from rota.faces.cli.asking import place_of
from rota.faces.cli.hurry import Hurry, hurried
from rota.faces.cli.options import flag
from rota.faces.python.connect import transport_to
from rota.faces.python.way import RemoteWay
from rota.files.fleet import Fleet, FleetAgent, ProcessSettings, Workspace
from rota.model import check
from rota.model.agent import AgentSpec
from rota.model.bounds import NAME, SLOTS
from rota.model.errors import invalid
from rota.model.times import seconds

NOTHING = 5
"""Exit code when nothing came before the end; as of a claim."""


def agent(
    *command: Annotated[
        str, Parameter(allow_leading_hyphen=True, help="The program and its arguments; write -- before it.")
    ],
    name: Annotated[
        str | None, Parameter(help="Its name. Without one: this machine's, with the first number that is free.")
    ] = None,
    slots: Annotated[int, Parameter(name=("--slots", "-n"), help="How many tasks it does at once.")] = 1,
    skill: Annotated[
        tuple[str, ...], Parameter(negative=(), help="What it can do, and how well: python=3. Once for each.")
    ] = (),
    role: Annotated[str | None, Parameter(help="Its role, for tasks that ask for one.")] = None,
    region: Annotated[str | None, Parameter(help="Where it is, for tasks that ask for that.")] = None,
    pool: Annotated[str, Parameter(help="The pool whose queues it works for.")] = "default",
    check_: Annotated[
        str | None, Parameter(name="--check", help="A command that must end well for an answer to count; in quotes.")
    ] = None,
    timeout: Annotated[str | None, Parameter(help="The longest that an attempt may take: 90s, 5m.")] = None,
    stall: Annotated[str | None, Parameter(help="The longest that a command may say nothing.")] = None,
    grace: Annotated[str, Parameter(help="Between asking a command to end and ending it.")] = "10s",
    workspace: Annotated[Literal["worktree"] | None, Parameter(help="A git worktree for each attempt.")] = None,
    merge: Annotated[str | None, Parameter(help="The branch that worktrees begin at and are merged into.")] = None,
    limit: Annotated[
        str | None, Parameter(help="What its work is charged to at its provider, such as anthropic:account.")
    ] = None,
    replace: Annotated[
        bool, flag("Take the name over from another process that has it; its tasks go back at once.")
    ] = False,
    idle: Annotated[str | None, Parameter(help="End when nothing came for so long; without it, wait on.")] = None,
    quiet: Annotated[bool, flag("Say nothing but errors.")] = False,
    target: Annotated[
        str | None,
        Parameter(
            name=("--database", "-d"),
            help="A SQLite file, a postgresql:// address, or the http:// address of a `rota serve` (with ROTA_KEY). "
            "Without it: the database of this folder's session.",
        ),
    ] = None,
) -> int:
    """Turn this terminal into an agent: rota agent -- claude -p {brief}

    It claims one task after the other and runs the command for each, as an agent
    of a fleet.toml does: the task as JSON on its standard input, ROTA_*
    variables, {title} and the like in its arguments. Its standard output is the
    result. Exit code 0: done; 75: try again later; 65: it can never be done;
    others: a failed attempt.

    Ctrl-C: what is in work is finished, nothing new begun; once more: it is
    ended and given back. SIGTERM gives it back at once. When the owner or the
    service goes away meanwhile, it waits for it.
    """
    if not command:
        raise invalid("command", "there is none; write it after `--`: rota agent -- echo {title}")
    if command[0].startswith("-"):
        raise invalid("command", f"{command[0]!r} is no option of `rota agent`; options of the command stand after it")
    settings = ProcessSettings(
        folder=str(Path.cwd()),
        command=command,
        check=() if check_ is None else _words(check_),
        timeout=_span(timeout, "timeout"),
        stall=_span(stall, "stall"),
        grace=seconds(grace, "grace"),
        workspace=_workspace(workspace, merge),
    )
    spec = AgentSpec(
        name=_machine() if name is None else name,
        slots=check.number(slots, "slots", 1, SLOTS),
        skills=dict(map(_skill, skill)),
        role=role,
        region=region,
        pool=pool,
        limit=limit,
    )
    if replace and name is None:
        raise invalid("replace", "whose name it takes over must be said: --name NAME --replace")
    _check(spec, settings)
    with closing(transport_to(place_of(target), None, False)) as transport:
        worker = TerminalAgent(RemoteWay(transport), spec, settings, replace=replace)
        return _at_work(worker, view_for(quiet), named=name is not None, idle_s=_span(idle, "idle"))


def _at_work(worker: TerminalAgent, view: AgentView, *, named: bool, idle_s: float | None) -> int:
    with hurried(worker.board.wake) as hurry:
        worker.start(() if named else _numbered(worker.spec.name))
        try:
            view.begin(worker.spec)
            ended_idle = _worked(worker, view, hurry, idle_s)
        finally:
            view.close()
            worker.close()
    if worker.ended_by is not None and hurry.level == 0:
        raise worker.ended_by
    if ended_idle:
        return 0 if worker.came else NOTHING
    return hurry.exit_code


def _worked(worker: TerminalAgent, view: AgentView, hurry: Hurry, idle_s: float | None) -> bool:
    """Until it is over; whether that was because nothing came any more."""
    asked, busy_at, came, ended_idle = 0, time.monotonic(), 0, False
    while not worker.is_over:
        worker.board.wait(view.every_s)
        view.show(worker.board.standings()[0], ends=ended_idle or asked > 0)
        if worker.board.busy() or worker.came > came:
            busy_at, came = time.monotonic(), worker.came
        elif idle_s is not None and not ended_idle and time.monotonic() - busy_at >= idle_s:
            ended_idle = True
            worker.finish()
        if hurry.level > asked:
            asked = hurry.level
            worker.finish()
            if asked > 1:
                worker.give_back()
            view.ending(asked)
    return ended_idle


def _check(spec: AgentSpec, settings: ProcessSettings) -> None:
    made = FleetAgent(spec=spec, process=settings, table=0, line=0)
    check_commands(Fleet(folder=settings.folder, agents=(made,)))


def _machine() -> str:
    """A name of this machine that an agent can have."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", os.uname().nodename).strip("-")[: NAME - 8] or "agent"


def _numbered(name: str) -> Iterator[str]:
    return (f"{name}-{number}" for number in count(1))


def _words(text: str) -> tuple[str, ...]:
    try:
        found = tuple(shlex.split(text))
    except ValueError as error:
        raise invalid("check", f"can not be read as a command: {error}") from None
    if not found:
        raise invalid("check", "names no program")
    return found


def _workspace(wanted: str | None, merge: str | None) -> Workspace | None:
    if wanted is None and merge is not None:
        raise invalid("merge", "this is only used with --workspace worktree; add it, or leave this out")
    return None if wanted is None else Workspace(merge=merge)


def _skill(text: str) -> tuple[str, int]:
    name, equals, level = text.partition("=")
    if not name or (equals and not level.isdecimal()):
        raise invalid("skill", f"{text[:60]!r} is no skill; write python=3, or python for level 1")
    return name, int(level) if equals else 1


def _span(text: str | None, field: str) -> float | None:
    if text is None:
        return None
    found = seconds(text, field)
    if found == 0:
        raise invalid(field, "must be more than 0 seconds")
    return found
