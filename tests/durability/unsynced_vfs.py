"""A SQLite VFS on a `Disk`: what was not synced can be lost.

The files of SQLite live in a real folder, which is the operating system's cache: reads, locks and the shared memory
of the write-ahead log are the real ones. What is written, synced, made and deleted is told to the `Disk` as well, and
nothing is really synced. After the power cut every call fails, and `Disk.cut` says what is left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import apsw

from tests.durability.disk import Disk

_numbers = count()
_LOGS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
_KEPT = _LOGS | apsw.SQLITE_OPEN_MAIN_DB


class UnsyncedVfs(apsw.VFS):
    """The VFS; SQLite knows it by `name`."""

    def __init__(self, disk: Disk) -> None:
        self.name = f"unsynced-{os.getpid()}-{next(_numbers)}"
        self.disk = disk
        super().__init__(self.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        self.disk.check_power()
        if name is None or not flags[0] & _KEPT:
            # Temporary files: nobody looks for them after a power cut.
            return apsw.VFSFile("", name, flags)
        return UnsyncedFile(self.disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self.disk.delete(_base_name(filename), sync_folder=syncdir)
        super().xDelete(filename, False)

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: N802
        self.disk.check_power()
        return super().xAccess(pathname, flags)


class UnsyncedFile(apsw.VFSFile):
    """A database, its journal or its write-ahead log."""

    def __init__(self, disk: Disk, name: str | apsw.URIFilename, flags: list[int]) -> None:
        self._disk = disk
        self._name = _base_name(name if isinstance(name, str) else name.filename())
        made = not disk.exists(self._name)
        # As SQLite's own VFS: the first sync of a log that it made syncs the folder too. Nothing else does.
        self._sync_folder = made and bool(flags[0] & _LOGS)
        super().__init__("", name, flags)
        if made:
            disk.create(self._name)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        self._disk.check_power()
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.write(self._name, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.truncate(self._name, newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802, ARG002
        self._disk.sync(self._name, sync_folder=self._sync_folder)
        self._sync_folder = False

    def xFileSize(self) -> int:  # noqa: N802
        self._disk.check_power()
        return super().xFileSize()


@contextmanager
def unsynced(
    folder: Path, *, found: dict[str, bytes] | None = None, cut_before: int | None = None
) -> Iterator[UnsyncedVfs]:
    """A VFS for files in the empty `folder`, which gets, all synced, what an earlier power cut left."""
    put_down(folder, found or {})
    vfs = UnsyncedVfs(Disk(found, cut_before=cut_before))
    try:
        yield vfs
    finally:
        vfs.unregister()


def put_down(folder: Path, found: dict[str, bytes]) -> None:
    """Writes these files."""
    for name, data in found.items():
        (folder / name).write_bytes(data)


def _base_name(path: str) -> str:
    return os.path.basename(path)
