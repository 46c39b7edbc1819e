"""`rota backup` and `rota restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rota.faces.cli.asking import database_of
from rota.faces.cli.options import Database, Json
from rota.faces.cli.say import json_line, line
from rota.model.commands.read import BackedUp
from rota.store.restore import restore as make_from
from rota.store.view import back_up


def backup(
    file: Annotated[str, Parameter(help="The new file; one that exists is never replaced.")],
    /,
    *,
    database: Database = None,
    json: Json = False,
) -> int:
    """Write a complete copy of a database while it is in use: one committed state of it."""
    path = Path(file).expanduser().absolute()
    back_up(database_of(database), str(path))
    done = BackedUp(path=str(path), bytes=path.stat().st_size)
    if json:
        json_line(done)
    else:
        line(f"{done.path} ({done.bytes:,} bytes)")
    return 0


def restore(
    file: Annotated[str, Parameter(help="A file that `rota backup` wrote.")],
    /,
    *,
    database: Database = None,
    json: Json = False,
) -> int:
    """Make a database from a copy. A database that exists is never replaced: move it away first."""
    where = database_of(database)
    make_from(str(Path(file).expanduser().absolute()), where)
    # An address may hold a password.
    shown = where if "://" not in where else "the PostgreSQL database"
    if json:
        json_line({"database": shown})
    else:
        line(f"{shown} is restored")
    return 0
