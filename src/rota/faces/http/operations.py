"""The routes `/v1/OPERATION`: from a request to its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from rota.faces.http.answers import CONNECTION, NOT_MODIFIED, Answer, Receive, Scope, Send, header
from rota.faces.http.asked import etag_of, etag_of_page, from_body, from_query
from rota.faces.http.body import HungUp, body_of
from rota.faces.http.bridge import Bridge
from rota.faces.http.problems import Refused
from rota.model.commands.work import Claim, Claimed, GiveBack, Held
from rota.model.errors import RotaError, invalid
from rota.model.task import TaskView
from rota.operations.decode import MOST_BYTES
from rota.operations.distributor import Distributor, is_command
from rota.operations.narrow import Narrowed
from rota.operations.principal import Principal, check_scope
from rota.operations.restricted import narrowed, needs_narrowing
from rota.operations.table import OPERATIONS, Operation

BODY_BYTES = MOST_BYTES
"""The most bytes of one request's body."""
READERS = 4
"""Threads for reads, so that a long one holds up nobody."""
PREFIX = "/v1/"
OVERTIME_S = 2.0
"""How much longer than it asked a claim may wait, seconds."""

Recheck = Callable[[Principal], Awaitable[None]]

_encode = msgspec.json.Encoder().encode


class Operations:
    """Answers calls of operations on one distributor. For one event loop."""

    def __init__(self, distributor: Distributor, bridge: Bridge, recheck: Recheck) -> None:
        """`recheck` refuses somebody whose key has become worth nothing since it asked."""
        self._distributor = distributor
        self._recheck = recheck
        self._bridge = bridge
        self._readers = ThreadPoolExecutor(READERS, "rota-http-reads")
        self._waiting: set[Future[Any]] = set()
        self._stopping = False

    @property
    def is_leaving(self) -> bool:
        """The service is ending."""
        return self._stopping

    @property
    def waiting(self) -> int:
        """Claims that wait for tasks here."""
        return len(self._waiting)

    async def answer(self, principal: Principal, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call; raises what it is refused with, and `HungUp` when the caller has gone."""
        operation = _operation(scope)
        check_scope(principal, operation)
        if scope["method"] == "POST":
            request = from_body(operation, scope, await body_of(scope, receive, BODY_BYTES))
        else:
            request = from_query(operation, scope)
        call = Narrowed(request)
        if needs_narrowing(principal, operation):
            call = await self.read(narrowed, self._distributor, principal, operation, request)
        if isinstance(call.request, Claim) and call.request.wait > 0:
            claimed = await self._waited(call, receive)
            await self._check_again(principal, claimed)
            await self._send_claimed(claimed, scope, send)
            return
        try:
            answer = call.mend(await self._done(operation, call.request))
        except RotaError as error:
            if error.code == "changed" and header(scope, b"if-match") is not None:
                raise Refused(error, 412) from None
            raise
        if isinstance(answer, Claimed) and answer.tasks:
            await self._send_claimed(answer, scope, send)
            return
        await _answer(answer, scope).send(send)

    async def read(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run something that reads the database, or takes long, on a thread of its own."""
        asked: Future[Any] = self._readers.submit(function, *arguments)
        return await self._bridge.answer(asked)

    def known(self, path: str) -> str:
        """The path when it is one of an operation, else `other`."""
        return path if path.startswith(PREFIX) and path[len(PREFIX) :] in OPERATIONS else "other"

    def leave(self) -> None:
        """Answer the claims that wait, with nothing, and wait no more."""
        self._stopping = True
        for waiting in tuple(self._waiting):
            waiting.cancel()

    def close(self) -> None:
        """Nothing is asked any more."""
        self._readers.shutdown(wait=False, cancel_futures=True)

    async def _done(self, operation: Operation, request: Any) -> Any:
        if is_command(operation):
            return await self._bridge.answer(self._distributor.put(request))
        return await self.read(self._distributor.call, request)

    async def _waited(self, call: Narrowed, receive: Receive) -> Claimed:
        """Wait for tasks, unless the caller hangs up first: then nothing is given to it."""
        asked = self._distributor.put(call.request)
        self._waiting.add(asked)
        if self._stopping:
            asked.cancel()
        left = asyncio.ensure_future(gone(receive))
        answer = self._bridge.answer(asked)
        try:
            # The engine waits by the clock of this machine, which somebody may put back meanwhile.
            patience = call.request.wait + OVERTIME_S
            await asyncio.wait((answer, left), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done() and asked.cancel():
                if left.done():
                    raise HungUp
                return Claimed()
            if not answer.done() and left.done():
                # It was given something in this very moment.
                with suppress(RotaError):
                    self.give_back(await answer)
                raise HungUp
            await asyncio.wait((answer,))
            return Claimed() if answer.cancelled() else call.mend(answer.result())
        finally:
            self._waiting.discard(asked)
            left.cancel()

    async def _check_again(self, principal: Principal, claimed: Claimed) -> None:
        """Its key may have been revoked while it waited."""
        try:
            await self._recheck(principal)
        except BaseException:
            self.give_back(claimed)
            raise

    async def _send_claimed(self, claimed: Claimed, scope: Scope, send: Send) -> None:
        """Send the tasks; they go back at once when the answer can not be delivered."""
        try:
            await Answer(_encode(claimed)).send(send)
        except BaseException:
            self.give_back(claimed)
            raise
        if claimed.tasks:
            scope[CONNECTION].hand_over(partial(self.give_back, claimed))

    def give_back(self, claimed: Claimed) -> None:
        """Nobody has read that they were given: they go to others at once."""
        if claimed.tasks:
            tasks = [Held(task=given.task, token=given.token) for given in claimed.tasks]
            self._distributor.put(GiveBack(tasks=tasks, reason="the claim's answer did not arrive", said=False))


async def gone(receive: Receive) -> None:
    """Ends when the caller has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _operation(scope: Scope) -> Operation:
    name = scope["path"][len(PREFIX) :]
    operation = OPERATIONS.get(name)
    if operation is None:
        raise Refused(invalid("path", f"there is no operation {name[:60]!r}; /openapi.json lists them"), 404)
    method = scope["method"]
    if method == "POST" or (method in ("GET", "HEAD") and operation.look is not None):
        return operation
    allowed = b"POST" if operation.look is None else b"GET, HEAD, POST"
    raise Refused(invalid("method", f"{operation.name} takes {allowed.decode()}"), 405, (b"allow", allowed))


def _answer(answer: Any, scope: Scope) -> Answer:
    body = _encode(answer)
    is_read = scope["method"] in ("GET", "HEAD")
    if isinstance(answer, TaskView):
        tag = etag_of(answer.version, body)
    elif is_read:
        tag = etag_of_page(body)
    else:
        return Answer(body)
    headers = ((b"etag", tag.encode()),)
    if is_read and _is_known(tag, header(scope, b"if-none-match")):
        return Answer(b"", NOT_MODIFIED, headers=headers)
    return Answer(body, headers=headers)


def _is_known(tag: str, known: str | None) -> bool:
    if known is None:
        return False
    tags = {one.strip().removeprefix("W/") for one in known.split(",")}
    return tag.removeprefix("W/") in tags or "*" in tags
