"""A SQLite file as an end of a move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

from rota.model.errors import RotaError, invalid
from rota.store.file_path import check_kind, prepared
from rota.store.migrate import VERSION_KEY
from rota.store.move.ends import BATCH, NUMBERS
from rota.store.move.mark import CAME, WENT, Mark, mark_of
from rota.store.new_file import part_of, publish
from rota.store.owner import OwnerLock
from rota.store.protocol import Row
from rota.store.schema import MIGRATIONS, SQLITE_MARKS, written
from rota.store.sqlite import NEXT_ID
from rota.store.sqlite_errors import said
from rota.store.view import check, readable, refuse_version


class SqliteEnd:
    """A file of this version's tables. See `ends`."""

    numbers_transactions = False

    def __init__(self, name: str, connection: apsw.Connection) -> None:
        self.name = name
        self._connection = connection

    def tables(self) -> dict[str, list[str]]:
        names = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        return {str(name): self._columns(str(name)) for (name,) in names.fetchall()}

    def _columns(self, table: str) -> list[str]:
        found = self._connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
        return [str(name) for (name,) in found]

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[list[Row]]:
        cursor = self._connection.cursor().execute(f"SELECT {_quoted(columns)} FROM {_quoted([table])}")
        batch: list[Row] = []
        for row in cursor:
            batch.append(row)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def count(self, table: str) -> int:
        found = self._connection.execute(f"SELECT count(*) FROM {_quoted([table])}").fetchall()
        return int(str(found[0][0]))

    def went(self) -> Mark | None:
        return mark_of(self._meta(WENT))

    def next_numbers(self) -> dict[str, int]:
        return {NUMBERS: int(self._meta(NEXT_ID) or 1)}

    def last_transaction(self) -> int | None:
        found = self._connection.execute("SELECT max(xid) FROM event").fetchall()
        return None if found[0][0] is None else int(str(found[0][0]))

    def leave(self, mark: Mark) -> None:
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")
        self.note(WENT, mark.text)

    def note(self, key: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))

    def fill(self, table: str, columns: Sequence[str], batches: Iterator[list[Row]]) -> None:
        places = ", ".join("?" * len(columns))
        insert = f"INSERT INTO {_quoted([table])} ({_quoted(columns)}) VALUES ({places})"
        for rows in batches:
            self._connection.executemany(insert, rows)

    def go_on(self, numbers: Mapping[str, int], last_transaction: int) -> None:
        # The numbers of rows go on by themselves from the highest that is there.
        del last_transaction
        self.note(NEXT_ID, str(numbers[NUMBERS]))

    def keep(self) -> None:
        self._connection.execute("COMMIT")

    def _meta(self, key: str) -> str | None:
        found = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchall()
        return str(found[0][0]) if found else None


@contextmanager
def source(database: str) -> Iterator[SqliteEnd]:
    """The file to be carried off, owned until the block ends. Refused while somebody else owns it."""
    path = str(Path(database.removeprefix("sqlite:///")).resolve())
    with readable(path):
        pass
    path = prepared(path)
    lock = OwnerLock(path)
    try:
        wrong = check(path)
        if wrong:
            raise RotaError("corrupt_database", f"{path} is damaged: {wrong[0]}")
        with said(path):
            connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
            try:
                connection.set_busy_timeout(30_000)
                connection.pragma("synchronous", "full")
                connection.execute("BEGIN")
                version = connection.execute("SELECT value FROM meta WHERE key = ?", (VERSION_KEY,)).fetchall()
                refuse_version(int(str(version[0][0])))
                yield SqliteEnd(path, connection)
            finally:
                connection.close()
    finally:
        lock.release()


@contextmanager
def target(database: str) -> Iterator[SqliteEnd]:
    """The file to be made; it appears when it is kept and the block ends well. A file that exists is refused."""
    file = place(database)
    lock = OwnerLock(prepared(str(file)))
    try:
        with part_of(str(file)) as part, said(str(file)):
            connection = apsw.Connection(str(part), flags=apsw.SQLITE_OPEN_READWRITE)
            end = SqliteEnd(str(file), connection)
            try:
                _make_tables(end, connection)
                yield end
                kept = not connection.in_transaction
            finally:
                connection.close()
            if kept:
                # Left by a database of that name which was deleted without them: they would be taken for the new one's.
                for beside in ("-wal", "-shm", "-journal"):
                    Path(f"{file}{beside}").unlink(missing_ok=True)
                publish(part, file)
    finally:
        lock.release()


def place(database: str) -> Path:
    """The file of a target; refused when it is there."""
    file = Path(database.removeprefix("sqlite:///")).resolve()
    check_kind(str(file))
    if file.exists():
        raise invalid("TO", f"{file} exists; move it away first, or give another name")
    return file


def came(database: str) -> Mark | None:
    """The move that made the database, if it is there and one did."""
    path = str(Path(database.removeprefix("sqlite:///")).resolve())
    if not Path(path).is_file() or not Path(path).stat().st_size:
        return None
    with readable(path) as connection:
        found = connection.execute("SELECT value FROM meta WHERE key = ?", (CAME,)).fetchall()
    return mark_of(str(found[0][0]) if found else None)


def _make_tables(end: SqliteEnd, connection: apsw.Connection) -> None:
    # The file is nobody's before it is published, and synced then.
    connection.pragma("journal_mode", "off")
    connection.pragma("synchronous", "off")
    connection.execute("BEGIN")
    for migration in MIGRATIONS:
        for statement in written(migration, SQLITE_MARKS):
            connection.execute(statement)
    # Migrations bring rows of their own, which the source has too.
    for table in end.tables():
        connection.execute(f"DELETE FROM {_quoted([table])}")
    end.note(VERSION_KEY, str(len(MIGRATIONS)))


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
