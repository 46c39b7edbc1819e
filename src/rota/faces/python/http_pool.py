"""Connections to one HTTP service, kept for the next call."""

from __future__ import annotations

import http.client
import select
import socket
import ssl
import struct
import threading
from contextlib import suppress
from time import monotonic
from urllib.parse import urlsplit

from rota.model.errors import invalid

KEPT_S = 60.0
"""How long a connection may be idle before it is not used any more, seconds: less than services keep theirs."""
KEPT = 64
"""The most idle connections."""


class Pool:
    """Takes and keeps connections to the service of a URL. Safe to use from any thread."""

    def __init__(self, url: str) -> None:
        """Refused when the URL names no service."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise invalid("target", "is no URL: write http://HOST:PORT or https://HOST") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise invalid("target", "names no service: write http://HOST:PORT or https://HOST")
        if parts.username is not None:
            raise invalid("target", "must hold no password; give the key as `key` or in ROTA_KEY")
        self.place = f"{parts.scheme}://{parts.netloc}"
        self.path = parts.path.rstrip("/")
        self._host = parts.hostname
        self._port = port
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._lock = threading.Lock()
        self._idle: list[tuple[float, http.client.HTTPConnection]] = []
        self._closed = False

    def take(self, seconds: float) -> http.client.HTTPConnection:
        """A connection that stands, as far as can be told, or a new one; raises OSError when none can be had."""
        while (kept := self._last()) is not None:
            since, connection = kept
            if monotonic() - since < KEPT_S and _stands(connection):
                connection.sock.settimeout(seconds)
                return connection
            connection.close()
        connection = self._made(seconds)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def keep(self, connection: http.client.HTTPConnection) -> None:
        """It may be used again."""
        with self._lock:
            if not self._closed and len(self._idle) < KEPT:
                self._idle.append((monotonic(), connection))
                return
        connection.close()

    def close(self) -> None:
        """Close those that are idle, and keep none any more."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def _last(self) -> tuple[float, http.client.HTTPConnection] | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _made(self, seconds: float) -> http.client.HTTPConnection:
        if self._tls is not None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=seconds, context=self._tls)
        return http.client.HTTPConnection(self._host, self._port, timeout=seconds)


def _stands(connection: http.client.HTTPConnection) -> bool:
    """Whether the other side has neither closed it nor said anything unasked."""
    try:
        readable, _, _ = select.select([connection.sock], [], [], 0)
    except (OSError, ValueError):
        return False
    return not readable


def hang_up(connection: http.client.HTTPConnection) -> None:
    """Reset it, so that the service knows that its answer was not read. A mere end could come after the answer."""
    with suppress(OSError, AttributeError):  # it may have none any more
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
