"""The loop of the process: one message after the other; calls are answered as they finish."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO

from rota.faces.mcp.proxy.backend import Backend
from rota.faces.mcp.proxy.eras import (
    LONG_MS,
    STATELESS,
    client_of,
    negotiated,
    progress_token_of,
    shaped,
    version_of,
)
from rota.faces.mcp.proxy.reading import Reading
from rota.faces.mcp.proxy.toolbox import about, prompts, templates, tools_of
from rota.faces.mcp.proxy.wire import INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, Outgoing, Refused, messages

FINISH_S = 50.0
"""How long calls that are at work may go on once the client says no more, seconds."""


class Server:
    """Speaks with one client."""

    def __init__(self, backend: Backend, groups: tuple[str, ...], incoming: BinaryIO, outgoing: Outgoing) -> None:
        self._backend = backend
        self._groups = groups
        self._incoming = incoming
        self._outgoing = outgoing
        self._server, self._capabilities = about(groups)
        self._client = ""
        self._begun = False
        self._calls: dict[Any, Callable[[], None] | None] = {}
        """Calls at work by id, with what cancels them."""
        self._changed = threading.Condition()
        self._methods: dict[str, Callable[[dict[str, Any], str | None], tuple[dict[str, Any], int | None]]] = {
            "initialize": self._initialize,
            "server/discover": self._discover,
            "tools/list": self._list,
            "ping": lambda _parameters, _version: ({}, None),
        }
        self._reading: Reading | None = None
        if "resources" in self._capabilities:
            self._methods["resources/templates/list"] = lambda _parameters, _version: (templates(), LONG_MS)
            self._methods["prompts/list"] = lambda _parameters, _version: (prompts(), LONG_MS)
            self._reading = Reading(
                backend,
                outgoing,
                lambda result, version: shaped(result, version, self._server, None),
                self._changed,
            )

    def run(self) -> None:
        """Until the client says no more, or nobody reads the answers; then wait for what is at work."""
        for message in messages(self._incoming):
            if not self._outgoing.is_open:
                return
            if isinstance(message, Refused):
                self._outgoing.error(message.number, message.error)
            elif "method" in message:
                self._take(message)
        with self._changed:
            self._changed.wait_for(lambda: not self._is_at_work() or not self._outgoing.is_open, FINISH_S)

    def _is_at_work(self) -> bool:
        return bool(self._calls) or (self._reading is not None and self._reading.at_work > 0)

    def _take(self, message: dict[str, Any]) -> None:
        number = message.get("id")
        parameters = message.get("params")
        try:
            if parameters is not None and not isinstance(parameters, dict):
                raise Refused(INVALID_PARAMS, "Invalid params: must be an object")
            self._do(message["method"], number, parameters or {}, "id" in message)
        except Refused as refused:
            if "id" in message:
                self._outgoing.error(number, refused.error)
        except Exception as error:
            # Whatever it was, the client's next message is answered.
            sys.stderr.write(f"rota mcp: {type(error).__name__}: {error}\n")
            with self._changed:
                self._calls.pop(number, None)
            if "id" in message:
                self._outgoing.error(number, {"code": INTERNAL_ERROR, "message": f"Internal error: {error}"})

    def _do(self, method: str, number: Any, parameters: dict[str, Any], wants_answer: bool) -> None:
        if not wants_answer:
            if method == "notifications/cancelled":
                self._cancel(parameters.get("requestId"))
            return
        version = version_of(parameters)
        if method == "tools/call":
            self._call(number, parameters, version)
            return
        if self._reading is not None and self._reading.takes(method):
            self._begin(parameters)
            self._reading.ask(method, number, parameters, version)
            return
        found = self._methods.get(method)
        if found is None:
            raise Refused(METHOD_NOT_FOUND, "Method not found")
        result, keep_ms = found(parameters, version)
        self._outgoing.result(number, shaped(result, version, self._server, keep_ms))

    def _initialize(self, parameters: dict[str, Any], _version: str | None) -> tuple[dict[str, Any], None]:
        self._client = client_of(parameters)
        self._begin(parameters)
        return {
            "protocolVersion": negotiated(parameters.get("protocolVersion")),
            "capabilities": self._capabilities,
            "serverInfo": self._server,
        }, None

    def _discover(self, parameters: dict[str, Any], _version: str | None) -> tuple[dict[str, Any], int]:
        self._client = client_of(parameters)
        self._begin(parameters)
        return {"supportedVersions": list(STATELESS), "capabilities": self._capabilities}, LONG_MS

    def _list(self, _parameters: dict[str, Any], _version: str | None) -> tuple[dict[str, Any], int]:
        return {"tools": tools_of(self._groups)}, LONG_MS

    def _call(self, number: Any, parameters: dict[str, Any], version: str | None) -> None:
        tool = parameters.get("name")
        if not isinstance(tool, str) or not tool:
            raise Refused(INVALID_PARAMS, "MCP error -32602: Invalid params: name must be a string")
        self._begin(parameters)
        token = progress_token_of(parameters)

        def answered(answer: dict[str, Any]) -> None:
            if number not in self._calls:
                return
            if "error" in answer:
                self._outgoing.error(number, answer["error"])
            else:
                self._outgoing.result(number, shaped(answer["result"], version, self._server, None))
            # Not before it is written: the process ends when no call is left.
            self._finish(number)

        def notice(progress: dict[str, Any]) -> None:
            if token is not None and number in self._calls:
                self._outgoing.notice("notifications/progress", {"progressToken": token, **progress})

        with self._changed:
            self._calls[number] = None
        cancel = self._backend.call(tool, parameters.get("arguments", {}), answered, notice)
        with self._changed:
            if number in self._calls:
                self._calls[number] = cancel

    def _begin(self, parameters: dict[str, Any]) -> None:
        if not self._begun:
            self._begun = True
            self._backend.begin(self._client or client_of(parameters))

    def _finish(self, number: Any) -> None:
        with self._changed:
            self._calls.pop(number, None)
            self._changed.notify_all()

    def _cancel(self, number: Any) -> None:
        try:
            if self._reading is not None:
                self._reading.cancel(number)
            with self._changed:
                cancel = self._calls.pop(number, None)
                self._changed.notify_all()
        except TypeError:  # an id that is none
            return
        if cancel is not None:
            cancel()
