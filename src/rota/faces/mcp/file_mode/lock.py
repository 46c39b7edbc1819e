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
        if descriptor is not None:
            return Lock(path, descriptor)
        gone = _removed(path, watch)
        if time.monotonic() > patient_until:
            raise TimeoutError(f"{path} was not free in time")
        if not gone:
            time.sleep(POLL_S)


def _made(path: str) -> int | None:
    """The descriptor of a new lock; None when there is one already."""
    try:
        return _made_at_once(path)
    except FileExistsError:
        return None
    except OSError:
        return _made_in_steps(path)


def _made_at_once(path: str) -> int:
    """It is there with its flock and its mark from the first: a file without a name gets one. Not everywhere."""
    flags = getattr(os, "O_TMPFILE", None)
    if flags is None:
        raise OSError("there are no files without a name")
    descriptor = os.open(os.path.dirname(path), flags | os.O_RDWR | os.O_CLOEXEC, 0o644)
    try:
        _flocked(descriptor)
        _mark(descriptor)
        # With a descriptor of a folder, which counts for nothing here, the call follows the link to the file.
        os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor, follow_symlinks=True)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _made_in_steps(path: str) -> int | None:
    """Whoever is killed between the first and the second leaves a lock that only its age tells of."""
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


def _removed(path: str, watch: _Watch) -> bool:
    """Whether a lock that was left behind is out of the way; not when its owner lives."""
    try:
        old = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return True
    except PermissionError:
        return _removed_unread(path, watch)
    try:
        ours = os.pread(old, len(_MARK), 0) == _MARK
        stale = watch.is_stale(os.fstat(old))
        # A fresh lock without a mark may be one of ours that is being made: its owner must get its flock.
        if not ours and not stale:
            return False
        free = _flocked(old)
        if free is False or (free is None and not stale) or not _is_at(path, old):
            return False
        # With the flock nobody else is judging this very lock.
        os.unlink(path)
        return True
    finally:
        os.close(old)


def _removed_unread(path: str, watch: _Watch) -> bool:
    """The same for a lock of somebody else that this account may not read: its age alone tells."""
    try:
        if not watch.is_stale(os.lstat(path)):
            return False
        os.unlink(path)
    except FileNotFoundError:
        pass
    return True


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
