"""The HTTP protocol of uvicorn, with bounds: on how long a request's head may take and how large it may be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from rota.faces.http.problems import Refused, problem_of
from rota.model.errors import RotaError, invalid

HEAD_S = 10.0
"""How long a head may take from its first byte, or from the connection, seconds."""
HEAD_BYTES = 65_536
CONNECTIONS = 20_000


CONNECTION = "rota.connection"
"""Where a request's scope has its connection."""
HANDED_S = 5.0
"""After so long an answer was read, whatever becomes of the connection, seconds."""


class _Handed(NamedTuple):
    until: float
    take_back: Callable[[], None]


class BoundedProtocol(HttpToolsProtocol):
    """A connection. uvicorn itself waits for ever for a head, and keeps as much of it as comes."""

    is_lost = False
    _handed: _Handed | None = None
    _head: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _heads = 0
    _is_in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has come: the first head is awaited."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            self._end(RotaError("unavailable", f"has {CONNECTIONS:,} connections already"), 503)
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._head_is_there()
        self.is_lost = True
        handed, self._handed = self._handed, None
        if handed is not None and exc is not None and self.loop.time() < handed.until:
            # A reset: the other side went away without having read it.
            handed.take_back()
        super().connection_lost(exc)

    def hand_over(self, take_back: Callable[[], None]) -> None:
        """What was just sent hands something over. It is taken back should the connection break before it was read."""
        if self.is_lost:
            take_back()
        else:
            self._handed = _Handed(self.loop.time() + HANDED_S, take_back)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self.transport.is_closing():
            return
        if self._is_in_head and self._head is None:
            self._await_head()
        # Whoever says something more has read what it was sent.
        self._handed = None
        before, was_in_head = self._heads, self._is_in_head
        super().data_received(data)
        if was_in_head and self._is_in_head and self._heads == before and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._end(RotaError("too_large", f"the head has more than {HEAD_BYTES:,} bytes", field="headers"), 431)

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._head_is_there()
        self._heads += 1
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope[CONNECTION] = self
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request is whole: what comes next is the head of another."""
        self._is_in_head = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP."""
        self._end(invalid("request", msg.rstrip(".").lower()), 400)

    def _await_head(self) -> None:
        self._head = self.loop.call_later(HEAD_S, self._late)

    def _head_is_there(self) -> None:
        self._head_bytes = 0
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _late(self) -> None:
        self._head = None
        if not self._is_answering():
            self._end(invalid("request", f"its head did not come within {HEAD_S:g} s"), 408)
        else:
            self.transport.close()

    def _end(self, error: RotaError, status: int) -> None:
        answer = problem_of(Refused(error, status, (b"connection", b"close")))
        if not self._is_answering():
            self.transport.write(_head_of(answer.start()) + answer.body)
        self.transport.close()


def _head_of(start: dict[str, Any]) -> bytes:
    lines = b"".join(b"%s: %s\r\n" % pair for pair in start["headers"])
    return b"HTTP/1.1 %d \r\n%s\r\n" % (start["status"], lines)
