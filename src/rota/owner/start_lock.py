"""One at a time may start an owner or take over from one. Standard library only.

The lock is a `flock` on a file beside the socket. Whoever finds no owner waits for it, and looks again: then the one
that held it has started an owner, or has left why that is impossible.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rota.owner.link_error import LinkError, told


class StartLock:
    """The lock, held until `release` or the end of this process."""

    def __init__(self, path: str, descriptor: int, since: float) -> None:
        self._path = path
        self._descriptor = descriptor
        self._since = since

    def raise_failure(self) -> None:
        """Raise why the start failed that somebody else tried while we waited for the lock."""
        text = os.pread(self._descriptor, 65_536, 0)
        try:
            left = json.loads(text) if text else {}
        except ValueError:
            return
        # The clock of all processes of a machine; after a restart of the machine the folder is empty.
        if left.get("at", 0.0) > self._since:
            raise told(left["error"])

    def leave_failure(self, error: LinkError) -> None:
        """Tell those who wait why it is impossible."""
        text = json.dumps({"at": time.monotonic(), "error": error.as_dict()}).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text, 0)

    def remove(self) -> None:
        """Leave no file behind; whoever waits for it makes a new one."""
        with suppress(OSError):
            os.unlink(self._path)

    def release(self) -> None:
        """Let others go on."""
        os.close(self._descriptor)


@contextmanager
def start_lock(path: str) -> Iterator[StartLock]:
    """Hold the lock; waits for it."""
    lock = _held(path, 0)
    assert lock is not None
    try:
        yield lock
    finally:
        lock.release()


def start_lock_at_once(path: str) -> StartLock | None:
    """The lock, held; None when somebody has it."""
    return _held(path, fcntl.LOCK_NB)


def _held(path: str, how: int) -> StartLock | None:
    since = time.monotonic()
    while True:
        descriptor = _opened(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | how)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        if _is_there(path, descriptor):
            return StartLock(path, descriptor, since)
        # It was removed while we waited: others lock the next one.
        os.close(descriptor)


def _is_there(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _opened(path: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise LinkError("unavailable", f"{path} can not be opened: {error.strerror}") from None
