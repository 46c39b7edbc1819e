"""What SQLite's errors mean for Rota: a refusal that says what to do."""

from __future__ import annotations

from errno import EDQUOT, EFBIG
from pathlib import Path

import apsw

from rota.model.errors import RotaError

_NO_MORE = {
    EFBIG: "may not grow any more: a limit on the size of files is reached (`ulimit -f`, or the file system's)",
    EDQUOT: "may not grow any more: this account's quota is used up",
}


class said:  # noqa: N801  (used like a function)
    """Turn SQLite's errors into refusals that say what to do. The connection knows more about some of them.

    A class and no generator: it stands around every turn.
    """

    __slots__ = ("_connection", "_path")

    def __init__(self, path: str, connection: apsw.Connection | None = None) -> None:
        self._path = path
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, apsw.Error):
            refusal = _refusal(error, self._path, self._connection)
            if refusal is not None:
                raise refusal from error


def _refusal(error: apsw.Error, path: str, connection: apsw.Connection | None) -> RotaError | None:
    if isinstance(error, apsw.FullError):
        return RotaError("full_disk", f"no space left for {path}", data=str(error))
    if isinstance(error, apsw.ReadOnlyError):
        return RotaError("read_only", f"{path} can not be written: {error}")
    if isinstance(error, apsw.CantOpenError):
        folder = Path(path).absolute().parent
        why = "its folder does not exist" if not folder.is_dir() else "its folder or the file is not accessible"
        return RotaError("unavailable", f"{path} can not be opened: {why}")
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return RotaError("corrupt_database", f"{path} is damaged or not a database: {error}")
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return RotaError("unavailable", f"{path} is locked by another program: {error}")
    return _of_the_system(error, path, connection) if isinstance(error, apsw.IOError) else None


def _of_the_system(error: apsw.Error, path: str, connection: apsw.Connection | None) -> RotaError:
    # Only of a write: what a frame could not be written for was not committed.
    if connection is not None and getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_WRITE:
        no_more = _NO_MORE.get(connection.system_errno)
        if no_more is not None:
            return RotaError("full_disk", f"{path} {no_more}")
    return RotaError("unavailable", f"reading or writing {path} failed: {error}")
