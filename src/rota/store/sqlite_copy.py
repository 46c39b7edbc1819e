"""Complete copies of a SQLite database: backups, and databases made from them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import apsw

from rota.store.new_file import publish

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
        publish(part, Path(path))
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
