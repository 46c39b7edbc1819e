"""A disk as a power cut finds it: what was synced is there, what was only written may be, wholly, partly or not at all.

Files live twice: the operating system's view, which programs read and write, is a real folder; this is the other one,
the platters. Each file holds what was synced last and the changes since. A folder is such a file as well: names made
or removed are kept only by a sync of the folder. Nothing in here knows SQLite.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

SECTOR = 512
"""Bytes that reach the platters together, at the least."""

Fate = Literal["kept", "lost", "scrambled"]
Cut = Literal["nothing", "some"]
"""What of the unsynced a power cut leaves: nothing of it, or some of it, whatever the order it was written in."""

FATES: tuple[Fate, ...] = ("kept", "lost", "scrambled")
ODDS = ((10, 10, 1), (20, 1, 0), (1, 20, 0), (5, 5, 5))
"""How likely each fate is; a power cut chooses one line for all it does."""


class PowerOff(Exception):
    """The power is off: nothing can be read or written any more."""


class Write(NamedTuple):
    """Bytes written, not yet synced."""

    offset: int
    data: bytes


class Truncate(NamedTuple):
    """A new length, not yet synced."""

    size: int


@dataclass(slots=True)
class Content:
    """One file: what is on the platters, and what was done to it since its last sync."""

    durable: bytearray = field(default_factory=bytearray)
    since: list[Write | Truncate] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.since:
            _apply(self.durable, change)
        self.since.clear()

    def after_power_cut(self, random: Random | None) -> bytes:
        """What the file holds then. Without `random` nothing unsynced is left."""
        left = bytearray(self.durable)
        if random is None:
            return bytes(left)
        odds = random.choice(ODDS)
        for change in self.since:
            if isinstance(change, Write):
                for piece in _sectors(change):
                    _apply(left, piece, random.choices(FATES, odds)[0], random)
            elif random.random() < 0.5:
                _apply(left, change)
        return bytes(left)


class Disk:
    """All files of one folder. Counts what is done to it, and cuts the power before the operation number `cut_before`.

    Used by several threads at once. `syncs` are the numbers of those operations that were syncs.
    """

    def __init__(self, durable: dict[str, bytes] | None = None, *, cut_before: int | None = None) -> None:
        self.cut_before = cut_before
        self.operations = 0
        self.syncs: list[int] = []
        self.off = False
        self._lock = threading.RLock()
        self._durable_names: dict[str, Content] = {
            name: Content(bytearray(data)) for name, data in (durable or {}).items()
        }
        self._names = dict(self._durable_names)

    def power_off(self) -> None:
        """Cuts the power now."""
        with self._lock:
            self.off = True

    def check_power(self) -> None:
        """Raises `PowerOff` once the power is off."""
        if self.off:
            raise PowerOff

    def exists(self, name: str) -> bool:
        return name in self._names

    def create(self, name: str) -> None:
        """A new, empty file of this name; its name is not synced yet."""
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

    def after_power_cut(self, cut: Cut, random: Random) -> dict[str, bytes]:
        """The files, by name, that are found when the power is back."""
        with self._lock:
            self.off = True
            if cut == "nothing":
                return {name: content.after_power_cut(None) for name, content in self._durable_names.items()}
            # A folder is a list of names, and of each change to it we do not know whether it was kept.
            names = {
                name: content
                for name in sorted(self._durable_names.keys() | self._names.keys())
                if (content := random.choice((self._durable_names.get(name), self._names.get(name)))) is not None
            }
            return {name: content.after_power_cut(random) for name, content in names.items()}

    def _operation(self) -> threading.RLock:
        # The caller holds the lock for the whole operation: `with` takes it a second time and lets go of both.
        operation = _Operation(self, self._lock)
        return operation  # type: ignore[return-value]


class _Operation:
    def __init__(self, disk: Disk, lock: threading.RLock) -> None:  # type: ignore[valid-type]
        self._disk = disk
        self._lock = lock


def _apply(content: bytearray, change: Write | Truncate, fate: Fate = "kept", random: Random | None = None) -> None:
    if isinstance(change, Truncate):
        del content[change.size :]
        content.extend(bytes(change.size - len(content)))
        return
