"""What a session has in its hands, in a file that says by its lock whether the session's process lives.

Only the next owner reads it: when an owner is killed together with the process of a session, nobody else saw that end.
The lock goes with the process, so that a number of a process that is used again can not be mistaken. Standard library
only; nothing of it is needed for safety, since leases end by themselves.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress

from rota.owner.address import Address

ENDING = ".held"
MOST_BYTES = 1_048_576


class HeldFile:
    """The file of one session, made when there is something to write."""

    def __init__(self, address: Address, session: str) -> None:
        self._path = _path_of(address, session)
        self._descriptor: int | None = None
        self._held: list[list[str]] = []

    def keep(self, held: Sequence[Sequence[str]]) -> None:
        """Write down task, agent and token of each."""
        found = [list(one) for one in held]
        if found == self._held:
            return
        self._held = found
        with suppress(OSError):
            if self._descriptor is None:
                self._descriptor = _locked(self._path)
            if self._descriptor is not None:
                text = json.dumps(found).encode()
                os.pwrite(self._descriptor, text, 0)
                os.ftruncate(self._descriptor, len(text))

    def forget(self) -> None:
        """The session ends in good order."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.unlink(self._path)
            os.close(self._descriptor)
            self._descriptor = None


def left_behind(address: Address) -> Iterator[list[list[str]]]:
    """What sessions had whose processes are gone; their files go too."""
    folder, name = os.path.split(_stem(address))
    with suppress(OSError):
        for entry in sorted(os.listdir(folder)):
            if entry.startswith(f"{name}.") and entry.endswith(ENDING):
                yield _taken(os.path.join(folder, entry))


def remove(address: Address, session: str) -> None:
    """The owner saw the end of the session itself."""
    _taken(_path_of(address, session))


def _taken(path: str) -> list[list[str]]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return []
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        text = os.read(descriptor, MOST_BYTES)
        os.unlink(path)
        return _valid(json.loads(text))
    except (OSError, ValueError, RecursionError):
        return []  # its process lives, or was killed while it wrote
    finally:
        os.close(descriptor)


def _valid(found: object) -> list[list[str]]:
    if not isinstance(found, list):
        return []
    return [one for one in found if isinstance(one, list) and len(one) == 3 and all(isinstance(it, str) for it in one)]


def _locked(path: str) -> int | None:
    """The file, open and locked; None when another process of the same session has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _path_of(address: Address, session: str) -> str:
    return f"{_stem(address)}.{session}{ENDING}"


def _stem(address: Address) -> str:
    return address.socket.removesuffix(".sock")
