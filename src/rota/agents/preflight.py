"""What can be seen to be wrong with a fleet's commands before any task is given out."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from rota.agents.modules import missing
from rota.agents.placeholders import PlaceholderError, check_arguments, names_in
from rota.agents.worktree.repository import repository_of
from rota.files.fleet import Fleet, FleetAgent, ProcessSettings
from rota.files.place import Caution, shown
from rota.model.errors import invalid

_SCRIPT = re.compile(r"[\w./][\w./-]*\.(py|sh)")


def check_commands(fleet: Fleet) -> None:
    """Refuse a fleet with an unknown placeholder, or a program or module that is not there, naming the field."""
    seen: set[int] = set()
    for agent in fleet.agents:
        if agent.process is None or agent.table in seen:
            continue
        seen.add(agent.table)
        for field, argv in (("command", agent.process.command), ("check", agent.process.check)):
            if argv:
                _check(argv, agent.process, _place(fleet, agent, field))
        if agent.process.health:
            _check_health(agent.process.health, agent.process, _place(fleet, agent, "health"))
        if agent.process.workspace is not None:
            repository_of(agent.process.folder, _place(fleet, agent, "workspace"), agent.process.workspace.merge)
        else:
            _check_no_worktree(agent.process, fleet, agent)
        if agent.process.python is not None:
            _check_function(agent.process.python, agent.process, _place(fleet, agent, "python"))


def missing_scripts(fleet: Fleet) -> Iterator[Caution]:
    """Scripts that commands name and that are not in the fleet's folder. What is in worktrees is not looked at."""
    seen: set[int] = set()
    for agent in fleet.agents:
        settings = agent.process
        if settings is None or settings.workspace is not None or agent.table in seen:
            continue
        seen.add(agent.table)
        for field, argv in (("command", settings.command), ("check", settings.check), ("health", settings.health)):
            script = next((word for word in argv[1:] if _SCRIPT.fullmatch(word)), None)
            if script is not None and not (Path(settings.folder) / script).exists():
                text = f"there is no {script!r} in {settings.folder!r}; correct the path, or put it there"
                yield Caution(_place(fleet, agent, field), text)


def _check_no_worktree(settings: ProcessSettings, fleet: Fleet, agent: FleetAgent) -> None:
    for field, argv in (("command", settings.command), ("check", settings.check)):
        for name in {name for argument in argv for name in names_in(argument)} & {"worktree", "branch", "base"}:
            message = f'{{{name}}} is there with workspace = "worktree" alone; add that, or leave it out'
            raise invalid(_place(fleet, agent, field), message)


def _check_health(argv: tuple[str, ...], settings: ProcessSettings, field: str) -> None:
    for name in {name for argument in argv for name in names_in(argument)} - {"python"}:
        raise invalid(field, f"{{{name}}} is a field of a task, and there is none; only {{python}} can stand here")
    _check(argv, settings, field)


def _check(argv: tuple[str, ...], settings: ProcessSettings, field: str) -> None:
    try:
        check_arguments(argv)
    except PlaceholderError as error:
        raise invalid(field, str(error)) from None
    program = argv[0].replace("{python}", sys.executable)
    if names_in(program):
        return
    path = {**os.environ, **settings.env}.get("PATH", os.defpath)
    if os.sep not in program:
        if shutil.which(program, path=path) is None:
            raise invalid(field, f"the command {program!r} was not found on PATH; install it, or write its full path")
        return
    found = Path(settings.folder) / program
    if not found.exists():
        raise invalid(field, f"the command {str(found)!r} does not exist; correct its path")
    if found.is_dir() or not os.access(found, os.X_OK):
        raise invalid(field, f"{str(found)!r} may not be executed; try: chmod +x {found}")


def _check_function(target: str, settings: ProcessSettings, field: str) -> None:
    module, colon, function = target.partition(":")
    if not (module and colon and function):
        raise invalid(field, f"{target!r} does not name a function; write 'module:function'")
    absent = missing(module, settings.folder, {**os.environ, **settings.env})
    if absent is not None:
        raise invalid(field, f"there is no module {absent!r}: looked in {settings.folder!r} and along PYTHONPATH")


def _place(fleet: Fleet, agent: FleetAgent, field: str) -> str:
    return f"{shown(fleet.file)}:{agent.line} agent[{agent.table}].{field}" if fleet.file else field
