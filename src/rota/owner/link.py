"""A link: calls to the owner of a database, from any process and any thread. Standard library only.

    link = Link(None)                                # the database of this session, an owner started if there is none
    link.call("list_queues", {})                     # wait for the answer
    link.ask("claim", {...}, done=take)              # or be called with it

It outlives the owner. When the connection breaks it finds the next owner or starts one, and sends again what was not
answered, as far as that is safe. What may have been done, and is not safe to be done twice, is answered `unavailable`.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from rota import __version__
from rota.owner.background import IDLE_S, PATIENCE_S, connected
from rota.owner.connection import Connection
from rota.owner.frames import MOST_BYTES, BrokenFrame, framed
from rota.owner.link_error import LinkError as LinkError
from rota.owner.link_error import told
from rota.owner.safe import is_safe, keyed

TRIES = 8
"""How often a call is sent before it is held to be what ends the owners."""
CLOSE_S = 2.0
"""How long `close` waits for the link's own thread, seconds: it may be on its way to an owner."""
AGAIN_S, AGAIN_MOST_S = 0.02, 1.0
"""The pause after a connection that broke at once, doubled with each further one up to the most, seconds."""

Done = Callable[["dict[str, Any] | LinkError"], None]
"""Called once with the answer or the refusal, on the link's own thread or on that of the caller: it must not block."""
Notice = Callable[[dict[str, Any]], None]


class Opening(NamedTuple):
    """A call made first on every connection, so that the owner knows again who this is. It must be safe to repeat."""

    operation: str
    arguments: dict[str, Any]


class _Call:
    def __init__(
        self, number: int, operation: str, arguments: dict[str, Any], done: Done, on_notice: Notice | None, safe: bool
    ) -> None:
        self.number = number
        self.operation = operation
        self.payload = _payload(number, operation, arguments)
        self.done = done
        self.on_notice = on_notice
        self.safe = safe
        self.sent = False
        self.tries = 0


class Link:
    """Calls to the owner of one database; safe to use from any thread, with many calls at once.

    `database`: a path, `sqlite:///path`, a PostgreSQL DSN, or None for the database of the session in this folder.
    `idle`: after how many seconds without anybody an owner started by this link leaves. `patience`: how long
    the way to an owner may take, seconds. With an `opening` the link connects again by itself when an owner ends.
    """

    def __init__(
        self,
        database: str | None = None,
        *,
        opening: Opening | None = None,
        idle: float = IDLE_S,
        patience: float = PATIENCE_S,
    ) -> None:
        if database is None:
            from rota.files.session import database_of_session

            database = database_of_session(None)
        self.database = database
        self._opening = opening
        self._idle = idle
        self._patience = patience
        self._changed = threading.Condition()
        self._taking = threading.RLock()
        """Held while somebody is told an answer and the owner that it arrived."""
        self._calls: dict[int, _Call] = {}
        self._last = 0
        self._breaks = 0
        """Connections in a row that broke before an answer came."""
        self._connection: Connection | None = None
        self._ready = False
        """Calls may be sent: the connection stands and the opening was answered."""
        self._wanted = opening is not None
        self._closed = False
        self._thread: threading.Thread | None = None

    def call(
        self,
        operation: str,
        arguments: dict[str, Any],
        *,
        timeout: float | None = None,
        on_notice: Notice | None = None,
        safe: bool = False,
    ) -> dict[str, Any]:
        """Ask and wait for the answer, for `timeout` seconds at most; raises `LinkError` when refused.

        `safe`: to do it twice is the same as to do it once. What the table of operations knows as such need not say so.
        """
        arrived = threading.Event()
        came: list[dict[str, Any] | LinkError] = []

        def done(answer: dict[str, Any] | LinkError) -> None:
            came.append(answer)
            arrived.set()

        number = self.ask(operation, arguments, done=done, on_notice=on_notice, safe=safe)
        if not arrived.wait(timeout):
            self.cancel(number)
            message = f"no answer to {operation} within {timeout:g} s; it may have happened"
            if not came or isinstance(came[0], LinkError):
                raise LinkError("unavailable", message)
        if isinstance(came[0], LinkError):
            raise came[0]
        return came[0]

    def ask(
        self,
        operation: str,
        arguments: dict[str, Any],
        *,
        done: Done,
        on_notice: Notice | None = None,
        safe: bool = False,
    ) -> int:
        """Ask and go on; `done` is called once with the answer. The number of the call, to cancel it.

        Raises `LinkError` for arguments that can not be sent.
        """
        arguments = keyed(operation, arguments)
        with self._changed:
            if self._closed:
                raise LinkError("stopped", "this link is closed")
            self._last += 1
            call = _Call(self._last, operation, arguments, done, on_notice, safe or is_safe(operation, arguments))
            self._calls[call.number] = call
            self._start_thread()
            connection = self._connection if self._ready else None
            if connection is not None:
                call.sent, call.tries = True, 1
            self._changed.notify_all()
        if connection is not None:
            connection.send(call.payload)
        return call.number

    def cancel(self, number: int) -> None:
        """Want no answer any more: a waiting claim ends, and what it was given at that moment goes back."""
        with self._changed:
            call = self._calls.pop(number, None)
            connection = self._connection if call is not None and call.sent else None
        if connection is not None:
            connection.send_frame({"id": number, "cancel": number})
        if call is not None:
            call.done(LinkError("cancelled", f"{call.operation} was cancelled"))

    def close(self) -> None:
        """Let go of the owner; calls without an answer end with `stopped`."""
        with self._changed:
            self._closed = True
            connection, thread = self._connection, self._thread
            self._changed.notify_all()
        if connection is not None:
            # Whoever has just been told an answer may close at once: the owner still hears that it arrived, else it
            # would take back what it gave.
            with self._taking:
                connection.hang_up()
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_S)
        self._refuse(LinkError("stopped", "this link is closed"))

    def _start_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, name="rota-link", daemon=True)
            self._thread.start()

    def _live(self) -> None:
        while self._is_wanted():
            try:
                connection = connected(self.database, idle=self._idle, patience=self._patience)
            except LinkError as error:
                self._wanted = False
                self._refuse(error)
                continue
            try:
                self._talk(connection)
            finally:
                connection.close()

    def _is_wanted(self) -> bool:
        """Wait until there is something to connect for; False once the link is closed."""
        with self._changed:
            if self._breaks:
                self._changed.wait_for(lambda: self._closed, min(AGAIN_MOST_S, AGAIN_S * 2.0**self._breaks))
            self._changed.wait_for(lambda: self._closed or self._calls or self._wanted)
            return not self._closed

    def _talk(self, connection: Connection) -> None:
        with self._changed:
            if self._closed:
                return
            self._connection = connection
            self._breaks += 1
        try:
            if self._open(connection):
                self._send_all(connection)
                self._read(connection)
        except LinkError as refused:
            self._lost(wanted=False)
            self._refuse(refused)
        else:
            self._lost(wanted=self._opening is not None)

    def _open(self, connection: Connection) -> bool:
        """Make the opening call, if there is one. False when the connection broke; raises when it was refused."""
        if self._opening is None:
            return True
        connection.send(_payload(0, *self._opening))
        for value in connection.frames:
            if "bye" in value:
                break
            if value.get("id") == 0 and "error" in value:
                raise told(value["error"])
            if value.get("id") == 0 and "answer" in value:
                self._breaks = 0
                return True
        return False

    def _send_all(self, connection: Connection) -> None:
        with self._changed:
            self._ready = True
            waiting = list(self._calls.values())
            for call in waiting:
                call.sent = True
                call.tries += 1
        for call in waiting:
            connection.send(call.payload)

    def _read(self, connection: Connection) -> None:
        for value in connection.frames:
            if "bye" in value:
                self._all_unsent()
                return
            self._breaks = 0
            self._take(connection, value)

    def _take(self, connection: Connection, value: dict[str, Any]) -> None:
        number = value.get("id")
        if "notice" in value:
            with self._changed:
                call = self._calls.get(number) if isinstance(number, int) else None
            if call is not None and call.on_notice is not None:
                _quietly(call.on_notice, value["notice"])
            return
        with self._changed:
            call = self._calls.pop(number, None) if isinstance(number, int) else None
        answer = told(value["error"]) if "error" in value else value.get("answer", {})
        with self._taking:
            got = call is not None and _quietly(call.done, answer)
            if value.get("ack"):
                connection.send_frame({"id": number, "got": got})

    def _all_unsent(self) -> None:
        """The owner has left in good order: what it has not answered was not done."""
        with self._changed:
            self._ready = False
            for call in self._calls.values():
                call.sent = False

    def _lost(self, *, wanted: bool) -> None:
        """The connection is gone: what may be sent again waits for the next one."""
        with self._changed:
            self._connection, self._ready, self._wanted = None, False, wanted
            lost = [call for call in self._calls.values() if call.sent and (not call.safe or call.tries >= TRIES)]
            for call in lost:
                del self._calls[call.number]
            for call in self._calls.values():
                call.sent = False
        for call in lost:
            message = f"the owner ended while it was at {call.operation}; it may have happened"
            _quietly(call.done, LinkError("unavailable", message, {"may_have_happened": True}))

    def _refuse(self, error: LinkError) -> None:
        with self._changed:
            refused, self._calls = list(self._calls.values()), {}
        for call in refused:
            _quietly(call.done, error)


def _payload(number: int, operation: str, arguments: dict[str, Any]) -> bytes:
    value = {"id": number, "operation": operation, "arguments": arguments, "version": __version__}
    try:
        return framed(json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False).encode())
    except BrokenFrame:
        message = f"the arguments have more than {MOST_BYTES:,} bytes"
        raise LinkError("too_large", message, field="arguments") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise LinkError("invalid", f"can not be written as JSON: {error}", field="arguments") from None


def _quietly(listener: Callable[[Any], None], value: Any) -> bool:
    """Tell somebody whose mistakes must not end the link; whether it could be told."""
    try:
        listener(value)
    except Exception:
        sys.excepthook(*sys.exc_info())
        return False
    return True
