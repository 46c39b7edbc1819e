"""The store on one SQLite file, through apsw: WAL, synchronous=FULL, one writer."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import apsw

from rota.model.errors import RotaError, invalid
from rota.store.protocol import Row
from rota.store.schema import SQLITE_MARKS
from rota.store.sql import fleet
from rota.store.sqlite_copy import copy_database
from rota.store.sqlite_errors import said
from rota.store.statement import Add, Each, One

CACHE_KIB = 32_768
MEMORY_PAGE = 1_024
STATEMENTS = 256
"""Statements kept prepared. Each is looked for from the first on, so no more than come again soon."""
NEXT_ID = "next_id"


class SqliteStore:
    """One SQLite file, or `:memory:`. The caller holds the owner lock of the file (see `owner`)."""

    dialect = "sqlite"
    nodes_share = False

    def __init__(self, path: str, *, vfs: str | None = None) -> None:
        self.name = path
        self._vfs = vfs
        self._memory = path == ":memory:"
        self._wake = threading.Event()
        self._turn = threading.Lock()
        self._readers: list[apsw.Connection] = []
        self._readers_lock = threading.Lock()
        self._closed = False
        if not self._memory and vfs is None:
            _make_private(path)
        with said(path):
            self._connection = self._open()
            self._writer = SqliteTransaction(self._connection)
        self._said = said(path, self._connection)

    def _open(self, *, read_only: bool = False) -> apsw.Connection:
        flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        if self._memory:
            # Its one connection is used by one thread at a time: `_turn` sees to it, without SQLite's help.
            flags |= apsw.SQLITE_OPEN_NOMUTEX
        connection = apsw.Connection(self.name, flags=flags, vfs=self._vfs, statementcachesize=STATEMENTS)
        connection.set_busy_timeout(30_000)
        # Else SQLite plans a statement anew when other values come: 10 us for what runs in 2.
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        if not read_only:
            _refuse_stranger(connection, self.name)
            if self._memory:
                # Rolling back copies each page that a turn changes: small ones are copied faster.
                connection.pragma("page_size", MEMORY_PAGE)
            connection.pragma("journal_mode", "memory" if self._memory else "wal")
            connection.pragma("synchronous", "full")
            connection.pragma("wal_autocheckpoint", 4_000)
        connection.pragma("cache_size", -CACHE_KIB if not read_only else -4_096)
        connection.pragma("temp_store", "memory")
        return connection

    def write(self) -> _Write:
        """One transaction; see `protocol.Store.write`."""
        return _Write(self)

    def begin(self) -> SqliteTransaction:
        """Open the transaction, once the one before is over."""
        self._turn.acquire()
        try:
            with self._said:
                self._refuse_closed()
                self._writer.run("BEGIN IMMEDIATE")
        except BaseException:
            self._turn.release()
            raise
        return self._writer

    def end(self, error: BaseException | None) -> None:
        """Commit the transaction, or roll it back after an error."""
        try:
            with self._said:
                try:
                    if error is not None:
                        raise error
                    self._writer.finish()
                    self._writer.run("COMMIT")
                except BaseException:
                    self._roll_back()
                    raise
        finally:
            self._turn.release()

    def _roll_back(self) -> None:
        self._writer.forget()
        # A full disk or an I/O error may have rolled back by itself.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    @contextmanager
    def read(self) -> Iterator[SqliteReader]:
        """A read-only view; see `protocol.Store.read`."""
        if self._memory:
            with self._turn, said(self.name):
                self._refuse_closed()
                yield self._writer
            return
        with said(self.name):
            connection = self._take_reader()
            try:
                connection.execute("BEGIN")
                yield SqliteReader(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")
                self._give_back(connection)

    def _take_reader(self) -> apsw.Connection:
        with self._readers_lock:
            self._refuse_closed()
            if self._readers:
                return self._readers.pop()
        return self._open(read_only=True)

    def _give_back(self, reader: apsw.Connection) -> None:
        with self._readers_lock:
            if self._closed:
                reader.close()
            else:
                self._readers.append(reader)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise RotaError("stopped", f"{self.name} is closed")

    def migrate(self, statements: Sequence[str], marks: dict[str, str]) -> None:
        """Run DDL inside the open transaction."""
        del marks
        for statement in statements:
            self._connection.execute(statement)

    @property
    def marks(self) -> dict[str, str]:
        """What the marks of `schema` mean here."""
        return SQLITE_MARKS

    def lock_schema(self) -> None:
        """One process owns the file, and its write transaction is open: nobody else can."""

    def has_tables(self) -> bool:
        """Whether Rota's tables are there."""
        with said(self.name):
            found = self._connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'")
            return found.fetchone() is not None

    def signal(self, topic: str) -> None:
        """Nobody else to wake: one process owns the file."""

    def signals(self, timeout: float) -> list[str]:
        """No other node signals."""
        self._wake.wait(timeout)
        return []

    def check(self) -> list[str]:
        """SQLite's own check of the file: what is wrong with it, empty when nothing is."""
        with self.read() as reader:
            rows = list(reader.run("PRAGMA quick_check(20)"))
        return [str(text) for (text,) in rows if text != "ok"]

    def backup(self, path: str) -> None:
        """Copy one committed state to `path`, page by page, while turns go on."""
        if self._memory:
            with self._turn, said(path):
                self._refuse_closed()
                copy_database(self._connection, path)
            return
        with said(path):
            self._refuse_closed()
            source = self._open(read_only=True)
            try:
                copy_database(source, path)
            finally:
                source.close()

    def close(self) -> None:
        """Close every connection; the last one folds the write-ahead log into the file."""
        self._wake.set()
        with said(self.name), self._readers_lock:
            self._closed = True
            for reader in self._readers:
                reader.close()
            self._readers.clear()
            self._connection.close()


class _Write:
    """The open transaction of a store. A class and no generator: it stands around every turn."""

    __slots__ = ("_store",)

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def __enter__(self) -> SqliteTransaction:
        return self._store.begin()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._store.end(error)


def _make_private(path: str) -> None:
    """A new file is its owner's alone: it holds everybody's work. SQLite gives its side files the same mode."""
    # Where it can not be made, opening it says why.
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


class SqliteReader:
    """Sends statements to one connection."""

    dialect = "sqlite"

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        # Every statement is read to its end at once, so that all can share a cursor: making one takes as long as
        # running a small statement.
        cursor = connection.cursor()
        self.run = cursor.execute
        self._run_many = cursor.executemany

    def one(self, statement: One, *values: Any) -> list[Row]:
        """Run the statement once; its rows."""
        return list(self.run(statement.sqlite, values))

    def each(self, statement: Each, rows: Sequence[Row]) -> list[Row]:
        """Run the statement for every row; the rows of all of them."""
        if not rows:
            return []
        if len(rows) == 1:
            return list(self.run(statement.sqlite, rows[0]))
        return list(self._run_many(statement.sqlite, rows))


class SqliteTransaction(SqliteReader):
    """The write connection inside a turn."""

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__(connection)
        self._next_id: int | None = None
        self._ids_taken = False

    def add(self, statement: Add, rows: Sequence[Row]) -> None:
        """Insert the rows."""
        if len(rows) == 1:
            self.run(statement.sqlite, rows[0])
        elif rows:
            self._run_many(statement.sqlite, rows)

    def new_ids(self, n: int) -> range:
        """`n` numbers never handed out before."""
        if self._next_id is None:
            found = self.one(fleet.GET_META, NEXT_ID)
            self._next_id = int(found[0][0]) if found else 1
        first = self._next_id
        self._next_id = first + n
        self._ids_taken = True
        return range(first, first + n)

    def lock_pool(self, pool: int) -> bool:
        """Only one process writes, so the lock is always ours."""
        del pool
        return True

    def hold(self, what: int, *, shared: bool = False) -> None:
        """Only one process writes, one transaction at a time."""

    def horizon(self) -> str | None:
        """Turns are strictly one after another."""
        return None

    def finish(self) -> None:
        """Write down which numbers were handed out, just before the commit."""
        if self._ids_taken:
            self.one(fleet.SET_META, NEXT_ID, str(self._next_id))
            self._ids_taken = False

    def forget(self) -> None:
        """Drop what was remembered of a transaction that is rolled back."""
        self._next_id = None
        self._ids_taken = False


def _refuse_stranger(connection: apsw.Connection, name: str) -> None:
    """Refuse a database that holds tables and not ours, before anything in it is changed."""
    tables = {table for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and not tables >= {"meta", "task", "lease", "event"}:
        connection.close()
        raise invalid("database", f"{name} is a database of another program; give another path")
