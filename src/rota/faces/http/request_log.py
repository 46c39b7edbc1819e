"""The log of requests: a line of JSON each on the standard error, written together every tenth of a second."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from rota.faces.http.answers import Scope, header

EVERY_S = 0.1
MOST_CHARACTERS = 100
"""Of the name that a caller gives its request with `X-Request-Id`."""
_encode = msgspec.json.Encoder(enc_hook=str).encode


def to_stderr(data: bytes) -> None:
    """Write to the standard error. A log that can not be written is no reason to end."""
    try:
        os.write(2, data)
    except OSError:
        return


class Said(NamedTuple):
    """What was answered to whom. `key` is the number of a key."""

    path: str
    status: int
    seconds: float
    bytes: int
    key: int | None


class RequestLog:
    """Gathers lines for one event loop. Never what was asked or answered: that is the user's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, write: Callable[[bytes], None] = to_stderr) -> None:
        self._loop = loop
        self._write = write
        self._lines: list[bytes] = []

    def say(self, **facts: Any) -> None:
        """A line with the time and these facts."""
        if not self._lines:
            self._loop.call_later(EVERY_S, self.flush)
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._lines.append(_encode({"at": at, **facts}) + b"\n")

    def request(self, scope: Scope, said: Said, method: str | None = None) -> None:
        """A line about a request that was answered."""
        named = header(scope, b"x-request-id")
        self.say(
            method=method or scope["method"],
            path=said.path,
            status=said.status,
            ms=round(said.seconds * 1e3, 2),
            bytes=said.bytes,
            client=(scope.get("client") or ("",))[0],
            **({} if said.key is None else {"key": said.key}),
            **({} if named is None else {"request": named[:MOST_CHARACTERS]}),
        )

    def flush(self) -> None:
        """Write what was gathered."""
        lines, self._lines = self._lines, []
        if lines:
            self._write(b"".join(lines))
