"""Complete copies of a SQLite database: backups, and databases made from them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import apsw

from rota.store.new_file import part_of, publish
from rota.store.sqlite_errors import said

PAGES = 2_000
"""Pages copied before others may have their turn."""


def copy_database(source: apsw.Connection, path: str) -> None:
    """Copy one committed state to the new file `path`: it appears whole and synced, or not at all.

    The source is read in one transaction. Without it every commit of another connection would start the copy again.
    """
    with part_of(path) as part:
        own = not source.in_transaction
        if own:
            source.execute("BEGIN")
        try:
            source.execute("SELECT count(*) FROM sqlite_master").fetchall()
            _copy(source, part, path)
        finally:
            if own and source.in_transaction:
                source.execute("COMMIT")
        publish(part, Path(path))


def _copy(source: apsw.Connection, part: Path, path: str) -> None:
    target = apsw.Connection(str(part), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        with said(path, target), target.backup("main", source, "main") as copying:
            while not copying.done:
                copying.step(PAGES)
        # A copy is one file: no write-ahead log beside it that could be left behind.
        target.pragma("journal_mode", "delete")
    finally:
        target.close()
        with suppress(OSError):
            Path(f"{part}-journal").unlink(missing_ok=True)
