"""A database seen from outside: read only, beside whoever owns it, leaving no trace in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rota.model.errors import RotaError
from rota.store.file_path import check_kind
from rota.store.migrate import VERSION_KEY
from rota.store.protocol import Reader
from rota.store.schema import MIGRATIONS
from rota.store.sql.fleet import GET_META

if TYPE_CHECKING:
    import apsw

POSTGRES = ("postgresql://", "postgres://")


@contextmanager
def view(database: str) -> Iterator[Reader]:
    """One committed state of an existing database of this version of Rota."""
    with _opened(database) as reader:
        refuse_version(version_of(reader))
        yield reader


def refuse_version(found: int) -> None:
    """Refuse tables of another version than this Rota's."""
    refuse_newer(found)
    if found < len(MIGRATIONS):
        message = f"the database has version {found}, older than {len(MIGRATIONS)}; `rota run` brings it up"
        raise RotaError("unavailable", message)


def version_of(reader: Reader) -> int:
    """The version of a database's tables; refused when it is newer than this Rota."""
    found = int(reader.one(GET_META, VERSION_KEY)[0][0])
    refuse_newer(found)
    return found


def refuse_newer(found: int) -> None:
    """Refuse tables of a newer version than this Rota knows."""
    if found > len(MIGRATIONS):
        message = f"the database has version {found}; this Rota knows versions up to {len(MIGRATIONS)}"
        raise RotaError("newer_database", message)


def back_up(database: str, path: str) -> None:
    """Write a complete copy of an existing database to the new file `path`, beside whoever owns it."""
    if database.startswith(POSTGRES):
        from rota.store.postgres import PostgresStore

        store = PostgresStore(database)
        try:
            store.backup(path)
        finally:
            store.close()
        return
    from rota.store.sqlite_copy import copy_database
    from rota.store.sqlite_errors import said

    with readable(database) as connection, said(path):
        copy_database(connection, path)


def check(database: str) -> list[str]:
    """The database's own check of itself: what is wrong with it, empty when nothing is."""
    if database.startswith(POSTGRES):
        from rota.store.postgres import PostgresStore

        store = PostgresStore(database)
        try:
            return store.check()
        finally:
            store.close()
    with readable(database) as connection:
        return [str(text) for (text,) in connection.execute("PRAGMA quick_check(20)") if text != "ok"]


def libraries() -> dict[str, str]:
    """The versions of the libraries that databases are spoken to with; those that are installed."""
    import apsw

    found = {"sqlite": apsw.sqlite_lib_version(), "apsw": apsw.apsw_version()}
    try:
        import psycopg
    except ImportError:
        return found
    return {**found, "psycopg": psycopg.__version__}


def file_of(database: str) -> Path:
    """The file of a SQLite database."""
    return Path(database.removeprefix("sqlite:///"))


@contextmanager
def readable(database: str) -> Iterator[apsw.Connection]:
    """A connection to an existing SQLite file of Rota that can not write."""
    import apsw

    from rota.store.sqlite import CACHE_KIB
    from rota.store.sqlite_errors import said

    path = file_of(database)
    if not os.path.exists(path):
        raise RotaError("no_database", f"there is no database {path}")
    check_kind(str(path))
    with said(str(path)):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY, statementcachesize=100)
        try:
            connection.set_busy_timeout(30_000)
            connection.pragma("cache_size", -CACHE_KIB)
            connection.pragma("temp_store", "memory")
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'").fetchall():
                raise RotaError("no_database", f"{path} is a SQLite file, but none of Rota's")
            yield connection
        finally:
            connection.close()


@contextmanager
def _opened(database: str) -> Iterator[Reader]:
    if not database.startswith(POSTGRES):
        from rota.store.sqlite import SqliteReader

        with readable(database) as connection:
            connection.execute("BEGIN")
            yield SqliteReader(connection)
        return
    from rota.store.postgres import PostgresStore

    store = PostgresStore(database)
    try:
        if not store.has_tables():
            raise RotaError("no_database", f"{store.name} holds no tables of Rota")
        with store.read() as reader:
            yield reader
    finally:
        store.close()
