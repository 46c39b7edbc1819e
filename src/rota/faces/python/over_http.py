"""A service over HTTP: kept connections, calls repeated as long as that is safe, keys."""

from __future__ import annotations

import http.client
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import Any

import msgspec

from rota import __version__
from rota.faces.python.answers import answer_of, refusal
from rota.faces.python.calls import Called
from rota.faces.python.http_pool import Pool, hang_up
from rota.faces.python.unseen import take_back
from rota.model.errors import RotaError, invalid
from rota.operations.decodable import decodable
from rota.owner.safe import KEYED, is_safe

WAITING = 64
"""So many claims of one client may wait at once without a thread of the caller's own; more wait for their turn."""
OTHERS = 16
"""So many other calls may."""
AGAIN_S, AGAIN_MOST_S = 0.05, 1.0
"""The pause before a call is sent again, doubled up to the most, seconds."""
AWAY = (502, 503, 504)
"""What proxies say of a service that is not there for the moment."""

_encode = msgspec.json.Encoder().encode


class _Asked:
    """A call that may be withdrawn from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None
        self._withdrawn = threading.Event()

    @property
    def is_withdrawn(self) -> bool:
        return self._withdrawn.is_set()

    def pause(self, seconds: float) -> None:
        """Wait, unless it is withdrawn."""
        self._withdrawn.wait(seconds)

    def goes_over(self, connection: http.client.HTTPConnection | None) -> None:
        with self._lock:
            self._connection = connection
        if connection is not None and self.is_withdrawn:
            self.withdraw()

    def withdraw(self) -> None:
        """Hang up: the service gives the call nothing, or takes it back."""
        self._withdrawn.set()
        with self._lock:
            if self._connection is not None and self._connection.sock is not None:
                with suppress(OSError):
                    # It wakes whoever reads, who then hangs up. The plain socket's: TLS would take its leave here.
                    socket.socket.shutdown(self._connection.sock, socket.SHUT_RD)


class OverHttp:
    """Calls to a service."""

    def __init__(self, url: str, key: str | None) -> None:
        self._pool = Pool(url)
        self._headers = {"content-type": "application/json", "user-agent": f"rota/{__version__}"}
        if key is not None:
            if not key.isascii() or not key.isprintable():
                raise invalid("key", "holds what no key does, such as the end of a line; give it as it was printed")
            self._headers["authorization"] = f"Bearer {key}"
        self._met = False
        """The service has answered before: when it is not there it is probably away for a moment."""
        self._waits: ThreadPoolExecutor | None = None
        self._others: ThreadPoolExecutor | None = None
        self._under_way: set[_Asked] = set()
        self._lock = threading.Lock()
        self._closed = False

    def call(self, called: Called, arguments: dict[str, Any], seconds: float) -> Any:
        return self._answered(_Asked(), called, arguments, seconds)

    def ask(self, called: Called, arguments: dict[str, Any], seconds: float) -> Future[Any]:
        asked, answered = _Asked(), Future[Any]()
        try:
            threads = self._threads(waits=bool(arguments.get("wait")))
        except RotaError as error:
            answered.set_exception(error)
            return answered
        answered.add_done_callback(lambda future: asked.withdraw() if future.cancelled() else None)
        threads.submit(self._tell, asked, answered, called, arguments, seconds)
        return answered

    def close(self) -> None:
        with self._lock:
            self._closed = True
            under_way = list(self._under_way)
            threads = [one for one in (self._waits, self._others) if one is not None]
        for asked in under_way:
            asked.withdraw()
        for one in threads:
            one.shutdown(cancel_futures=True)
        self._pool.close()

    def _threads(self, *, waits: bool) -> ThreadPoolExecutor:
        with self._lock:
            if self._closed:
                raise RotaError("stopped", "this client is closed")
            if waits:
                self._waits = self._waits or ThreadPoolExecutor(WAITING, "rota-claims")
                return self._waits
            self._others = self._others or ThreadPoolExecutor(OTHERS, "rota-calls")
            return self._others

    def _tell(
        self, asked: _Asked, answered: Future[Any], called: Called, arguments: dict[str, Any], seconds: float
    ) -> None:
        if answered.cancelled():
            return
        try:
            answer = self._answered(asked, called, arguments, seconds)
        except BaseException as error:
            if answered.set_running_or_notify_cancel():
                answered.set_exception(error)
            return
        if answered.set_running_or_notify_cancel():
            answered.set_result(answer)
        else:
            take_back(self, answer)

    def _answered(self, asked: _Asked, called: Called, arguments: dict[str, Any], seconds: float) -> Any:
        with self._lock:
            if self._closed:
                raise RotaError("stopped", "this client is closed")
            self._under_way.add(asked)
        try:
            data = self._until_answered(asked, called, arguments, monotonic() + seconds)
        finally:
            with self._lock:
                self._under_way.discard(asked)
        return answer_of(called, lambda: msgspec.json.decode(data, type=decodable(called.answer)))

    def _until_answered(self, asked: _Asked, called: Called, arguments: dict[str, Any], until: float) -> bytes:
        headers = dict(self._headers)
        if called.operation in KEYED and KEYED[called.operation] in arguments:
            # In the body too: proxies and logs look at heads.
            headers["idempotency-key"] = str(arguments[KEYED[called.operation]])
        body = _encode(arguments)
        safe = is_safe(called.operation, arguments)
        pause = AGAIN_S
        while True:
            if asked.is_withdrawn:
                raise RotaError("stopped" if self._closed else "cancelled", "the call was withdrawn")
            try:
                return self._sent(asked, called, body, headers, until)
            except _Away as away:
                if asked.is_withdrawn:
                    continue
                left = until - monotonic()
                if left <= pause or not self._met or not (safe or away.before):
                    raise away.as_error(self._pool.place, called.operation) from None
            asked.pause(pause)
            pause = min(AGAIN_MOST_S, pause * 2)

    def _sent(self, asked: _Asked, called: Called, body: bytes, headers: dict[str, str], until: float) -> bytes:
        """Send it once; raises `_Away` when there is no answer, and the refusal when it is one."""
        left = max(0.001, until - monotonic())
        try:
            connection = self._pool.take(left)
        except OSError as error:
            raise _Away(str(error) or type(error).__name__, before=True) from None
        asked.goes_over(connection)
        response: http.client.HTTPResponse | None = None
        data: bytes | None = None
        try:
            connection.request("POST", f"{self._pool.path}/v1/{called.operation}", body, headers)
            response = connection.getresponse()
            data = response.read()
        except TimeoutError:
            raise _Away("no answer came in time", before=False) from None
        except (OSError, http.client.HTTPException) as error:
            raise _Away(str(error) or type(error).__name__, before=False) from None
        finally:
            asked.goes_over(None)
            if response is None or data is None or asked.is_withdrawn:
                hang_up(connection)
            elif response.will_close:
                connection.close()
            else:
                self._pool.keep(connection)
        if response.status == 200:
            self._met = True
            return data
        raise self._refused(response, data)

    def _refused(self, response: http.client.HTTPResponse, data: bytes) -> Exception:
        if response.headers.get_content_type() == "application/problem+json":
            self._met = True
            with suppress(msgspec.MsgspecError):
                told = msgspec.json.decode(data, type=decodable(_Problem))
                return refusal(told.code, told.message, told.field, told.data)
        if response.status in AWAY:
            return _Away(f"the answer was {response.status} {response.reason}", before=False)
        message = f"{self._pool.place} answers {response.status} {response.reason}: it is no Rota service"
        return RotaError("unavailable", message, field="target")


class _Problem(msgspec.Struct):
    """What is read of an RFC 9457 problem."""

    code: str
    message: str
    field: str | None = None
    data: dict[str, Any] = {}


class _Away(Exception):
    """No answer came. `before`: nothing was sent either."""

    def __init__(self, why: str, *, before: bool) -> None:
        super().__init__(why)
        self.before = before

    def as_error(self, place: str, operation: str) -> RotaError:
        """The refusal that is left when it can not be sent again."""
        if self.before:
            return RotaError("unavailable", f"{place} can not be reached: {self}")
        error = RotaError("unavailable", f"no answer to {operation} from {place}: {self}; it may have happened")
        error.data = {"may_have_happened": True}
        return error
