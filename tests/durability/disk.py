"""A disk as a power cut finds it: what was synced is there, what was only written may be, wholly, partly or not at all.

Files live twice: the operating system's view, which programs read and write, is a real folder; this is the other one,
the platters. Each file holds what was synced last and the changes since. A folder is such a file as well: names made
or removed are kept only by a sync of the folder.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Literal, NamedTuple

import apsw

SECTOR = 512
"""Bytes that reach the platters together, at the least."""

Cut = Literal["nothing", "some"]
"""What of the unsynced a power cut leaves: nothing, or some of it, in whatever order it was written."""
Fate = Literal["kept", "lost", "scrambled"]
"""What becomes of one sector's part of one unsynced write; scrambled = noise where the data should be."""

FATES: tuple[Fate, ...] = ("kept", "lost", "scrambled")
ODDS = ((10, 10, 1), (20, 1, 0), (1, 20, 0), (5, 5, 5))
"""How likely each fate is: a power cut draws one line and keeps to it."""


class PowerOff(apsw.IOError):
    """The power is off: nothing can be read or written any more."""


class Write(NamedTuple):
    """Bytes that were written and not yet synced."""

    offset: int
    data: bytes


class Truncate(NamedTuple):
    """A length that was set and not yet synced."""

    size: int


Change = Write | Truncate


@dataclass(slots=True)
class Content:
    """One file: what is on the platters, and what was done to it since its last sync."""

    durable: bytearray = field(default_factory=bytearray)
    since: list[Change] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.since:
            _apply(self.durable, change)
        self.since.clear()

    def with_some(self, random: Random) -> bytes:
        """What is left when some of the unsynced reached the platters."""
        left = bytearray(self.durable)
        odds = random.choice(ODDS)
        for change in self.since:
            if isinstance(change, Truncate):
                if random.random() < 0.5:
                    _apply(left, change)
                continue
            for piece in _sectors(change):
                fate = random.choices(FATES, odds)[0]
                if fate != "lost":
                    _apply(left, piece if fate == "kept" else Write(piece.offset, random.randbytes(len(piece.data))))
        return bytes(left)


class Disk:
    """All files of one folder. Cuts the power before the operation number `cut_before` (the first is 1).

    Several threads may use it at once. `syncs` are the numbers of those operations that were syncs.
    """

    def __init__(self, durable: dict[str, bytes] | None = None, *, cut_before: int | None = None) -> None:
        self.cut_before = cut_before
        self.operations = 0
        self.syncs: list[int] = []
        self.went_off = threading.Event()
        self._lock = threading.Lock()
        self._durable_names = {name: Content(bytearray(data)) for name, data in (durable or {}).items()}
        self._names = dict(self._durable_names)

    @property
    def off(self) -> bool:
        """Whether the power is off."""
        return self.went_off.is_set()

    def check_power(self) -> None:
        """Raises `PowerOff` once the power is off."""
        if self.off:
            raise PowerOff("the power is off")

    def exists(self, name: str) -> bool:
        return name in self._names

    def create(self, name: str) -> None:
        """A new, empty file; its name is not synced yet."""
        with self._operation():
            self._names[name] = Content()

    def delete(self, name: str, *, sync_folder: bool) -> None:
        with self._operation():
            self._names.pop(name, None)
            if sync_folder:
                self._durable_names = dict(self._names)

    def write(self, name: str, offset: int, data: bytes) -> None:
        with self._operation():
            self._names[name].since.append(Write(offset, data))

    def truncate(self, name: str, size: int) -> None:
        with self._operation():
            self._names[name].since.append(Truncate(size))

    def sync(self, name: str, *, sync_folder: bool) -> None:
        with self._operation():
            self.syncs.append(self.operations)
            self._names[name].sync()
            if sync_folder:
                self._durable_names = dict(self._names)

    def cut(self, what: Cut, random: Random) -> dict[str, bytes]:
        """Cuts the power, if it is not off yet; the files that are found when it is back, by name."""
        with self._lock:
            self.went_off.set()
            if what == "nothing":
                return {name: bytes(content.durable) for name, content in self._durable_names.items()}
            found = {}
            for name in sorted(self._durable_names.keys() | self._names.keys()):
                # Of each change to the folder we do not know whether it was kept, either.
                content = random.choice((self._durable_names.get(name), self._names.get(name)))
                if content is not None:
                    found[name] = content.with_some(random)
            return found

    @contextmanager
    def _operation(self) -> Iterator[None]:
        with self._lock:
            self.check_power()
            self.operations += 1
            if self.operations == self.cut_before:
                self.went_off.set()
                self.check_power()
            yield


def _sectors(write: Write) -> Iterator[Write]:
    """The write's parts, one for each sector that it touches.

    A part never covers more than was written: SQLite is told (`SQLITE_IOCAP_POWERSAFE_OVERWRITE`, its default), and
    today's disks keep, that a power cut does not damage the neighbours of what was being written.
    """
    start, end = write.offset, write.offset + len(write.data)
    while start < end:
        stop = min((start // SECTOR + 1) * SECTOR, end)
        yield Write(start, write.data[start - write.offset : stop - write.offset])
        start = stop


def _apply(content: bytearray, change: Change) -> None:
    if isinstance(change, Truncate):
        del content[change.size :]
        content.extend(bytes(change.size - len(content)))
        return
    content.extend(bytes(max(change.offset - len(content), 0)))
    content[change.offset : change.offset + len(change.data)] = change.data
