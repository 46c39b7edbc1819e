"""A whole PostgreSQL database of Rota as one file, and back.

The file is gzip: a line of JSON that says what it is, then for each table a line of JSON, its rows as COPY writes them,
and a line `\\.`; a last line of JSON says that it is complete. Everything is read in one snapshot while turns go on.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from rota.model.errors import RotaError
from rota.store.migrate import VERSION_KEY
from rota.store.new_file import new_file
from rota.store.postgres_connect import SCHEMA, connect, shown
from rota.store.postgres_errors import refusal
from rota.store.postgres_statements import LOCKS
from rota.store.schema import MIGRATIONS, POSTGRES_MARKS, written

FORMAT = 1
END_OF_ROWS = b"\\.\n"
PIECE_BYTES = 1 << 18
NOT_KEPT = "commit_mark"
"""A table that says nothing to anybody but the processes that write it."""

PATIENT = "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;"
TABLES = """
SELECT relname, array_agg(attname::text ORDER BY attnum) FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
AND relname <> %s GROUP BY relname ORDER BY relname
"""
_SEQUENCES = """
SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S' ORDER BY relname
"""


class Header(msgspec.Struct, frozen=True):
    """The first line of a dump."""

    rota_dump: int
    version: int
    sequences: dict[str, int]
    """The next number of each sequence, at least."""
    last_transaction: int
    """No event has a higher transaction number."""


class Table(msgspec.Struct, frozen=True):
    """The line before the rows of a table."""

    table: str
    columns: list[str]


class End(msgspec.Struct, frozen=True):
    """The last line."""

    complete_tables: int


def dump(dsn: str, name: str, path: str) -> None:
    """Write one committed state of the database at `dsn`, called `name`, to the file `path`."""
    with said(name), connect(dsn, PATIENT) as connection, new_file(path) as plain, gzip.open(plain, "wb", 5) as file:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # The snapshot comes first: sequences are outside of it and only ever ahead of the rows.
        version = connection.execute("SELECT value FROM meta WHERE key = %s", [VERSION_KEY]).fetchall()[0][0]
        tables = connection.execute(TABLES, [NOT_KEPT]).fetchall()
        last = connection.execute("SELECT coalesce(max(xid), 0) FROM event").fetchall()[0][0]
        _line(file, Header(FORMAT, int(version), next_numbers(connection), last))
        for table, columns in tables:
            _line(file, Table(table, columns))
            with connection.cursor().copy(copying("TO STDOUT", table, columns)) as copy:
                for piece in copy:
                    file.write(piece)
            file.write(END_OF_ROWS)
        _line(file, End(len(tables)))


def restore(dsn: str, path: str) -> None:
    """Fill the database at `dsn`, which must have no tables of Rota, from the dump `path`. All of it or nothing."""
    name = shown(dsn)
    with said(name), connect(dsn, PATIENT) as connection, _reading(path) as file:
        header = _header(file, path)
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCKS])
            make_tables(connection, header.version, name)
            _fill(connection, file, path)
            for sequence, number in header.sequences.items():
                connection.execute("SELECT setval(%s::regclass, %s, false)", [f'"{sequence}"', number])
            go_on_numbering(connection, header.last_transaction)


def next_numbers(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """The next number of each sequence, at least."""
    numbers = {}
    for (sequence,) in connection.execute(_SEQUENCES).fetchall():
        state = connection.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(sequence)))
        last, is_called = state.fetchall()[0]
        numbers[sequence] = last + int(is_called)
    return numbers


def make_tables(connection: psycopg.Connection[Any], version: int, name: str) -> None:
    """The tables of that version, empty; refused where there are any. Inside a transaction."""
    if connection.execute("SELECT to_regclass('meta')").fetchall()[0][0] is not None:
        raise RotaError("not_empty", f"{name} holds Rota's tables already; restore into an empty database")
    if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [SCHEMA]).fetchall():
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
    for migration in MIGRATIONS[:version]:
        for statement in written(migration, POSTGRES_MARKS):
            connection.execute(statement.encode())
    # Migrations bring rows of their own, which the dump has too.
    for table, _columns in connection.execute(TABLES, [NOT_KEPT]).fetchall():
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


def _fill(connection: psycopg.Connection[Any], file: gzip.GzipFile, path: str) -> None:
    tables = 0
    while True:
        line = file.readline()
        if b'"complete_tables"' in line[:20]:
            if msgspec.json.decode(line, type=End).complete_tables != tables:
                raise _damaged(path, "tables are missing")
            return
        table = msgspec.json.decode(line, type=Table)
        with connection.cursor().copy(copying("FROM STDIN", table.table, table.columns)) as copy:
            for piece in _rows(file, path):
                copy.write(piece)
        tables += 1


def _rows(file: gzip.GzipFile, path: str) -> Iterator[bytes]:
    """The rows of one table, many lines at a time."""
    piece: list[bytes] = []
    size = 0
    for line in file:
        if line == END_OF_ROWS:
            yield b"".join(piece)
            return
        piece.append(line)
        size += len(line)
        if size >= PIECE_BYTES:
            yield b"".join(piece)
            piece, size = [], 0
    raise _damaged(path, "it ends early")


def go_on_numbering(connection: psycopg.Connection[Any], last: int) -> None:
    """New events shall have higher transaction numbers than `last`, whatever this server's count is."""
    current = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchall()[0][0]
    base = max(last + 1 - current, 0)
    connection.execute(
        "CREATE OR REPLACE FUNCTION xid_base() RETURNS bigint LANGUAGE sql IMMUTABLE"
        f" AS 'SELECT {base}::bigint'".encode()
    )


def copying(direction: str, table: str, columns: Sequence[str]) -> sql.Composed:
    """A COPY statement for a table, `TO STDOUT` or `FROM STDIN`."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    words = sql.SQL("TO STDOUT") if direction == "TO STDOUT" else sql.SQL("FROM STDIN")
    return sql.SQL("COPY {} ({}) {}").format(sql.Identifier(table), names, words)


def _header(file: gzip.GzipFile, path: str) -> Header:
    header = msgspec.json.decode(file.readline(), type=Header)
    if header.rota_dump > FORMAT or header.version > len(MIGRATIONS):
        raise RotaError("newer_database", f"{path} was written by a newer Rota (version {header.version})")
    return header


def _line(file: gzip.GzipFile, value: msgspec.Struct) -> None:
    file.write(msgspec.json.encode(value) + b"\n")


@contextmanager
def _reading(path: str) -> Iterator[gzip.GzipFile]:
    try:
        with gzip.open(path, "rb") as file:
            yield file
    except (gzip.BadGzipFile, EOFError, msgspec.MsgspecError) as error:
        raise _damaged(path, str(error)) from error
    except OSError as error:
        raise RotaError("unavailable", f"{path} can not be read: {error.strerror or error}") from error


def _damaged(path: str, why: str) -> RotaError:
    return RotaError("corrupt_database", f"{Path(path).name} is no complete backup: {why}")


@contextmanager
def said(name: str) -> Iterator[None]:
    """Turn every error of PostgreSQL into a refusal that names the database."""
    try:
        yield
    except psycopg.Error as error:
        refused = refusal(error, name)
        if refused is None:
            refused = RotaError("unavailable", f"{name}: {' '.join(str(error).split())}")
        raise refused from error
