"""A SQLite VFS on a disk of so many bytes: what does not fit is refused as the operating system would refuse it."""

from __future__ import annotations

import os
from itertools import count

import apsw

_numbers = count()


class SmallVfs(apsw.VFS):
    """SQLite knows it by `name`. `capacity` may be changed at any moment."""

    def __init__(self, capacity: int) -> None:
        self.name = f"small-{os.getpid()}-{next(_numbers)}"
        self.capacity = capacity
        self.sizes: dict[str, int] = {}
        super().__init__(self.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        return SmallFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self.sizes.pop(filename, None)


class SmallFile(apsw.VFSFile):
    """A file on it."""

    def __init__(self, vfs: SmallVfs, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._vfs = vfs
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else f"{name}"
        super().__init__("", name, flags)
        vfs.sizes[self._name] = self.xFileSize()

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        sizes = self._vfs.sizes
        grown = max(offset + len(data), sizes.get(self._name, 0))
        if sum(sizes.values()) - sizes.get(self._name, 0) + grown > self._vfs.capacity:
            raise apsw.FullError("the disk is full")
        super().xWrite(data, offset)
        sizes[self._name] = grown

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._vfs.sizes[self._name] = newsize
