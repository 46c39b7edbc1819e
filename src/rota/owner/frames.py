"""Frames: how a process speaks to the owner of a database over its socket. Standard library only.

A frame is four bytes, the length of what follows as an unsigned big-endian number, and one JSON object in UTF-8:

    to the owner    {id, operation, arguments, version}     do this
                    {id, cancel}                            whoever asked `cancel` has gone; stop waiting
                    {id, got}                               the answer that asked for it arrived (or nobody wants it)
    from the owner  {hello: {version, process, ...}}        first, on every connection
                    {id, answer, ack?}, {id, error}         errors as in every face: code, message, fix, field?, data?
                    {id, notice}                            news of a call that goes on
                    {bye}                                   the owner leaves: what it has not answered was not done
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

HEADER = 4
MOST_BYTES = 64 * 1_048_576
"""The longest frame, without its header: what the longest request may have."""
FIRST_BYTES = 65_536


class BrokenFrame(Exception):
    """What came is no frame: the connection it came on is of no use any more."""


def frame(value: dict[str, Any]) -> bytes:
    """The value as a frame. `ValueError` or `TypeError` when it can not be written as JSON."""
    return framed(json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False).encode())


def framed(payload: bytes) -> bytes:
    """The JSON with its length before it."""
    if len(payload) > MOST_BYTES:
        raise BrokenFrame(f"a frame of {len(payload):,} bytes; the most is {MOST_BYTES:,}")
    return len(payload).to_bytes(HEADER, "big") + payload


class Incoming:
    """The bytes of one connection on their way to being frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what was received; the JSON of every frame that is whole now. Raises `BrokenFrame`."""
        self._bytes += data
        while (length := self._length()) is not None and len(self._bytes) >= HEADER + length:
            payload = bytes(memoryview(self._bytes)[HEADER : HEADER + length])
            del self._bytes[: HEADER + length]
            yield payload

    @property
    def is_within(self) -> bool:
        """Whether a frame has begun that is not whole yet."""
        return bool(self._bytes)

    def _length(self) -> int | None:
        if len(self._bytes) < HEADER:
            return None
        length = int.from_bytes(self._bytes[:HEADER], "big")
        if not 0 < length <= MOST_BYTES:
            raise BrokenFrame(f"a frame of {length:,} bytes; it has 1 to {MOST_BYTES:,}")
        return length


def unframed(payload: bytes) -> dict[str, Any]:
    """The object of a frame's JSON. Raises `BrokenFrame`."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BrokenFrame(f"a frame that is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BrokenFrame("a frame that is no JSON object")
    return value
