"""The HTTP protocol of uvicorn, with bounds: on how long a request's head may take and how large it may be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from rota.faces.http.answers import CONNECTION, Answer
from rota.faces.http.problems import Refused, problem_of
from rota.faces.http.quick import MOST_BYTES
from rota.model.errors import RotaError, invalid

if TYPE_CHECKING:
    from rota.faces.http.service import Service

HEAD_S = 10.0
"""How long a head may take from its first byte, or from the connection, seconds."""
HEAD_BYTES = 65_536
CONNECTIONS = 20_000
HANDED_S = 5.0
"""After so long an answer was read, whatever becomes of the connection, seconds."""


PIPELINED = 1_000
"""Requests that may wait behind one that is being answered."""


_CLOSE = b"connection: close\r\n"
_PLAIN = (
    STATUS_LINE[200].replace(b"%", b"%%")
    + b"%b"
    + b"".join(b"%b: %b\r\n" % pair for pair in Answer(b"").head() if pair[0] != b"content-length")
    + b"%bcontent-length: %d\r\n\r\n%b"
)
"""An answer as most are: the date, whether the connection is closed, the length, the body."""


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
    _has_begun = False
    """Something has come of a head that is not whole yet."""
    _at_work: RequestResponseCycle | None = None
    """What is being answered the long way; behind it others may wait."""
    _whole: list[bytes] | None = None
    """The body so far of a request that may go the short way, if it is there at once."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # uvicorn knows no more of it than that it is an application.
        self._service = cast("Service", self.app)

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
        self._tell_all()
        handed, self._handed = self._handed, None
        if handed is not None and exc is not None and self.loop.time() < handed.until:
            # A reset: the other side went away without having read it.
            handed.take_back()
        super().connection_lost(exc)

    def _tell_all(self) -> None:
        """Let all who are at work for it, or wait for their turn, know that nobody is there any more.

        uvicorn tells the last one that came.
        """
        for cycle in (self._at_work, *(cycle for cycle, _app in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._at_work = cycle
        super()._start_asgi_task(cycle, app)

    def let_go(self) -> None:
        """End the connection now, whatever of what was sent is not read."""
        self.transport.abort()

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
        # Whoever says something more has read what it was sent.
        self._handed = None
        before, was_in_head = self._heads, self._is_in_head
        super().data_received(data)
        if self._whole is not None and not self.transport.is_closing():
            # Who knows when the rest comes.
            self._go_the_long_way()
        if self._has_begun and self._head is None and not self.transport.is_closing():
            self._await_head()
        if was_in_head and self._is_in_head and self._heads == before and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._end(RotaError("too_large", f"the head has more than {HEAD_BYTES:,} bytes", field="headers"), 431)

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        self._has_begun = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._has_begun = False
        self._head_is_there()
        self._heads += 1
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope[CONNECTION] = self
        self._is_in_head = False
        if self._may_be_quick():
            self._whole = []
            return
        super().on_headers_complete()
        if len(self.pipeline) > PIPELINED:
            self.transport.close()

    def on_body(self, body: bytes) -> None:
        """A part of a body has come."""
        if self._whole is None:
            super().on_body(body)
            return
        self._whole.append(body)

    def on_message_complete(self) -> None:
        """A request is whole: what comes next is the head of another."""
        self._is_in_head = True
        whole, self._whole = self._whole, None
        if whole is not None:
            body = b"".join(whole)
            if len(body) <= MOST_BYTES and self._begin_quickly(body):
                return
            self._whole = [body]
            self._go_the_long_way()
        super().on_message_complete()

    def _may_be_quick(self) -> bool:
        return (
            not self._is_answering()
            and not self.expect_100_continue
            and self._service.quick.takes(self.url)
            and self.parser.get_method() == b"POST"
            and not self.parser.should_upgrade()
        )

    def _go_the_long_way(self) -> None:
        """As every other request, with what is there of the body."""
        whole, self._whole = self._whole, None
        super().on_headers_complete()
        for part in whole or ():
            super().on_body(part)

    def _begin_quickly(self, body: bytes) -> bool:
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        cycle = _Quick(keep_alive)
        write, lost = partial(self._write, cycle), self._service.operations.give_back
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        if not self._service.quick.begin(self.url, scope, body, write, lost):
            return False
        self.cycle = cycle  # type: ignore[assignment]
        return True

    def _write(self, cycle: _Quick, answer: Answer) -> bool:
        """Write the whole answer; False when the connection has ended."""
        if cycle.disconnected or self.transport.is_closing():
            return False
        self.transport.write(self._bytes_of(answer, keep_alive=cycle.keep_alive))
        cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()
        return True

    def _bytes_of(self, answer: Answer, *, keep_alive: bool) -> bytes:
        dated = b"".join([b"%b: %b\r\n" % pair for pair in self.server_state.default_headers])
        close = b"" if keep_alive else _CLOSE
        if answer.status == 200 and not answer.headers:
            return _PLAIN % (dated, close, len(answer.body), answer.body)
        lines = b"".join([b"%b: %b\r\n" % pair for pair in answer.head()])
        return b"%b%b%b%b\r\n%b" % (STATUS_LINE[answer.status], dated, lines, close, answer.body)

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


class _Quick:
    """What uvicorn looks at of a request that is being answered."""

    def __init__(self, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.disconnected = False
        self.response_complete = False
        self.message_event = _NOBODY_WAITS


class _Event:
    def set(self) -> None:
        """Nobody waits for it."""


_NOBODY_WAITS = _Event()


def _head_of(start: dict[str, Any]) -> bytes:
    lines = b"".join(b"%s: %s\r\n" % pair for pair in start["headers"])
    return b"HTTP/1.1 %d \r\n%s\r\n" % (start["status"], lines)
