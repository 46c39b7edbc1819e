"""A connection to whoever asks, from the side of the owner: what it waits for, what it was handed, what is on its way.

Answers are sent by the thread that has them, without waiting; what the socket does not take at once is left to the
owner's loop.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from rota.owner.face import Session
from rota.owner.frames import Incoming

MOST_CALLS = 1_000
"""Calls of one connection at a time."""
MOST_UNSENT = 268_435_456
"""Bytes of answers that a caller may leave unread; then it is hung up."""


class Peer:
    """One connection. `blocked` is called, from any thread, when the loop has to send the rest."""

    def __init__(self, stream: socket.socket, blocked: Callable[[Peer], None]) -> None:
        self.stream = stream
        self.incoming = Incoming()
        self.sessions: dict[str, Session] = {}
        self.has_asked = False
        """It has asked for more than about the owner."""
        self.leaver = False
        """It asked the owner to leave: its connection ends when that is done."""
        self.is_deaf = False
        """What it says is not read any more, but for what it got."""
        self._blocked = blocked
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[Any] | None] = {}
        self._handed: dict[int, Callable[[], None]] = {}
        self._outgoing = bytearray()
        self._ending = False
        self._closed = False

    @property
    def is_busy(self) -> bool:
        """Whether a call has no answer yet, or an answer is not all sent."""
        with self._lock:
            return not self._closed and bool(self._waiting or self._outgoing)

    def begin(self, number: int) -> str | None:
        """A call comes in; why it can not be taken, if so."""
        with self._lock:
            if number in self._waiting:
                return f"there is a call {number} already"
            if len(self._waiting) >= MOST_CALLS:
                return f"more than {MOST_CALLS:,} calls at once; wait for answers"
            self._waiting[number] = None
            return None

    def waits_for(self, number: int, future: Future[Any]) -> None:
        """The call's answer may take long, and may be cancelled."""
        with self._lock:
            if number in self._waiting:
                self._waiting[number] = future
            if not self._closed:
                return
        future.cancel()

    def cancel(self, number: int) -> None:
        """Cancel a call that waits."""
        with self._lock:
            future = self._waiting.get(number)
        if future is not None:
            future.cancel()

    def cancel_all(self) -> None:
        """Cancel all calls that wait."""
        with self._lock:
            futures = [future for future in self._waiting.values() if future is not None]
        for future in futures:
            future.cancel()

    def answer(self, number: int, data: bytes | None, lost: Callable[[], None] | None = None) -> None:
        """End a call with its answer as a frame, or silently; `lost` is called if the caller does not get it."""
        with self._lock:
            self._waiting.pop(number, None)
            gone = self._closed
            if not gone and lost is not None:
                self._handed[number] = lost
        if gone and lost is not None:
            lost()
        elif data is not None:
            self.send(data)

    def got(self, number: int, arrived: bool) -> None:
        """The caller says what became of an answer that hands something over."""
        with self._lock:
            lost = self._handed.pop(number, None)
        if lost is not None and not arrived:
            lost()

    def send(self, data: bytes) -> None:
        """Send a frame as far as the socket takes it now; the loop sends the rest."""
        with self._lock:
            if self._closed or self._ending:
                return
            began = not self._outgoing
            if began:
                data = data[self._sent(data) :]
            self._outgoing += data
            blocked = began and bool(self._outgoing)
            too_much = len(self._outgoing) > MOST_UNSENT
        if too_much:
            self.hang_up()
        elif blocked:
            self._blocked(self)

    def send_rest(self) -> bool:
        """Send what the socket takes now; whether all is sent."""
        with self._lock:
            if self._closed:
                return True
            del self._outgoing[: self._sent(bytes(self._outgoing[:1_048_576]))]
            return not self._outgoing

    def end(self) -> None:
        """Say no more; what was handed over may still be acknowledged."""
        with self._lock:
            self._ending = True
        with suppress(OSError):
            self.stream.shutdown(socket.SHUT_WR)

    def hang_up(self) -> None:
        """Break the connection from any thread; the loop closes it."""
        with suppress(OSError):
            self.stream.shutdown(socket.SHUT_RDWR)

    def close(self) -> list[Callable[[], None]]:
        """The connection has ended: cancel what waits. What takes back what was handed over and did not arrive."""
        with self._lock:
            self._closed = True
            lost, self._handed = list(self._handed.values()), {}
            self._outgoing.clear()
        self.cancel_all()
        self.stream.close()
        return lost

    def _sent(self, data: bytes) -> int:
        try:
            return self.stream.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            # The loop finds it broken.
            return len(data)
