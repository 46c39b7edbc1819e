"""Stands between a client and a service and cuts the line: before a request is passed on, or before its answer is."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Literal

Where = Literal["before", "after"]


class DroppingProxy:
    """Listens on loopback. `cut` says how many of the next requests that name something are lost, and where."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._marker = b""
        self._where: Where = "before"
        self._left = 0
        self.seen = 0
        """Requests that named it."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, marker: str, where: Where, times: int = 1) -> None:
        self._marker, self._where, self._left, self.seen = marker.encode(), where, times, 0

    def close(self) -> None:
        for end in (self._listening, *self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                service = socket.create_connection(("127.0.0.1", self._port))
                self._open += [client, service]
                threading.Thread(target=self._pass_on, args=(client, service), daemon=True).start()

    def _pass_on(self, client: socket.socket, service: socket.socket) -> None:
        with suppress(OSError):
            while request := _message(client):
                named = bool(self._marker) and self._marker in request
                self.seen += named
                cuts = named and self._left > 0
                self._left -= cuts
                if cuts and self._where == "before":
                    break
                service.sendall(request)
                answer = _message(service)
                if cuts:
                    break
                client.sendall(answer)
        for end in (client, service):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _message(end: socket.socket) -> bytes:
    """A request or an answer, head and body; empty at the end."""
    data, length = b"", 0
    while b"\r\n\r\n" not in data or len(data) < length:
        piece = end.recv(1 << 16)
        if not piece:
            return b""
        data += piece
        head, found, _ = data.partition(b"\r\n\r\n")
        if found:
            lines = head.lower().split(b"\r\n")
            length = len(head) + 4 + int(next(line[15:] for line in lines if line.startswith(b"content-length:")))
    return data
