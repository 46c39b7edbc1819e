"""Reading the file, and putting another in its place: whole and on disk, or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from errno import EINVAL, EISDIR
from typing import NamedTuple


class Found(NamedTuple):
    """What was read, and by what it is known again."""

    data: bytes | None
    """None when there is no file."""
    stamp: tuple[int, ...] | None
    """Changes with every change of the file."""


def read(path: str) -> Found:
    """The whole file. `OSError` when it can not be read, or is no regular file."""
    try:
        # Without waiting: opening a pipe for reading would last until somebody writes into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return Found(None, None)
    try:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(EISDIR, "illegal operation on a directory, read")
        if not stat.S_ISREG(found.st_mode):
            raise OSError(EINVAL, "not a regular file")
        with open(descriptor, "rb", closefd=False) as file:
            return Found(file.read(), _stamp(found))
    finally:
        os.close(descriptor)


def stamp_of(path: str) -> tuple[int, ...] | None:
    """How the file is known now; None when there is none."""
    try:
        return _stamp(os.stat(path))
    except FileNotFoundError:
        return None


class Part:
    """The next content, on disk beside the file. `put` it in the file's place, or `discard` it."""

    def __init__(self, path: str, data: bytes) -> None:
        """Raises `OSError` when it can not be written, or the file that is there may not be."""
        self._path = path
        self._part = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.part")
        mode = _writable(path)
        # One of us is at the file at a time, so what is there was left behind.
        with suppress(FileNotFoundError):
            os.unlink(self._part)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(self._part, flags, 0o666 if mode is None else 0o600)
        try:
            with open(descriptor, "wb") as file:
                if mode is not None:
                    _same_rights(descriptor, mode)
                file.write(data)
                file.flush()
                os.fsync(descriptor)
        except BaseException:
            self.discard()
            raise

    def put(self) -> None:
        """Make it the file, for good."""
        os.rename(self._part, self._path)
        folder = os.open(os.path.dirname(self._path), os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        """Leave nothing of it."""
        with suppress(OSError):
            os.unlink(self._part)


def _writable(path: str) -> os.stat_result | None:
    """How the file is now; refused when this account may not write it, as replacing it would not ask."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _same_rights(descriptor: int, found: os.stat_result) -> None:
    if (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(PermissionError):
            os.fchown(descriptor, found.st_uid, found.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(found.st_mode))


def _stamp(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
