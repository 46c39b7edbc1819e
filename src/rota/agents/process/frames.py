"""Frames between us and the process of a function, our side of it; the other is in `child`."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

from rota.agents.process.pipes import Head

LENGTHS = struct.Struct(">II")
"""Length of the header and of the body, big-endian."""
HEADER_BYTES = 1 << 20


class BrokenFrame(Exception):
    """What arrived is no frame: something else wrote into the pipe."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of the child."""

    header: dict[str, Any]
    body: bytes
    truncated: bool
    """The body was longer than what is kept."""


def encode_task(task: bytes) -> bytes:
    """The frame that hands a task, as JSON, to the child."""
    return LENGTHS.pack(2, len(task)) + b"{}" + task


class FrameReader:
    """Puts one frame together from pieces; keeps the first `max_body` bytes of its body."""

    def __init__(self, max_body: int) -> None:
        self._start = bytearray()
        self._body = Head(max_body)
        self._missing: int | None = None
        self._header: dict[str, Any] = {}

    def feed(self, data: bytes) -> Frame | None:
        """The frame, once it is complete. BrokenFrame if it cannot become one."""
        if self._missing is None:
            data = self._take_start(data)
            if self._missing is None:
                return None
        if len(data) > self._missing:
            raise BrokenFrame("there is more than one frame")
        self._body.add(data)
        self._missing -= len(data)
        return None if self._missing else Frame(self._header, self._body.value(), self._body.truncated)

    def _take_start(self, data: bytes) -> bytes:
        """Reads lengths and header; the rest of the data belongs to the body."""
        self._start += data
        if len(self._start) < LENGTHS.size:
            return b""
        header, body = LENGTHS.unpack_from(self._start)
        if header > HEADER_BYTES:
            raise BrokenFrame("the length of the header makes no sense")
        end = LENGTHS.size + header
        if len(self._start) < end:
            return b""
        try:
            self._header = json.loads(bytes(self._start[LENGTHS.size : end]))
        except ValueError as error:
            raise BrokenFrame("the header is not JSON") from error
        if not isinstance(self._header, dict):
            raise BrokenFrame("the header is not an object")
        self._missing = body
        rest = bytes(self._start[end:])
        self._start.clear()
        return rest
