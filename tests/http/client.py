"""A real client of a real service: the standard library's, and bare sockets for what no client would send."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Got(NamedTuple):
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        return str(self.body["code"])


class Client:
    """Asks one service, each request on a connection of its own."""

    def __init__(self, url: str, key: str | None = None) -> None:
        self.url = url
        self.key = key
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 0

    def with_key(self, key: str | None) -> Client:
        return Client(self.url, key)

    def post(self, operation: str, body: Any = None, **headers: str) -> Got:
        return self.send("POST", f"/v1/{operation}", json.dumps({} if body is None else body).encode(), **headers)

    def get(self, path: str, **headers: str) -> Got:
        return self.send("GET", path, None, **headers)

    def send(self, method: str, path: str, body: bytes | None, **headers: str) -> Got:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            named.setdefault("content-type", "application/json")
        if self.key is not None:
            named.setdefault("authorization", f"Bearer {self.key}")
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        kind = answer.headers.get_content_type()
        is_json = kind.endswith("json") and data
        return Got(answer.status, json.loads(data) if is_json else data.decode(), _small(answer.headers.items()))

    def ok(self, operation: str, body: Any = None, **headers: str) -> Any:
        got = self.post(operation, body, **headers)
        assert got.status == 200, got
        return got.body

    def stream(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection((self.host, self.port), timeout=60)


def _small(pairs: list[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in pairs}


def request(path: str, body: bytes, *more: str) -> bytes:
    """A POST as bytes."""
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json",
             f"content-length: {len(body)}", *more]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def rest_of(stream: socket.socket) -> bytes:
    """Everything until the other side closes."""
    parts = []
    while part := stream.recv(65_536):
        parts.append(part)
    return b"".join(parts)
