"""The service as one ASGI application: who may ask is checked here, and every request is counted and logged."""

from __future__ import annotations

import re
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any, NamedTuple

from rota.faces.http.answers import Receive, Scope, Send, header
from rota.faces.http.body import HungUp
from rota.faces.http.counted import Counted
from rota.faces.http.operations import PREFIX, Operations
from rota.faces.http.places import Places
from rota.faces.http.problems import Refused, problem_of
from rota.faces.http.quick import HUNG_UP, QuickCalls
from rota.faces.http.request_log import RequestLog, Said
from rota.model.errors import RotaError, invalid
from rota.operations.principal import Principal

_VERSION = re.compile(r"/v\d+/")
Handler = Callable[[Principal, Scope, Receive, Send], Awaitable[None]]


class Page(NamedTuple):
    """A path that is no operation."""

    handler: Handler
    methods: tuple[str, ...] = ("GET", "HEAD")
    open: bool = False
    """Answered without a key, and under any name: for those who look whether we live."""


class Service:
    """Everything that is served over HTTP. `who` says who sends this Authorization header; it may refuse."""

    def __init__(
        self,
        operations: Operations,
        quick: QuickCalls,
        pages: dict[str, Page],
        who: Callable[[str | None], Awaitable[Principal]],
        places: Places,
        counted: Counted,
        log: RequestLog | None,
    ) -> None:
        self.operations = operations
        self.quick = quick
        self._pages = pages
        self._who = who
        self._places = places
        self._counted = counted
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        seen = _Seen(send)
        began = perf_counter()
        principal: Principal | None = None
        path = scope["path"]
        try:
            page = self._pages.get(path)
            if page is None or not page.open:
                self._places.check(scope)
                principal = await self._who(header(scope, b"authorization"))
            assert principal is not None or page is not None
            await self._answer(page, principal, scope, receive, seen.send)
        except HungUp:
            seen.status = HUNG_UP
        except Exception as error:
            await self._refuse(error, scope, seen)
        finally:
            seconds = perf_counter() - began
            known = path if path in self._pages else self.operations.known(path)
            self._counted.request(known, seen.status, seconds)
            if self._log is not None:
                said = Said(path[:200], seen.status, seconds, seen.bytes, principal and principal.key)
                self._log.request(scope, said)

    async def _answer(
        self, page: Page | None, principal: Principal | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if page is not None:
            if scope["method"] not in page.methods:
                allowed = ", ".join(page.methods)
                error = invalid("method", f"{scope['path']} takes {allowed}")
                raise Refused(error, 405, (b"allow", allowed.encode()))
            await page.handler(principal or NOBODY, scope, receive, send)
        elif scope["path"].startswith(PREFIX) and principal is not None:
            await self.operations.answer(principal, scope, receive, send)
        elif _VERSION.match(scope["path"]):
            raise Refused(invalid("path", f"this service speaks one version: use {PREFIX}OPERATION"), 404)
        else:
            raise Refused(invalid("path", "there is nothing here; /openapi.json lists what there is"), 404)

    async def _refuse(self, error: Exception, scope: Scope, seen: _Seen) -> None:
        if not isinstance(error, RotaError | Refused) and self._log is not None:
            self._log.say(error="".join(traceback.format_exception(error)), path=scope["path"][:200])
        if seen.status:
            # Half an answer went out: the connection is all that can still tell that it is none.
            raise error
        await problem_of(error).send(seen.send)


NOBODY = Principal(frozenset())


class _Seen:
    """What goes out, as the log shows it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.bytes = 0

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.bytes += len(message.get("body", b""))
        await self._send(message)
