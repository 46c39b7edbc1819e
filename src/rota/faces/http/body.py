"""Reading a request's body: so many bytes at most, and not for ever."""

from __future__ import annotations

import asyncio

from rota.faces.http.answers import Receive, Scope, header
from rota.faces.http.problems import Refused
from rota.model.errors import RotaError, invalid

PATIENCE_S = 30.0
"""How long a body may take, seconds."""


class HungUp(Exception):
    """The caller has gone: there is nobody to answer."""


async def body_of(scope: Scope, receive: Receive, most: int) -> bytes:
    """The whole body. Raises `HungUp`, or refuses what is too large or takes too long."""
    said = header(scope, b"content-length")
    if said is not None and said.isdigit() and int(said) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await _all(receive, most)
    except TimeoutError:
        error = invalid("request", f"its body did not come within {PATIENCE_S:g} s")
        raise Refused(error, 408, (b"connection", b"close")) from None


async def _all(receive: Receive, most: int) -> bytes:
    part, more = await _next(receive)
    if not more:
        if len(part) > most:
            raise _too_large(most)
        return part
    parts, size = [part], len(part)
    while more:
        part, more = await _next(receive)
        parts.append(part)
        size += len(part)
        if size > most:
            raise _too_large(most)
    return b"".join(parts)


async def _next(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise HungUp
    return message.get("body", b""), message.get("more_body", False)


def _too_large(most: int) -> Refused:
    # The rest is not read, so the connection can not go on.
    error = RotaError("too_large", f"has more than {most:,} bytes; send less at once", field="request")
    return Refused(error, 413, (b"connection", b"close"))
