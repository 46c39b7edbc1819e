"""A connection that sends whatever a test wants."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rota.owner.address import address_of
from rota.owner.frames import HEADER, frame

PATIENCE_S = 20.0


class Raw:
    def __init__(self, stream: socket.socket) -> None:
        self.stream = stream
        self._file = stream.makefile("rb")

    def send(self, data: bytes) -> None:
        self.stream.sendall(data)

    def ask(self, number: int, operation: str, arguments: dict[str, Any] | None = None, **more: Any) -> None:
        self.send(frame({"id": number, "operation": operation, "arguments": arguments or {}, **more}))

    def hear(self) -> dict[str, Any] | None:
        """The next frame; None at the end of the connection."""
        try:
            header = self._file.read(HEADER)
            if len(header) < HEADER:
                return None
            value: dict[str, Any] = json.loads(self._file.read(int.from_bytes(header, "big")))
        except ConnectionResetError:
            return None
        return value

    def answer(self, number: int, operation: str, arguments: dict[str, Any] | None = None) -> Any:
        self.ask(number, operation, arguments)
        said = self.hear()
        assert said is not None
        assert said["id"] == number
        return said["answer"]

    def hang_up(self) -> None:
        self._file.close()
        self.stream.close()


@contextmanager
def raw(database: str) -> Iterator[Raw]:
    """A connection that has been greeted."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.settimeout(PATIENCE_S)
        stream.connect(address_of(database).socket)
        connection = Raw(stream)
        try:
            hello = connection.hear()
            assert hello is not None
            assert "hello" in hello
            yield connection
        finally:
            connection.hang_up()
