"""`rota move`: carries a database over to another place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rota.faces.cli.amounts import count
from rota.faces.cli.options import Json
from rota.faces.cli.progress import Progress
from rota.faces.cli.say import json_line, line, talk
from rota.files.find import find_database
from rota.owner.unused import unused
from rota.store.move.move import Moved
from rota.store.move.move import move as carry_over


def move(
    source: Annotated[str, Parameter(name="FROM", help="The database: a SQLite file or a postgresql:// address.")],
    target: Annotated[str, Parameter(name="TO", help="Where it goes: a new file, or an empty PostgreSQL database.")],
    /,
    *,
    json: Json = False,
) -> int:
    """Carry a database over: SQLite file to PostgreSQL, back, or to another of its kind. Nobody may use it meanwhile.

    Everything goes along, with ids, leases and their tokens, history and keys:
    agents that hold a task complete it in the new place. The new database is
    there whole and compared with the old one, table by table, or not at all.

    The old one stays as it was, but is marked: it can be looked at and backed
    up, and nobody goes on with it. Cut off, the same command begins anew.
    """
    here, there = (find_database(one, None, os.environ, Path.cwd()).at for one in (source, target))
    progress = Progress("carrying")
    with unused(here):
        try:
            moved = carry_over(here, there, progress)
        finally:
            progress.close()
    if json:
        json_line(moved)
    else:
        _show(moved)
    return 0


def _show(moved: Moved) -> None:
    if moved.before:
        talk(f"{moved.source} was moved to {moved.target} before; nothing was left to do")
        return
    tables = count(len(moved.tables), "table")
    line(f"{count(moved.rows, 'row')} of {tables} carried to {moved.target}: counts and checksums are the same")
    talk(f"{moved.source} is marked as moved: it can be read, and nobody goes on with it")
