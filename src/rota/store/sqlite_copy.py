"""Complete copies of a SQLite database: backups, and databases made from them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import apsw

from rota.model.errors import invalid

PAGES = 2_000
"""Pages copied before others may have their turn."""


def copy_database(source: apsw.Connection, path: str) -> None:
    """Copy one committed state to the new file `path`: it appears whole and synced, or not at all.

    The source is read in one transaction. Without it every commit of another connection would start the copy again.
    """
    part = Path(f"{path}.part")
    part.unlink(missing_ok=True)
    own = not source.in_transaction
    if own:
        source.execute("BEGIN")
    try:
        source.execute("SELECT count(*) FROM sqlite_master").fetchall()
        _copy(source, part)
        _publish(part, Path(path))
    finally:
        if own and source.in_transaction:
            source.execute("COMMIT")
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _copy(source: apsw.Connection, part: Path) -> None:
    target = apsw.Connection(str(part))
    try:
        with target.backup("main", source, "main") as copying:
            while not copying.done:
                copying.step(PAGES)
        # A copy is one file: no write-ahead log beside it that could be left behind.
        target.pragma("journal_mode", "delete")
    finally:
        target.close()
    part.chmod(0o600)


def _publish(part: Path, path: Path) -> None:
    try:
        os.link(part, path)
    except FileExistsError:
        raise invalid("path", f"{path} exists; give a new name") from None
    except OSError:
        # Not every file system knows links.
        if path.exists():
            raise invalid("path", f"{path} exists; give a new name") from None
        part.rename(path)
    for name in (path, path.absolute().parent):
        descriptor = os.open(name, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
