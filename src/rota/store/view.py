"""A database seen from outside: read only, beside whoever owns it, leaving no trace in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rota.model.errors import RotaError
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
        found = int(reader.one(GET_META, VERSION_KEY)[0][0])
        if found > len(MIGRATIONS):
            message = f"the database has version {found}; this Rota knows versions up to {len(MIGRATIONS)}"
            raise RotaError("newer_database", message)
        if found < len(MIGRATIONS):
            message = f"the database has version {found}, older than {len(MIGRATIONS)}; `rota run` brings it up"
            raise RotaError("unavailable", message)
        yield reader


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
    from rota.store.sqlite import said
    from rota.store.sqlite_copy import copy_database

    connection = _connection(database)
    try:
        with said(path):
            copy_database(connection, path)
    finally:
        connection.close()


@contextmanager
def _opened(database: str) -> Iterator[Reader]:
    if database.startswith(POSTGRES):
        from rota.store.postgres import PostgresStore

        store = PostgresStore(database)
        try:
            if not store.has_tables():
                raise RotaError("no_database", f"{store.name} holds no tables of Rota")
            with store.read() as reader:
                yield reader
        finally:
            store.close()
        return
    from rota.store.sqlite import SqliteReader, said

    connection = _connection(database)
    try:
        with said(database):
            connection.execute("BEGIN")
            yield SqliteReader(connection)
    finally:
        connection.close()


def _connection(database: str) -> apsw.Connection:
    import apsw

    from rota.store.sqlite import CACHE_KIB, said

    path = Path(database.removeprefix("sqlite:///"))
    if not path.exists():
        raise RotaError("no_database", f"there is no database {path}")
    with said(str(path)):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY, statementcachesize=100)
        connection.set_busy_timeout(30_000)
        connection.pragma("cache_size", -CACHE_KIB)
        connection.pragma("temp_store", "memory")
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'").fetchall():
            connection.close()
            raise RotaError("no_database", f"{path} is a SQLite file, but none of Rota's")
    return connection
