"""JSON-RPC 2.0 over two streams, a message a line."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
INTERNAL_ERROR = -32603
MOST_BYTES = 32 * 1_048_576
"""The longest line that is read, as the longest that a call may need."""


class Refused(Exception):
    """A message that becomes an error; `number` is the id it is answered under, if it has one."""

    def __init__(self, code: int, message: str, data: dict[str, Any] | None = None, number: Any = None) -> None:
        super().__init__(message)
        self.error: dict[str, Any] = {"code": code, "message": message} | ({"data": data} if data else {})
        self.number = number


def messages(stream: BinaryIO) -> Iterator[dict[str, Any] | Refused]:
    """What comes in until the stream ends; what is no message, as its refusal."""
    while line := stream.readline(MOST_BYTES):
        if len(line) == MOST_BYTES and not line.endswith(b"\n"):
            _skip(stream)
            text = f"Invalid request: a message of more than {MOST_BYTES:,} bytes"
            yield Refused(INVALID_REQUEST, text, number=_id_of(line))
        elif line.strip():
            try:
                yield _message(line)
            except Refused as refused:
                yield refused


def _skip(stream: BinaryIO) -> None:
    """Leave out the rest of a line."""
    while (line := stream.readline(1_048_576)) and not line.endswith(b"\n"):
        pass


def _no_number(name: str) -> Any:
    """Python reads these; JSON has none of them."""
    raise ValueError(f"{name} is no number of JSON")


_ENDLESS = (float("inf"), float("-inf"))
"""What a number that is too large is read as: it could not be written in the answer."""


def _message(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode(), parse_constant=_no_number)
    except RecursionError:
        # Its JSON may be whole, so that somebody waits for the answer.
        raise Refused(PARSE_ERROR, "Parse error: nested too deep; flatten it", number=_id_of(line)) from None
    except ValueError as error:
        raise Refused(PARSE_ERROR, f"Parse error: {error}"[:300]) from None
    if not isinstance(value, dict):
        raise Refused(INVALID_REQUEST, "Invalid request: a message is one JSON object")
    number = value.get("id")
    if isinstance(number, bool) or not isinstance(number, int | str | float | None) or number in _ENDLESS:
        raise Refused(INVALID_REQUEST, "Invalid request: id must be a string or a number")
    if number is None and "id" in value and "method" in value:
        raise Refused(INVALID_REQUEST, "Invalid request: id is null, so that nobody could tell the answer; give it one")
    if value.get("jsonrpc") != "2.0" or not isinstance(value.get("method", ""), str):
        raise Refused(INVALID_REQUEST, "Invalid request: this is not JSON-RPC 2.0", number=number)
    return value


_TEXT = r'"(?:[^"\\\x00-\x1f]|\\.)*"'
_BEGIN = re.compile(r"\s*\{")
_MEMBER = re.compile(rf"\s*({_TEXT})\s*:\s*({_TEXT}|-?[0-9.]+|true|false|null)\s*,")
HEAD_BYTES = 4_096


def _id_of(line: bytes) -> str | int | float | None:
    """The id of a message that can not be read as a whole, where it stands before anything that is nested."""
    text = line[:HEAD_BYTES].decode(errors="replace")
    found = _BEGIN.match(text)
    while found is not None:
        found = _MEMBER.match(text, found.end())
        if found is not None and found[1] == '"id"':
            return _plain_id(found[2])
    return None


def _plain_id(text: str) -> str | int | float | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None


class Outgoing:
    """Writes messages, from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self.is_open = True
        """Whether anybody reads what is written."""

    def result(self, number: Any, result: dict[str, Any]) -> None:
        """Answer a request."""
        self._send({"result": result, "jsonrpc": "2.0", "id": number})

    def error(self, number: Any, error: dict[str, Any]) -> None:
        """Refuse a request."""
        self._send({"jsonrpc": "2.0", "id": number, "error": error})

    def notice(self, method: str, parameters: dict[str, Any]) -> None:
        """Tell something that nobody asked for."""
        self._send({"jsonrpc": "2.0", "method": method, "params": parameters})

    def _send(self, message: dict[str, Any]) -> None:
        # Characters stay as they are; a lone surrogate, which no UTF-8 has, is written as JSON can.
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n"
        try:
            data = text.encode()
        except UnicodeEncodeError:
            data = (json.dumps(message, separators=(",", ":")) + "\n").encode()
        with self._lock:
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:
                self.is_open = False
