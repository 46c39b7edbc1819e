"""`rota import`: the projects of a taskqueue-mcp file into a database."""

from __future__ import annotations

from pathlib import Path
from time import time_ns
from typing import Annotated, Any

from cyclopts import Parameter

from rota.faces.cli.options import Json
from rota.faces.cli.say import json_line, line, talk
from rota.faces.mcp.classic.errors import ToolError
from rota.faces.mcp.file_mode.access import look
from rota.faces.mcp.moving.asked import Asked
from rota.faces.mcp.moving.into import Moved, take_in
from rota.files.session import database_of_session
from rota.model.errors import invalid
from rota.owner.link import Link

SHOWN = 20
"""Ids of one project that are told one by one."""


def import_(
    file: Annotated[str, Parameter(help="The tasks.json of taskqueue-mcp; it stays as it is.")],
    /,
    *,
    database: Annotated[
        str | None,
        Parameter(
            name=("--database", "-d"),
            help="A SQLite file or a postgresql:// address. Without it: where `rota mcp` works in this folder.",
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Bring the projects of a taskqueue-mcp file into a database, which may be in use.

    rota import ~/.local/share/taskqueue-mcp/tasks.json
    rota export --taskqueue tasks.json

    Projects and tasks get new ids, which are told. What the database has no place for is remembered and comes
    back with the export. The same project comes in once, however often its file is imported.
    """
    document = _document(file)
    beside = [key for key in document if key != "projects"]
    moved: list[Moved] = []
    link = Link(database_of_session(database))
    try:
        for one in take_in(Asked(link), document, time_ns() // 1_000):
            moved.append(one)
            if not json:
                _show(one)
    finally:
        link.close()
    if json:
        json_line({"file": file, "projects": [_plain(one) for one in moved]})
    elif not moved:
        line("there are no projects in it")
    if beside and not moved:
        talk(f"left out, as there is no project to remember it with: {', '.join(beside)}")
    return 0


def _document(file: str) -> Any:
    path = Path(file).expanduser()
    if not path.exists():
        raise invalid("file", f"there is no file {path}")
    try:
        return look(str(path.absolute()), lambda document: document)
    except ToolError as error:
        raise invalid("file", f"{path}: {error}") from None


def _show(moved: Moved) -> None:
    line(f"{moved.was} is {moved.project} now, with {len(moved.tasks):,} tasks")
    for was, now in moved.tasks[:SHOWN]:
        line(f"  {was} is {now} now")
    if len(moved.tasks) > SHOWN:
        talk(f"  and {len(moved.tasks) - SHOWN:,} more; --json names them all")


def _plain(moved: Moved) -> dict[str, Any]:
    return {
        "was": moved.was,
        "project": moved.project,
        "tasks": [{"was": was, "task": now} for was, now in moved.tasks],
    }
