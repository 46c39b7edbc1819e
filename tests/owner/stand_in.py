"""An owner of whom the test decides what it says: for what a real one does once in a thousand times."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from rota import __version__
from rota.owner.address import address_of
from rota.owner.frames import HEADER, frame

PATIENCE_S = 20.0


class StandIn:
    """Use as a context. It speaks to one caller at a time."""

    def __init__(self, database: str) -> None:
        self._path = address_of(database).socket
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.settimeout(PATIENCE_S)
        self._stream: socket.socket | None = None

    def __enter__(self) -> StandIn:
        self._listener.bind(self._path)
        self._listener.listen()
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()
        self._listener.close()
        Path(self._path).unlink()

    def hear(self) -> dict[str, Any]:
        """The next frame; greets the next caller first, if there is none."""
        stream = self._connected()
        header = self._read(stream, HEADER)
        value: dict[str, Any] = json.loads(self._read(stream, int.from_bytes(header, "big")))
        return value

    def say(self, value: dict[str, Any]) -> None:
        self._connected().sendall(frame(value))

    def break_off(self) -> None:
        """End the connection, as one that is killed does."""
        self._connected().close()
        self._stream = None

    def _connected(self) -> socket.socket:
        if self._stream is None:
            self._stream, _ = self._listener.accept()
            self._stream.settimeout(PATIENCE_S)
            self._stream.sendall(frame({"hello": {"version": __version__, "process": os.getpid()}}))
        return self._stream

    def _read(self, stream: socket.socket, length: int) -> bytes:
        data = b""
        while len(data) < length:
            more = stream.recv(length - len(data))
            assert more, "the caller has hung up"
            data += more
        return data
