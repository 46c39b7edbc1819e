"""What SQLite's errors mean for Rota: a refusal that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, EFBIG
from pathlib import Path

import apsw

from rota.model.errors import RotaError

_NO_MORE = {
    EFBIG: "may not grow any more: a limit on the size of files is reached (`ulimit -f`, or the file system's)",
    EDQUOT: "may not grow any more: this account's quota is used up",
}


@contextmanager
def said(path: str, connection: apsw.Connection | None = None) -> Iterator[None]:
    """Turn SQLite's errors into refusals that say what to do. The connection knows more about some of them."""
    try:
        yield
    except apsw.FullError as error:
        raise RotaError("full_disk", f"no space left for {path}", data=str(error)) from error
    except apsw.ReadOnlyError as error:
        raise RotaError("read_only", f"{path} can not be written: {error}") from error
    except apsw.CantOpenError as error:
        folder = Path(path).absolute().parent
        why = "its folder does not exist" if not folder.is_dir() else "its folder or the file is not accessible"
        raise RotaError("unavailable", f"{path} can not be opened: {why}") from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise RotaError("corrupt_database", f"{path} is damaged or not a database: {error}") from error
    except (apsw.BusyError, apsw.LockedError) as error:
        raise RotaError("unavailable", f"{path} is locked by another program: {error}") from error
    except apsw.IOError as error:
        raise _of_the_system(error, path, connection) from error


def _of_the_system(error: apsw.Error, path: str, connection: apsw.Connection | None) -> RotaError:
    # Only of a write: what a frame could not be written for was not committed.
    if connection is not None and getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_WRITE:
        no_more = _NO_MORE.get(connection.system_errno)
        if no_more is not None:
            return RotaError("full_disk", f"{path} {no_more}")
    return RotaError("unavailable", f"reading or writing {path} failed: {error}")
