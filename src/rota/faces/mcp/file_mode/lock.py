"""The lock of taskqueue-mcp: a file `<file>.lock` that is there for as long as somebody is at the file.

Theirs is empty, names no owner and stays for ever when its owner is killed. Ours holds our process number, and its
owner keeps a `flock` on it, which ends with the process: so a lock of ours that was left behind is known at once, and
one whose owner lives is never taken. A lock of anybody else is judged by its age alone.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress

STALE_S = 10.0
"""A lock of another program that is older than this was left behind: they hold it for milliseconds."""
PATIENCE_S = 30.0
"""How long to wait for a lock altogether."""
POLL_S = 0.005
"""How often to look: the end of another program's lock gives no signal."""
_MARK = b"rota "


class Lock:
    """A lock that is ours until `release`."""

    def __init__(self, path: str, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def is_held(self) -> bool:
        """Whether it is still in its place: people remove locks by hand."""
        return _is_at(self._path, self._descriptor)

    def release(self) -> None:
        """Let the next one at it."""
        try:
            # Before the flock ends: whoever gets that sees that the lock is gone, and makes a new one.
            if self.is_held():
                with suppress(OSError):
                    os.unlink(self._path)
        finally:
            os.close(self._descriptor)


def take(path: str, patient_until: float) -> Lock:
    """The lock of this name, ours; whoever has it is waited for until then, on the monotonic clock.

    Raises `OSError` when it can not be made, `TimeoutError` among them when it was not free in time.
    """
    watch = _Watch()
    while True:
        descriptor = _made(path)
        if descriptor is None:
            descriptor = _taken_over(path, watch)
        if descriptor is not None:
            return Lock(path, descriptor)
        if time.monotonic() > patient_until:
            raise TimeoutError(f"{path} was not free in time")
        time.sleep(POLL_S)


def _made(path: str) -> int | None:
    """The descriptor of a new lock; None when there is one already."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except FileExistsError:
        return None
    if _flocked(descriptor) is False:
        os.close(descriptor)
        return None
    _mark(descriptor)
    return descriptor


class _Watch:
    """How long one and the same lock has been seen: a clock of another machine may be wrong about its age."""

    def __init__(self) -> None:
        self._seen: tuple[int, int] | None = None
        self._since = 0.0

    def is_stale(self, found: os.stat_result) -> bool:
        now = time.monotonic()
        if self._seen != (found.st_ino, found.st_mtime_ns):
            self._seen, self._since = (found.st_ino, found.st_mtime_ns), now
        return now - self._since > STALE_S or time.time() - found.st_mtime > STALE_S


def _taken_over(path: str, watch: _Watch) -> int | None:
    """The descriptor of a lock of ours in the place of one that was left behind; None when its owner lives."""
    try:
        old = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        ours = os.pread(old, len(_MARK), 0) == _MARK
        stale = watch.is_stale(os.fstat(old))
        # A fresh lock without a mark may be one of ours that is being made: its owner must get its flock.
        if not ours and not stale:
            return None
        free = _flocked(old)
        if free is False or (free is None and not stale):
            return None
        # With the flock nobody else is judging this very lock; it must only be in its place still.
        return _replaced(path) if _is_at(path, old) else None
    finally:
        os.close(old)


def _replaced(path: str) -> int:
    """Put a lock of ours in the place of one that is judged, in one step: it is never missing."""
    new = f"{path}.{os.getpid()}"
    with suppress(FileNotFoundError):
        os.unlink(new)
    descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        _flocked(descriptor)
        _mark(descriptor)
        os.rename(new, path)
    except BaseException:
        os.close(descriptor)
        with suppress(OSError):
            os.unlink(new)
        raise
    return descriptor


def _flocked(descriptor: int) -> bool | None:
    """Whether the flock is ours now; None where the file system knows none."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _mark(descriptor: int) -> None:
    with suppress(OSError):  # a full disk; the lock holds without it
        os.pwrite(descriptor, _MARK + str(os.getpid()).encode(), 0)


def _is_at(path: str, descriptor: int) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return os.path.samestat(found, os.fstat(descriptor))
