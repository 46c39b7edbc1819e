"""One SQLite file has one owner process: a lock on a file beside it, which the operating system lets go of.

The lock is a `flock` on `FILE.owner`, keyed by the real path. It goes with the process however that ends, so nothing
is ever stale and nobody has to judge whether an owner is dead. The lock file itself is never deleted: deleting it
would let two processes each lock a file of the same name.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from rota.model.errors import RotaError


class OwnerLock:
    """The right to write one SQLite file."""

    def __init__(self, path: str) -> None:
        """Take the lock of the database at `path`; refused while another process has it."""
        self.path = Path(os.path.realpath(path) + ".owner")
        try:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _cannot_lock(path, error) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = _first_line(self._descriptor)
            os.close(self._descriptor)
            raise RotaError("owned", f"{path} is owned by process {owner or 'unknown'}", owner=owner) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def owner_of(path: str) -> str | None:
    """The process that owns the database at `path` now; None when nobody does. Takes nothing and leaves no trace."""
    try:
        descriptor = os.open(os.path.realpath(path) + ".owner", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _first_line(descriptor) or "unknown"
    finally:
        os.close(descriptor)
    return None


def _first_line(descriptor: int) -> str:
    """The owner's process; a line about its socket may follow."""
    text, _, _ = os.pread(descriptor, 64, 0).decode(errors="replace").partition("\n")
    return text.strip()


def _cannot_lock(path: str, error: OSError) -> RotaError:
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        return RotaError("unavailable", f"{path} can not be opened: its folder does not exist")
    if isinstance(error, PermissionError) or error.errno == 30:
        return RotaError("read_only", f"the folder of {path} can not be written")
    if error.errno == 28:
        return RotaError("full_disk", f"no space left for {path}")
    return RotaError("unavailable", f"{path} can not be locked: {error.strerror}")
