"""What can be seen to be wrong with a fleet's commands before any task is given out."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from rota.agents.placeholders import PlaceholderError, check_arguments, names_in
from rota.files.fleet import Fleet, FleetAgent, ProcessSettings
from rota.files.place import shown
from rota.model.errors import invalid


def check_commands(fleet: Fleet) -> None:
    """Refuse a fleet with an unknown placeholder, or a program that is not there, naming the agent's field."""
    seen: set[int] = set()
    for agent in fleet.agents:
        if agent.process is None or agent.table in seen:
            continue
        seen.add(agent.table)
        for field, argv in (("command", agent.process.command), ("check", agent.process.check)):
            if argv:
                _check(argv, agent.process, _place(fleet, agent, field))


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


def _place(fleet: Fleet, agent: FleetAgent, field: str) -> str:
    return f"{shown(fleet.file)}:{agent.line} agent[{agent.table}].{field}" if fleet.file else field
