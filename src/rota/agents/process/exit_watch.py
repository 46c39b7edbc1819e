"""Notices at once, through a descriptor, that a child of ours has ended."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Any, Protocol

Reaped = tuple[int, Any]
"""What `os.wait4` tells: (wait status, resource usage)."""


class ExitWatch(Protocol):
    """Readable once the child has ended."""

    def fileno(self) -> int: ...

    def reap(self) -> Reaped | None:
        """Collects the child; None if it has not ended. ChildProcessError if somebody else collected it."""
        ...

    def close(self) -> None: ...


def watch_exit(pid: int) -> ExitWatch:
    """The best watch that this system has."""
    try:
        return PidfdWatch(pid)
    except (AttributeError, OSError):
        # Not Linux, or a Linux (a sandbox) without the call.
        return ThreadWatch(pid)


class PidfdWatch:
    """By a pidfd; Linux 5.3 and later."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._descriptor = os.pidfd_open(pid)

    def fileno(self) -> int:
        return self._descriptor

    def reap(self) -> Reaped | None:
        return _wait4(self._pid)

    def close(self) -> None:
        os.close(self._descriptor)


class ThreadWatch:
    """By a thread that waits for the child and writes to a pipe."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._reading, self._writing = os.pipe()
        self._collected: Reaped | ChildProcessError | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._wait, name=f"exit of {pid}", daemon=True).start()

    def fileno(self) -> int:
        return self._reading

    def reap(self) -> Reaped | None:
        if isinstance(self._collected, ChildProcessError):
            raise self._collected
        return self._collected or (_wait4(self._pid) if hasattr(os, "waitid") else None)

    def close(self) -> None:
        with self._lock:
            os.close(self._reading)
            self._reading = -1

    def _wait(self) -> None:
        # Left as a zombie where possible: its number then stays its own until the group has been ended.
        # Python before 3.13 has no waitid on macOS; there it is collected here.
        try:
            if hasattr(os, "waitid"):
                with contextlib.suppress(ChildProcessError):
                    os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)
            else:
                _, status, usage = os.wait4(self._pid, 0)
                self._collected = (status, usage)
        except ChildProcessError as error:
            self._collected = error
        with self._lock:
            if self._reading >= 0:
                os.write(self._writing, b"!")
            os.close(self._writing)


def _wait4(pid: int) -> Reaped | None:
    found, status, usage = os.wait4(pid, os.WNOHANG)
    return (status, usage) if found else None
