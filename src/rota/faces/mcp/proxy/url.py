"""`rota mcp --url`: messages passed on to a service that speaks MCP over HTTP. Standard library only.

Each request is a POST on a connection of its own, so that calls that wait hold up nobody; to cancel one is to hang up.
The service has no sessions: leases are renewed by the tool `heartbeat`, not by this process.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import threading
from contextlib import suppress
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from rota.faces.mcp.proxy.eras import HANDSHAKE
from rota.faces.mcp.proxy.wire import INTERNAL_ERROR, Outgoing, Refused, messages

KEY_VARIABLE = "ROTA_KEY"
"""Where the key is: never on the command line, which others can see."""
PATH = "/mcp"
PATIENCE_S = 90.0
"""How long an answer may take, seconds: longer than a claim may wait."""
FINISH_S = 50.0
"""How long calls may go on once the client says no more, seconds."""
_NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_VERSION = "io.modelcontextprotocol/protocolVersion"


class Misplaced(Exception):
    """An address that is none of a service."""


class UrlProxy:
    """Speaks with one client and one service."""

    def __init__(self, url: str, key: str | None, incoming: BinaryIO, outgoing: Outgoing) -> None:
        """Raises `Misplaced`."""
        try:
            parts = urlsplit(url)
            self._port = parts.port
        except ValueError:
            raise Misplaced("--url is no URL: write http://HOST:PORT or https://HOST") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise Misplaced("--url must be http://HOST:PORT or https://HOST")
        if parts.username is not None:
            raise Misplaced(f"--url must hold no password; give the key in {KEY_VARIABLE}")
        if key is not None and not (key.isascii() and key.isprintable()):
            raise Misplaced(
                f"{KEY_VARIABLE} holds what no key does, such as the end of a line; give it as it was printed"
            )
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        path = parts.path.rstrip("/")
        self._path = path if path.endswith(PATH) else path + PATH
        self._key = key
        self._incoming = incoming
        self._outgoing = outgoing
        self._version = HANDSHAKE[-1]
        """What the handshake agreed on."""
        self._calls: dict[Any, http.client.HTTPConnection] = {}
        self._changed = threading.Condition()

    def run(self) -> None:
        """Until the client says no more, or nobody reads the answers; then wait for what is at work."""
        for message in messages(self._incoming):
            if not self._outgoing.is_open:
                return
            if isinstance(message, Refused):
                self._outgoing.error(message.number, message.error)
            elif message.get("method") == "initialize":
                # The next messages name the version that this one agrees on.
                self._pass_on(message, self._begun(message))
            elif "method" in message and "id" in message:
                arguments = message, self._begun(message)
                threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()
            elif message.get("method") == "notifications/cancelled":
                self._cancel((message.get("params") or {}).get("requestId"))
        with self._changed:
            self._changed.wait_for(lambda: not self._calls or not self._outgoing.is_open, FINISH_S)

    def _begun(self, message: dict[str, Any]) -> http.client.HTTPConnection:
        """Known from now on, so that it is waited for, or cancelled, however late its thread begins."""
        connection = self._connection()
        with self._changed:
            self._calls[message["id"]] = connection
        return connection

    def _pass_on(self, message: dict[str, Any], connection: http.client.HTTPConnection) -> None:
        number = message["id"]
        try:
            connection.connect()
            if not self._is_wanted(number):
                # Cancelled before there was a connection to hang up on: it must not be asked any more.
                return
            answer = self._asked(connection, message)
        except (OSError, ValueError, http.client.HTTPException) as error:
            text = f"the service at {self._host} can not be reached: {str(error) or type(error).__name__}"
            answer = {"error": {"code": INTERNAL_ERROR, "message": text}}
        finally:
            connection.close()
        with self._changed:
            is_wanted = self._calls.pop(number, None) is not None
            if is_wanted:
                self._tell(number, message["method"], answer)
            self._changed.notify_all()

    def _is_wanted(self, number: Any) -> bool:
        with self._changed:
            return number in self._calls

    def _asked(self, connection: http.client.HTTPConnection, message: dict[str, Any]) -> dict[str, Any]:
        connection.request("POST", self._path, json.dumps(message).encode(), self._headers(message))
        answer = connection.getresponse()
        found = json.loads(answer.read())
        if not isinstance(found, dict):
            raise ValueError("its answer is no object")
        if "jsonrpc" in found:
            return found
        # A problem of the service itself, such as a key that is missing.
        shown = {name: found[name] for name in ("code", "message", "fix", "field") if name in found}
        text = f"{found.get('detail', 'refused')} ({found.get('fix', '')})"
        return {"error": {"code": INTERNAL_ERROR, "message": text, "data": shown}}

    def _tell(self, number: Any, method: str, answer: dict[str, Any]) -> None:
        if "error" in answer:
            self._outgoing.error(number, answer["error"])
            return
        result = answer.get("result", {})
        if method == "initialize":
            self._version = str(result.get("protocolVersion", self._version))
        self._outgoing.result(number, result)

    def _cancel(self, number: Any) -> None:
        with self._changed:
            connection = self._calls.pop(number, None)
            self._changed.notify_all()
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(2)

    def _connection(self) -> http.client.HTTPConnection:
        if self._secure:
            return http.client.HTTPSConnection(self._host, self._port, timeout=PATIENCE_S)
        return http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE_S)

    def _headers(self, message: dict[str, Any]) -> dict[str, str]:
        method, parameters = message["method"], message.get("params")
        given = parameters if isinstance(parameters, dict) else {}
        meta = given.get("_meta")
        named = meta.get(_VERSION) if isinstance(meta, dict) else None
        found = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        if self._key is not None:
            found["authorization"] = f"Bearer {self._key}"
        if method != "initialize":
            found["mcp-protocol-version"] = _safe(str(named or self._version))
        found["mcp-method"] = _safe(method)
        name = given.get(_NAMED.get(method, ""))
        if isinstance(name, str):
            found["mcp-name"] = _safe(name)
        return found


def key_of_environment() -> str | None:
    """The key to ask with, if there is one."""
    return os.environ.get(KEY_VARIABLE) or None


def _safe(value: str) -> str:
    """A header's value; what no header can hold goes as base64."""
    if value.isascii() and value.isprintable() and value == value.strip() and not value.startswith("=?"):
        return value
    return f"=?base64?{base64.b64encode(value.encode(errors='replace')).decode()}?="
