"""A connection to an owner, from the side of whoever asks. Standard library only."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from rota.owner.address import Address, check_own
from rota.owner.frames import BrokenFrame, Incoming, frame, unframed
from rota.owner.link_error import LinkError

AT_ONCE = 65_536
"""Bytes received at once."""


class Connection:
    """Frames to and from an owner that has said who it is."""

    def __init__(self, stream: socket.socket, path: str) -> None:
        self.path = path
        self.frames = self._frames()
        """What the owner says, until the connection ends, in whatever way."""
        self.version = ""
        self.process = 0
        self._stream = stream
        self._incoming = Incoming()
        self._sending = threading.Lock()

    def greet(self, seconds: float) -> bool:
        """Wait for the owner to say who it is; False when it has left. Refused when it says nothing for so long."""
        self._stream.settimeout(seconds)
        try:
            hello = next(self.frames, {}).get("hello")
        except TimeoutError:
            message = f"the owner does not answer at {self.path}"
            raise LinkError("unavailable", message) from None
        if not isinstance(hello, dict):
            return False
        self._stream.settimeout(None)
        self.version, self.process = str(hello.get("version")), int(hello.get("process", 0))
        return True

    def send(self, data: bytes) -> None:
        """Send a whole frame. A connection that is broken says nothing here: `frames` ends."""
        with self._sending, suppress(OSError):
            self._stream.sendall(data)

    def send_frame(self, value: dict[str, Any]) -> None:
        """Send a small value of our own as a frame."""
        self.send(frame(value))

    def until_end(self, seconds: float) -> None:
        """Wait until the owner has ended; refused when it takes longer."""
        self._stream.settimeout(seconds)
        try:
            for _value in self.frames:
                pass
        except TimeoutError:
            raise LinkError("unavailable", f"process {self.process} does not leave") from None

    def wait_at_most(self, seconds: float | None) -> None:
        """From now on `frames` raises `TimeoutError` after so many seconds without one."""
        self._stream.settimeout(seconds)

    def hang_up(self) -> None:
        """End it from another thread: `frames` ends."""
        with suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of it."""
        self._stream.close()

    def _frames(self) -> Iterator[dict[str, Any]]:
        while True:
            try:
                data = self._stream.recv(AT_ONCE)
            except TimeoutError:
                raise
            except OSError:
                return
            if not data:
                return
            try:
                for payload in self._incoming.feed(data):
                    yield unframed(payload)
            except BrokenFrame:
                return


def dial(address: Address, seconds: float) -> Connection | None:
    """A connection to the owner of this database; None when there is none. Refused when it says nothing for so long."""
    for path in dict.fromkeys((address.socket, *_told(address))):
        try:
            check_own(path)
        except OSError:
            continue
        connection = _dialled(path, seconds)
        if connection is not None:
            return connection
    return None


def _dialled(path: str, seconds: float) -> Connection | None:
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(seconds)
    try:
        stream.connect(path)
    except TimeoutError:
        stream.close()
        raise LinkError("unavailable", f"the owner does not answer at {path}") from None
    except OSError:
        stream.close()
        return None
    connection = Connection(stream, path)
    try:
        if connection.greet(seconds):
            return connection
    except LinkError:
        connection.close()
        raise
    connection.close()
    return None


def _told(address: Address) -> list[str]:
    """The socket that the last owner wrote beside its number: it may have another runtime directory than we have."""
    try:
        descriptor = os.open(address.owner, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        lines = os.read(descriptor, 1_000).decode(errors="replace").splitlines()
    finally:
        os.close(descriptor)
    return [line for line in lines[1:2] if line]
