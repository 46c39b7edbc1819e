"""Carrying a database over: everything that is in it, ids, leases and tokens included, while nobody uses it.

The target is made in one go: it is there whole and compared with the source, or not at all. Just before it is there
the source is marked as carried off, so that at no moment two databases go on with the same tasks. A move that was cut
off in between is finished by the same command.
"""

from __future__ import annotations

import secrets
import time
from contextlib import AbstractContextManager
from importlib import import_module

import msgspec

from rota.store.move import sqlite
from rota.store.move.carry import Carried, Progress, carry
from rota.store.move.ends import Source, Target
from rota.store.move.mark import CAME, Mark, gone
from rota.store.view import POSTGRES


class Moved(msgspec.Struct):
    """What was carried. `before`: an earlier command had finished it, and nothing was left to do."""

    source: str
    target: str
    rows: int = 0
    tables: list[Carried] = []
    before: bool = False


def move(source: str, target: str, progress: Progress) -> Moved:
    """Carry the database `source` over to the new one `target`; each a path, `sqlite:///path` or PostgreSQL DSN.

    Refused, with nothing changed, when the source is in use, damaged or of another version, and when the target is
    not empty.
    """
    with _source(source) as here:
        went = here.went()
        if went is not None and (came := _came(target)) is not None and came.id == went.id:
            return Moved(source=here.name, target=went.place, before=True)
        with _target(target) as there:
            if went is not None and went.place != there.name:
                raise gone(here.name, went)
            tables = carry(here, there, progress)
            mark = went or Mark(secrets.token_hex(12), there.name, time.time_ns() // 1_000)
            there.note(CAME, Mark(mark.id, here.name, mark.at).text)
            if went is None:
                here.leave(mark)
            there.keep()
        return Moved(source=here.name, target=there.name, rows=sum(table.rows for table in tables), tables=tables)


def _source(database: str) -> AbstractContextManager[Source]:
    if not database.startswith(POSTGRES):
        return sqlite.source(database)
    _need_driver()
    from rota.store.move import postgres

    return postgres.source(database)


def _target(database: str) -> AbstractContextManager[Target]:
    if not database.startswith(POSTGRES):
        return sqlite.target(database)
    _need_driver()
    from rota.store.move import postgres

    return postgres.target(database)


def _came(database: str) -> Mark | None:
    if not database.startswith(POSTGRES):
        return sqlite.came(database)
    from rota.store.move import postgres

    return postgres.came(database)


def _need_driver() -> None:
    """PostgreSQL's is an extra; the store says which."""
    import_module("rota.store.postgres")
