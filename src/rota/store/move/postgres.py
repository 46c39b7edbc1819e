"""A PostgreSQL database as an end of a move."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from rota.model.errors import RotaError
from rota.model.times import SECOND, rfc3339
from rota.store.migrate import VERSION_KEY
from rota.store.move.ends import BATCH, NUMBERS
from rota.store.move.mark import CAME, WENT, Mark, mark_of
from rota.store.postgres_connect import connect, shown
from rota.store.postgres_dump import (
    NOT_KEPT,
    PATIENT,
    TABLES,
    copying,
    go_on_numbering,
    make_tables,
    next_numbers,
    said,
)
from rota.store.postgres_errors import MOVED_STATE
from rota.store.postgres_statements import LOCKS
from rota.store.protocol import Row
from rota.store.schema import MIGRATIONS
from rota.store.view import refuse_version

LIVE_S = 15.0
"""A node that was seen within this time may be at work, seconds: as long as nodes wait before they take over."""

_SETTINGS = f"{PATIENT} SET enable_seqscan = on; SET enable_bitmapscan = on; SET enable_indexonlyscan = on;"
_HAS_TABLES = "SELECT to_regclass('meta') IS NOT NULL"
_META = "SELECT value FROM meta WHERE key = %s"
_NOTE = "INSERT INTO meta (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_LIVE = "SELECT name, seen FROM node WHERE seen > %s ORDER BY seen DESC LIMIT 1"
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_IDENTITIES = """
SELECT relname, attname, pg_get_serial_sequence(quote_ident(relname), attname) FROM pg_attribute
JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = current_schema()::regnamespace AND attidentity <> '' ORDER BY relname
"""


class PostgresEnd:
    """A database of this version's tables, in one open transaction. See `ends`."""

    numbers_transactions = True

    def __init__(self, name: str, connection: psycopg.Connection[Any]) -> None:
        self.name = name
        self._connection = connection

    def tables(self) -> dict[str, list[str]]:
        return dict(self._connection.execute(TABLES, [NOT_KEPT]).fetchall())

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[list[Row]]:
        with said(self.name), self._connection.cursor(name="carried") as cursor:
            cursor.execute(sql.SQL("SELECT {} FROM {}").format(_names(columns), sql.Identifier(table)))
            while rows := cursor.fetchmany(BATCH):
                yield rows

    def count(self, table: str) -> int:
        return int(self._one(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))))

    def went(self) -> Mark | None:
        return mark_of(_meta(self._connection, WENT))

    def next_numbers(self) -> dict[str, int]:
        return next_numbers(self._connection)

    def last_transaction(self) -> int | None:
        found = self._one("SELECT max(xid) FROM event")
        return None if found is None else int(found)

    def leave(self, mark: Mark) -> None:
        self.note(WENT, mark.text)
        message = sql.Literal(f"it was moved to {mark.place} on {rfc3339(mark.at)}").as_string(self._connection)
        body = f"BEGIN RAISE EXCEPTION USING ERRCODE = '{MOVED_STATE}', MESSAGE = {message}; END"
        self._connection.execute(
            sql.SQL("CREATE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql AS {}").format(sql.Literal(body))
        )
        for table in self.tables():
            trigger = "CREATE TRIGGER moved BEFORE INSERT OR UPDATE OR DELETE ON {} EXECUTE FUNCTION moved()"
            self._connection.execute(sql.SQL(trigger).format(sql.Identifier(table)))
        self._connection.execute("COMMIT")

    def note(self, key: str, value: str) -> None:
        self._connection.execute(_NOTE, [key, value])

    def fill(self, table: str, columns: Sequence[str], batches: Iterator[list[Row]]) -> None:
        with self._connection.cursor().copy(copying("FROM STDIN", table, columns)) as copy:
            for rows in batches:
                for row in rows:
                    copy.write_row(row)

    def go_on(self, numbers: Mapping[str, int], last_transaction: int) -> None:
        self._set(NUMBERS, numbers[NUMBERS])
        for table, column, sequence in self._connection.execute(_IDENTITIES).fetchall():
            highest = self._one(sql.SQL("SELECT max({}) FROM {}").format(sql.Identifier(column), sql.Identifier(table)))
            name = str(sequence).rpartition(".")[2].strip('"')
            self._set(str(sequence), max((highest or 0) + 1, numbers.get(name, 1)))
        go_on_numbering(self._connection, last_transaction)

    def keep(self) -> None:
        self._connection.execute("COMMIT")

    def _set(self, sequence: str, number: int) -> None:
        self._connection.execute("SELECT setval(%s::regclass, %s, false)", [sequence, number])

    def _one(self, query: Any) -> Any:
        return self._connection.execute(query).fetchall()[0][0]


@contextmanager
def source(dsn: str) -> Iterator[PostgresEnd]:
    """The database to be carried off: nobody writes it until the block ends. Refused while a node is at work."""
    name = shown(dsn)
    with said(name), connect(dsn, _SETTINGS) as connection:
        if not connection.execute(_HAS_TABLES).fetchall()[0][0]:
            raise RotaError("no_database", f"{name} holds no tables of Rota")
        refuse_version(int(_meta(connection, VERSION_KEY) or 0))
        _refuse_live(connection, name)
        connection.execute("BEGIN")
        end = PostgresEnd(name, connection)
        connection.execute("SET LOCAL lock_timeout = '5s'")
        connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(_names(list(end.tables()))))
        _refuse_live(connection, name)
        yield end


@contextmanager
def target(dsn: str) -> Iterator[PostgresEnd]:
    """The database to be made, in one transaction. One that holds Rota's tables is refused."""
    name = shown(dsn)
    with said(name), connect(dsn, _SETTINGS) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCKS])
        make_tables(connection, len(MIGRATIONS), name)
        end = PostgresEnd(name, connection)
        end.note(VERSION_KEY, str(len(MIGRATIONS)))
        yield end


def came(dsn: str) -> Mark | None:
    """The move that made the database, if there is one and a move made it."""
    with said(shown(dsn)), connect(dsn, _SETTINGS) as connection:
        if not connection.execute(_HAS_TABLES).fetchall()[0][0]:
            return None
        return mark_of(_meta(connection, CAME))


def _refuse_live(connection: psycopg.Connection[Any], name: str) -> None:
    now = time.time_ns() // 1_000
    found = connection.execute(_LIVE, [now - round(LIVE_S * SECOND)]).fetchall()
    # Where nobody else is connected, what was seen has ended.
    if found and connection.execute(_OTHERS).fetchall()[0][0]:
        node, seen = found[0]
        ago = max((now - seen) / SECOND, 0.0)
        message = f"{name} is in use: node {node} was seen {ago:.0f} s ago; stop it and wait {LIVE_S:.0f} s"
        raise RotaError("owned", message, owner=str(node))


def _meta(connection: psycopg.Connection[Any], key: str) -> str | None:
    found = connection.execute(_META, [key]).fetchall()
    return str(found[0][0]) if found else None


def _names(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
