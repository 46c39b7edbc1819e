"""A database made from a backup."""

from __future__ import annotations

from pathlib import Path

from rota.model.errors import RotaError, invalid
from rota.store.owner import OwnerLock
from rota.store.view import POSTGRES, check, file_of, readable, version_of


def restore(copy: str, database: str) -> None:
    """Make the new database `database` from the backup file `copy`. What is there already is never replaced."""
    if not Path(copy).is_file():
        raise RotaError("no_database", f"there is no backup {copy}", field="backup")
    if database.startswith(POSTGRES):
        from rota.store.postgres_dump import restore as restore_dump

        restore_dump(database, copy)
        return
    from rota.store.sqlite import SqliteReader
    from rota.store.sqlite_copy import copy_database
    from rota.store.sqlite_errors import said

    file = file_of(database)
    if file.exists():
        raise invalid("database", f"{file} exists; move it away first, or restore to another name")
    wrong = check(copy)
    if wrong:
        raise RotaError("corrupt_database", f"the backup {copy} is damaged: {wrong[0]}", field="backup")
    file.absolute().parent.mkdir(parents=True, exist_ok=True)
    lock = OwnerLock(str(file))
    try:
        with readable(copy) as connection, said(str(file)):
            version_of(SqliteReader(connection))
            # Left by a database of that name which was deleted without them: they would be taken for the new one's.
            for beside in ("-wal", "-shm", "-journal"):
                Path(f"{file}{beside}").unlink(missing_ok=True)
            copy_database(connection, str(file))
    finally:
        lock.release()
