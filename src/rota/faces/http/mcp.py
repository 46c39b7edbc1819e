"""`/mcp`: MCP over streamable HTTP, without sessions: every request says it all, the key says who asks.

Both eras of the protocol. Answers are JSON; there is no stream of news (`/v1/events` is one), so nothing can be
subscribed to, and a client renews its leases itself with the tool `heartbeat`.
"""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from rota.faces.http.answers import CONNECTION, Answer, Receive, Scope, Send, header
from rota.faces.http.body import HungUp, body_of
from rota.faces.http.bridge import Bridge
from rota.faces.http.operations import OVERTIME_S, Recheck, gone
from rota.faces.mcp.calling import call_tool
from rota.faces.mcp.classic.call import call as call_classic
from rota.faces.mcp.classic.errors import ProtocolError
from rota.faces.mcp.prompts.getting import get_prompt
from rota.faces.mcp.proxy.eras import (
    HANDSHAKE,
    LONG_MS,
    STATELESS,
    client_of,
    negotiated,
    shaped,
    version_of,
)
from rota.faces.mcp.proxy.toolbox import about, groups_of, prompts, templates, tools_of
from rota.faces.mcp.proxy.wire import INVALID_PARAMS, INVALID_REQUEST, MOST_BYTES, PARSE_ERROR, Refused, messages
from rota.faces.mcp.proxy.wire import METHOD_NOT_FOUND as NO_METHOD
from rota.faces.mcp.resources.reading import list_resources, read_resource
from rota.faces.mcp.session import Session
from rota.faces.mcp.tools import CLASSIC, TOOLS
from rota.model.errors import RotaError
from rota.operations.checked import checked
from rota.operations.distributor import Distributor
from rota.operations.own_names import prefix_of
from rota.operations.principal import Principal, check_scope
from rota.operations.same_view import SameView
from rota.operations.table import OPERATIONS
from rota.owner.face import Handed

WORKERS = 16
"""Threads for tools: those that wait for tasks hold none."""
MISMATCH = -32020
"""The headers say something else than the body."""
SHORT_MS = 1_000
WAIT_S = 45.0
"""The longest that a tool waits, seconds."""
GROUPS = groups_of("worker") + groups_of("dispatcher")
OF_TENANTS = groups_of("worker")
"""The tools for keys of a tenant: the others look at all tenants."""
_OF_ALL = "this is about all tenants; ask with a key of none"
_STATUS = {PARSE_ERROR: 400, INVALID_REQUEST: 400, INVALID_PARAMS: 400, MISMATCH: 400, -32022: 400, NO_METHOD: 404}
"""The status of errors of the protocol, in the era without a handshake."""
_NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
"""By method, which parameter the header `Mcp-Name` repeats."""
_CLASSIC = frozenset(name for names in CLASSIC.values() for name in names)

_tools = cache(tools_of)
_encode = msgspec.json.Encoder(enc_hook=str).encode


class _Asked(NamedTuple):
    """One request of the protocol."""

    principal: Principal
    method: str
    number: Any
    parameters: dict[str, Any]
    version: str | None
    """The version it names itself; None in the older era."""


class McpPage:
    """Answers MCP on one distributor. For one event loop."""

    def __init__(self, distributor: Distributor, bridge: Bridge, recheck: Recheck) -> None:
        """`recheck` refuses somebody whose key has become worth nothing since it asked."""
        self._distributor = distributor
        self._recheck = recheck
        self._bridge = bridge
        self._workers = ThreadPoolExecutor(WORKERS, "rota-http-mcp")
        self._waiting: set[Future[Any]] = set()
        self._server, self._capabilities = about(GROUPS)
        self._capabilities = {**self._capabilities, "resources": {}}
        self._methods: dict[str, Callable[[_Asked], tuple[dict[str, Any], int | None]]] = {
            "initialize": self._initialize,
            "server/discover": self._discover,
            "ping": lambda _asked: ({}, None),
            "tools/list": lambda asked: ({"tools": _tools(_groups(asked.principal))}, LONG_MS),
            "resources/templates/list": lambda asked: (
                {"resourceTemplates": []} if _is_narrow(asked.principal) else templates(),
                LONG_MS,
            ),
            "prompts/list": lambda asked: ({"prompts": []} if _is_narrow(asked.principal) else prompts(), LONG_MS),
        }

    async def answer(self, principal: Principal, scope: Scope, receive: Receive, send: Send) -> None:
        """One message of a client."""
        body = await body_of(scope, receive, MOST_BYTES)
        number: Any = None
        modern = False
        try:
            message = _message(body)
            number = message.get("id")
            if "method" not in message or "id" not in message:
                # A notification, or an answer that nobody waits for.
                await Answer(b"", 202).send(send)
                return
            asked = _asked(principal, message)
            modern = asked.version is not None
            _check_headers(asked, scope)
            result = await self._done(asked, scope, receive)
            answer = {"jsonrpc": "2.0", "id": number, "result": shaped(result, asked.version, self._server, None)}
            status = 200
        except Refused as refused:
            number = refused.number if number is None else number
            answer = {"jsonrpc": "2.0", "id": number, "error": refused.error}
            code = refused.error["code"]
            status = _STATUS.get(code, 200) if modern or code in (PARSE_ERROR, INVALID_REQUEST, -32022) else 200
        await Answer(_encode(answer), status).send(send)
        handed = scope.pop("rota.handed", None)
        if handed is not None:
            scope[CONNECTION].hand_over(handed)

    def leave(self) -> None:
        """End the calls that wait."""
        for waiting in tuple(self._waiting):
            waiting.cancel()

    def close(self) -> None:
        """Nothing is called any more."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def _done(self, asked: _Asked, scope: Scope, receive: Receive) -> dict[str, Any]:
        if asked.method == "tools/call":
            return await self._call(asked, scope, receive)
        found = self._methods.get(asked.method)
        if found is not None:
            return _kept(asked, *found(asked))
        if asked.method == "resources/list" and _is_narrow(asked.principal):
            return _kept(asked, {"resources": []}, SHORT_MS)
        reads: dict[str, Callable[[], dict[str, Any]]] = {
            "resources/list": lambda: list_resources(self._distributor),
            "resources/read": lambda: read_resource(self._distributor, asked.parameters.get("uri")),
            "prompts/get": lambda: get_prompt(
                self._distributor, asked.parameters.get("name"), asked.parameters.get("arguments")
            ),
        }
        if asked.method not in reads:
            raise Refused(NO_METHOD, "Method not found")
        try:
            check_scope(asked.principal, OPERATIONS["get_task"])
            if _is_narrow(asked.principal):
                raise RotaError("not_allowed", _OF_ALL, field="tenant")
            result: dict[str, Any] = await self._bridge.answer(self._workers.submit(reads[asked.method]))
        except RotaError as error:
            raise Refused(INVALID_PARAMS, str(error), error.as_dict()) from None
        return _kept(asked, result, SHORT_MS)

    async def _call(self, asked: _Asked, scope: Scope, receive: Receive) -> dict[str, Any]:
        tool = asked.parameters.get("name")
        if not isinstance(tool, str) or (tool not in TOOLS and tool not in _CLASSIC):
            raise Refused(INVALID_PARAMS, f"Unknown tool: {str(tool)[:60]}")
        if _is_narrow(asked.principal) and (tool not in TOOLS or TOOLS[tool].group not in OF_TENANTS):
            error = RotaError("not_allowed", _OF_ALL, field="tenant")
            raise Refused(INVALID_PARAMS, str(error), error.as_dict())
        session = _session(asked)
        arguments = asked.parameters.get("arguments", {})
        answer = await self._bridge.answer(self._workers.submit(self._work, asked, session, tool, arguments))
        if isinstance(answer, Future):
            answer = await self._waited(answer, receive)
            await self._check_again(asked.principal, answer)
        if isinstance(answer, Handed):
            scope["rota.handed"] = answer.lost
            answer = answer.answer
        result: dict[str, Any] = answer
        return result

    def _work(self, asked: _Asked, session: Session, tool: str, arguments: Any) -> Any:
        distributor = checked(self._distributor, asked.principal)
        if tool in TOOLS:
            return call_tool(distributor, session, tool, arguments)
        check_scope(asked.principal, OPERATIONS["approve"])
        session.begin_call()
        try:
            with SameView(distributor) as view:
                return call_classic(view, session, tool, arguments)
        except ProtocolError as error:
            raise Refused(error.code, error.message) from None

    async def _waited(self, asked: Future[Any], receive: Receive) -> Any:
        """A call that waits, unless its caller hangs up first."""
        self._waiting.add(asked)
        left = asyncio.ensure_future(gone(receive))
        answer = self._bridge.answer(asked)
        try:
            # Longer than any tool waits, by this machine's clock, which somebody may put back meanwhile.
            await asyncio.wait((answer, left), timeout=WAIT_S + OVERTIME_S, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                is_gone = left.done()
                if not asked.cancel():
                    found = await answer
                    if not is_gone:
                        return found
                    if isinstance(found, Handed):
                        found.lost()
                if is_gone:
                    raise HungUp
                raise RotaError("unavailable", "nothing came in time; call again")
            if answer.cancelled():
                raise RotaError("stopped", "the service is ending; call again")
            return answer.result()
        finally:
            self._waiting.discard(asked)
            left.cancel()

    async def _check_again(self, principal: Principal, answer: Any) -> None:
        """Its key may have been revoked while it waited."""
        try:
            await self._recheck(principal)
        except BaseException:
            if isinstance(answer, Handed):
                answer.lost()
            raise

    def _initialize(self, asked: _Asked) -> tuple[dict[str, Any], None]:
        return {
            "protocolVersion": negotiated(asked.parameters.get("protocolVersion")),
            "capabilities": self._capabilities,
            "serverInfo": self._server,
        }, None

    def _discover(self, _asked: _Asked) -> tuple[dict[str, Any], int]:
        return {"supportedVersions": list(STATELESS), "capabilities": self._capabilities}, LONG_MS


def _message(body: bytes) -> dict[str, Any]:
    # Outside of texts an end of a line means no more than a space, and in them there can be none.
    line = body.replace(b"\n", b" ").replace(b"\r", b" ")
    for message in messages(io.BytesIO(line)):
        if isinstance(message, Refused):
            raise message
        return message
    raise Refused(PARSE_ERROR, "Parse error: there is no message")


def _asked(principal: Principal, message: dict[str, Any]) -> _Asked:
    parameters = message.get("params")
    if parameters is not None and not isinstance(parameters, dict):
        raise Refused(INVALID_PARAMS, "Invalid params: must be an object")
    given: dict[str, Any] = parameters or {}
    return _Asked(principal, message["method"], message["id"], given, version_of(given))


def _check_headers(asked: _Asked, scope: Scope) -> None:
    """What proxies read must be what is done."""
    said = header(scope, b"mcp-protocol-version")
    if asked.version is None:
        if said is not None and said not in HANDSHAKE:
            known = {"supported": [*STATELESS, *HANDSHAKE], "requested": said[:60]}
            raise Refused(-32022, "Unsupported protocol version", known)
        return
    if said != asked.version:
        raise Refused(MISMATCH, "The header mcp-protocol-version is not the version of the request")
    if header(scope, b"mcp-method") != asked.method:
        raise Refused(MISMATCH, "The header mcp-method is not the method of the request")
    name = _NAMED.get(asked.method)
    meant = None if name is None else asked.parameters.get(name)
    if meant is not None and _decoded(header(scope, b"mcp-name")) != meant:
        raise Refused(MISMATCH, f"The header mcp-name is not the {name!r} of the request")


def _decoded(value: str | None) -> str | None:
    """A header's value; what no header can hold comes as base64."""
    if value is None or not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    try:
        return base64.b64decode(value[9:-2], validate=True).decode()
    except ValueError:
        return None


def _is_narrow(principal: Principal) -> bool:
    return principal.tenant is not None


def _kept(asked: _Asked, result: dict[str, Any], keep_ms: int | None) -> dict[str, Any]:
    """With how long the client may keep it: for itself alone, since another key may see something else."""
    if asked.version is None or keep_ms is None:
        return result
    return {**result, "ttlMs": keep_ms, "cacheScope": "private"}


def _groups(principal: Principal) -> tuple[str, ...]:
    return OF_TENANTS if _is_narrow(principal) else GROUPS


def _session(asked: _Asked) -> Session:
    """Who calls: the agent of its key, else one named after the client and the key."""
    number = blake2b(f"key {asked.principal.key}".encode(), digest_size=16).hexdigest()
    session = Session(number, client_of(asked.parameters))
    session.scopes = asked.principal.scopes
    if asked.principal.tenant is not None:
        session.agent = prefix_of(asked.principal.tenant) + session.agent
    if asked.principal.agent is not None:
        session.agent = asked.principal.agent
    return session
