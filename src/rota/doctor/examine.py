"""The whole examination, which goes on where one part of it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rota.doctor.database import database as look_inside
from rota.doctor.finding import Finding, fail, ok, warn
from rota.doctor.machine import machine
from rota.doctor.place import place
from rota.files.find import Database
from rota.model.errors import RotaError
from rota.store.owner import owner_of
from rota.store.view import check, libraries, view


def examine(database: Database, now: int) -> Iterator[Finding]:
    """One finding after the other; reads only. `now` in microseconds."""
    yield from machine(libraries(), now)
    in_use = False
    if database.kind == "sqlite":
        file = Path(database.at)
        yield from place(file)
        in_use = owner_of(database.at) is not None
        if not file.exists():
            yield _not_there(database)
            return
    try:
        with view(database.at) as reader:
            yield from look_inside(reader, now, in_use=in_use)
        wrong = check(database.at)
    except RotaError as error:
        yield fail("database", error.message, error.fix)
        return
    if wrong:
        damaged = database.kind == "sqlite"
        fix = "restore the newest backup; keep the damaged file" if damaged else "mend it, then look again"
        yield fail("database", "; ".join(wrong)[:2_000], fix)
    else:
        yield ok("database", "its own check finds nothing wrong")


def _not_there(database: Database) -> Finding:
    text = f"there is no {database.at} yet"
    if database.source == "default":
        return ok("database", text)
    return warn("database", text, "`rota add` and `rota run` make it; if it should be there, correct the name")
