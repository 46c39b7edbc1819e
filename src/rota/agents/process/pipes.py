"""Our ends of a process's pipes, read and written without ever blocking, and with bounded memory."""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable
from contextlib import ExitStack

from rota.agents.process.start_failure import StartFailure

CHUNK = 262_144
DRAIN = 16
"""Chunks read at most when emptying a pipe that somebody else may still be filling."""

Selector = selectors.BaseSelector
"""Its keys' data are functions without arguments, called when the descriptor is ready."""


def turn(selector: Selector, timeout_s: float | None) -> None:
    """Waits until something is ready, at most so many seconds, and lets it be handled."""
    for key, _ in selector.select(timeout_s):
        key.data()


def open_selector() -> Selector:
    """A new one; StartFailure if the system has nothing left to give."""
    try:
        return selectors.DefaultSelector()
    except OSError as error:
        raise StartFailure("broken", f"the process could not be watched: {error.strerror}") from error


def open_pipe(for_reading: ExitStack, for_writing: ExitStack) -> tuple[int, int]:
    """A pipe (reading, writing end), not inherited; each end is closed with its stack. Or StartFailure."""
    try:
        reading, writing = os.pipe()
    except OSError as error:
        raise StartFailure("broken", f"no pipe for the process: {error.strerror}") from error
    for_reading.callback(os.close, reading)
    for_writing.callback(os.close, writing)
    return reading, writing


class Reader:
    """Hands on what arrives in a pipe. Owns the descriptor; closes it at the end of the stream."""

    def __init__(self, selector: Selector, descriptor: int, take: Callable[[bytes], None]) -> None:
        self._selector = selector
        self._descriptor = descriptor
        self._take = take
        self.open = True
        os.set_blocking(descriptor, False)
        selector.register(descriptor, selectors.EVENT_READ, self.read)

    def read(self) -> bool:
        """Takes one chunk; False if there was none."""
        if not self.open:
            return False
        try:
            data = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.close()
            return False
        self._take(data)
        return True

    def drain(self) -> None:
        """Takes what is there now, without waiting for the end of the stream."""
        for _ in range(DRAIN):
            if not self.read():
                return

    def close(self) -> None:
        if self.open:
            self.open = False
            self._selector.unregister(self._descriptor)
            os.close(self._descriptor)


class Feeder:
    """Writes bytes into a pipe as fast as they are taken; a reader that goes away is no error."""

    def __init__(self, selector: Selector, descriptor: int, data: bytes, *, keep_open: bool = False) -> None:
        self._selector = selector
        self._descriptor = descriptor
        self._rest = memoryview(data)
        self._keep_open = keep_open
        self.open = True
        """Whether there is still something to write."""
        os.set_blocking(descriptor, False)
        selector.register(descriptor, selectors.EVENT_WRITE, self.write)
        if not data:
            self.close()

    def write(self) -> None:
        """Writes one chunk."""
        if not self.open:
            return
        try:
            written = os.write(self._descriptor, self._rest[:CHUNK])
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        self._rest = self._rest[written:]
        if not self._rest:
            self.close()

    def close(self) -> None:
        """Stops writing, and closes the descriptor unless it is to be kept."""
        if self.open:
            self.open = False
            self._rest = memoryview(b"")
            self._selector.unregister(self._descriptor)
            if not self._keep_open:
                os.close(self._descriptor)


class Head:
    """Keeps the first `limit` bytes of a stream."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self.truncated = False

    def add(self, data: bytes) -> None:
        room = self._limit - len(self._kept)
        self.truncated = self.truncated or len(data) > room
        if room > 0:
            self._kept += data[:room]

    def value(self) -> bytes:
        return bytes(self._kept)


class Tail:
    """Keeps the last `limit` bytes of a stream."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()

    def add(self, data: bytes) -> None:
        self._kept += data[-self._limit :]
        if len(self._kept) > 2 * self._limit:
            del self._kept[: -self._limit]

    def text(self) -> str:
        """Decoded as UTF-8; what is not becomes U+FFFD."""
        return self._kept[-self._limit :].decode("utf-8", "replace")
