"""Stands between a node and PostgreSQL and cuts the line at one chosen commit: before the server hears of it, or after
it was done and before the node hears so.

Speaks just enough of the protocol to know a COMMIT when it passes, and which transaction it ends.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from psycopg.conninfo import conninfo_to_dict

from tests.servers.databases import with_database

SOCKET = ".s.PGSQL.5432"
Where = Literal["before", "after"]
"""Of the commit: the server never hears of it, or does it and is not heard."""


class CuttingProxy:
    """A socket for a node to connect to."""

    def __init__(self, folder: Path, dsn: str) -> None:
        parts = conninfo_to_dict(dsn)
        self.dsn = with_database(f"host={folder} user={parts['user']}", f"{parts['dbname']}")
        self.was_cut = threading.Event()
        self._server = f"{parts['host']}/{SOCKET}"
        self._marker = b""
        self._where: Where = "before"
        self._stay_deaf = self._deaf = False
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(f"{folder}/{SOCKET}")
        self._listening.listen()
        self._threads = [threading.Thread(target=self._accept)]
        self._open: list[socket.socket] = []
        self._threads[0].start()

    def cut(self, marker: str, where: Where, *, stay_deaf: bool = False) -> None:
        """Cuts the line at the commit of the next transaction in which `marker` is sent; then, if told, takes no new
        connections until `hear`.
        """
        self._where, self._stay_deaf = where, stay_deaf
        self.was_cut.clear()
        self._marker = marker.encode()

    def hear(self) -> None:
        """Takes connections again."""
        self._deaf = False

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        for end in self._open:
            _cut(end)
        for thread in self._threads:
            thread.join()
        for end in (self._listening, *self._open):
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                node, _ = self._listening.accept()
            except OSError:
                return
            self._open.append(node)
            if self._deaf:
                _cut(node)
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            self._open.append(server)
            line = _Line(self, node, server)
            for work in (line.towards_server, line.towards_node):
                self._threads.append(threading.Thread(target=work))
                self._threads[-1].start()

    def cuts_here(self, said: bytes) -> Where | None:
        """Where to cut at the commit of the transaction in which this was said."""
        if not self._marker or self._marker not in said:
            return None
        self._marker = b""
        self._deaf = self._stay_deaf
        return self._where


class _Line:
    def __init__(self, proxy: CuttingProxy, node: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._node = node
        self._server = server
        self._names: dict[bytes, bytes] = {}
        self._ends_with_commit = False

    def towards_server(self) -> None:
        said = bytearray()
        with suppress(OSError):
            length = _exactly(self._node, 4)
            self._server.sendall(_exactly(self._node, struct.unpack("!i", length)[0], length))
            for kind, message in _messages(self._node):
                said += message
                if kind == b"P":
                    name, query, _ = message[5:].split(b"\0", 2)
                    self._names[name] = query
                elif kind == b"B" and self._names.get(message[5:].split(b"\0", 2)[1]) == b"COMMIT":
                    where = self._proxy.cuts_here(bytes(said))
                    said.clear()
                    if where == "before":
                        self._proxy.was_cut.set()
                        break
                    self._ends_with_commit = where == "after"
                self._server.sendall(message)
        self._end()

    def towards_node(self) -> None:
        with suppress(OSError):
            for kind, message in _messages(self._server):
                if self._ends_with_commit and kind == b"C" and message[5:] == b"COMMIT\0":
                    self._proxy.was_cut.set()
                    break
                self._node.sendall(message)
        self._end()

    def _end(self) -> None:
        _cut(self._node)
        _cut(self._server)


def _messages(end: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    while True:
        head = _exactly(end, 5)
        yield head[:1], _exactly(end, struct.unpack("!i", head[1:])[0] + 1, head)


def _exactly(end: socket.socket, n: int, start: bytes = b"") -> bytes:
    """`n` bytes, the ones of `start` included."""
    received = bytearray(start)
    while len(received) < n:
        piece = end.recv(n - len(received))
        if not piece:
            raise ConnectionError
        received += piece
    return bytes(received)


def _cut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting_proxy(folder: Path, dsn: str) -> Iterator[CuttingProxy]:
    """A proxy that lasts as long as the `with` block; `folder` has a short path."""
    proxy = CuttingProxy(folder, dsn)
    try:
        yield proxy
    finally:
        proxy.close()
