"""Answers as they go out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
"""As ASGI 3 has them."""

JSON = b"application/json"
CONNECTION = "rota.connection"
"""Where a request's scope has its connection."""
NOT_MODIFIED = 304
_NAMED = "rota.headers"


class Answer(NamedTuple):
    """A whole answer."""

    body: bytes
    status: int = 200
    kind: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def start(self) -> dict[str, Any]:
        """The message with status and headers."""
        return {"type": "http.response.start", "status": self.status, "headers": self.head()}

    def head(self) -> list[tuple[bytes, bytes]]:
        """The headers."""
        # Who has it already is not told how long nothing is.
        about = () if self.status == NOT_MODIFIED else ((b"content-length", b"%d" % len(self.body)),)
        return [
            (b"content-type", self.kind),
            *about,
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            *self.headers,
        ]

    async def send(self, send: Send) -> None:
        """Send all of it."""
        await send(self.start())
        await send({"type": "http.response.body", "body": self.body})


def header(scope: Scope, name: bytes) -> str | None:
    """The value of a header, by its name in small letters; None when it is not there. Of several the last."""
    named = scope.get(_NAMED)
    if named is None:
        named = scope[_NAMED] = dict(scope["headers"])
    found = named.get(name)
    return None if found is None else found.decode("latin-1")
