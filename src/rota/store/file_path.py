"""Where a SQLite database may lie: a name that a file can have, in a folder that is there or can be made."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from rota.model.errors import RotaError, invalid

OWN_FOLDER = ".rota"
"""Where a database goes when nobody says where."""


def prepared(path: str) -> str:
    """The real path of a database to be opened for writing, its folder made. Refused with the reason."""
    _check_name(path)
    real = os.path.realpath(path)
    check_kind(real)
    _make_folder(os.path.dirname(real))
    if os.path.exists(real):
        _check_allowed(path, real)
    return real


def check_kind(path: str) -> None:
    """Refuse what is there and is no file: SQLite would say that reading fails, or wait for it for ever."""
    if os.path.isdir(path):
        raise invalid("database", f"{path} is a folder; name a file")
    if os.path.exists(path) and not os.path.isfile(path):
        raise invalid("database", f"{path} is no regular file; name one")


def _check_name(path: str) -> None:
    if not path or "\0" in path:
        raise invalid("database", "this is no name of a file: it is empty or holds a NUL")
    try:
        os.fsdecode(os.path.abspath(path)).encode()
    except UnicodeEncodeError:
        raise invalid("database", f"{path!a} is not UTF-8, as SQLite needs it") from None


def _make_folder(folder: str) -> None:
    """Make the folder and those above it that are missing, each synced into the one above: a database in a folder
    that a power cut takes away would be gone with it.
    """
    if os.path.isdir(folder):
        return
    above = os.path.dirname(folder)
    if above != folder:
        _make_folder(above)
    try:
        os.mkdir(folder)
        descriptor = os.open(above, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except FileExistsError:
        if not os.path.isdir(folder):
            raise RotaError("unavailable", f"{folder} is not a folder") from None
    except OSError as error:
        raise _refusal(error, f"the folder {folder} can not be made") from error
    if os.path.basename(folder) == OWN_FOLDER:
        _keep_from_git(folder)


def _keep_from_git(folder: str) -> None:
    """What lies in our own folder is nobody's source; nothing depends on it, so that it may fail."""
    with suppress(OSError), open(os.path.join(folder, ".gitignore"), "x", encoding="ascii") as file:
        file.write("*\n")


def _check_allowed(path: str, real: str) -> None:
    # Not left to SQLite: it opens what it may not write for reading, and leaves files beside it.
    if not os.access(real, os.R_OK):
        raise RotaError("read_only", f"{path} may not be read by this account")
    if not os.access(real, os.W_OK):
        raise RotaError("read_only", f"{path} may not be written by this account")


def _refusal(error: OSError, what: str) -> RotaError:
    code = {errno.EACCES: "read_only", errno.EPERM: "read_only", errno.EROFS: "read_only", errno.ENOSPC: "full_disk"}
    return RotaError(code.get(error.errno or 0, "unavailable"), f"{what}: {error.strerror}")
