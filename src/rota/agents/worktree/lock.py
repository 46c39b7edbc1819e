"""A lock on a file that other processes keep to; it is gone with the process that held it."""

from __future__ import annotations

import fcntl
import os
import time
from types import TracebackType
from typing import Self

from rota.agents.process.stop import Stop

LOOK_S = 0.05


class FileLock:
    """Take it once; let it go with `release`, or use it in a `with`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self, stop: Stop | None = None, *, wait: bool = True) -> bool:
        """Whether it is ours now: False when somebody has it and we do not wait, or are asked to end."""
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                if not wait or (stop is not None and stop.reason is not None):
                    return False
                _pause(stop)
                continue
            if self._is(descriptor):
                self._descriptor = descriptor
                return True
            # Whoever had it has removed the file meanwhile: the next one would lock another.
            os.close(descriptor)

    def _is(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(self.path))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let others have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _pause(stop: Stop | None) -> None:
    if stop is None:
        time.sleep(LOOK_S)
    else:
        stop.wait(LOOK_S)
