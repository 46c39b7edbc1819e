"""A keep-alive connection that asks and awaits. It does little itself: the client is not what is measured."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import msgspec


class Line(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._data = b""
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own transports are no subclass.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, rest = self._data.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.index(b"content-length: ") + 16
        length = int(head[at : head.find(b"\r", at) if b"\r" in head[at:] else None])
        if len(rest) < length or self._answer is None:
            return
        self._data = b""
        answer, self._answer = self._answer, None
        if head[9:12] == b"200":
            answer.set_result(rest)
        else:
            answer.set_exception(RuntimeError(rest.decode()))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("closed"))

    async def ask(self, operation: str, body: Any) -> Any:
        """The answer of an operation."""
        text = msgspec.json.encode(body)
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(
            b"POST /v1/%b HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
            % (operation.encode(), len(text), text)
        )
        return msgspec.json.decode(await self._answer)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def line(port: int) -> Line:
    """A connection to the service at this port."""
    _, made = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", port)
    return made
