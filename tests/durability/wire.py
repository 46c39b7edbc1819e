"""What a process that works under load tells the test that will kill it: each command, then each answer, a line each,
with the moment. A line that was written is in the pipe whatever becomes of its writer.
"""

from __future__ import annotations

import os
import threading
import time
from itertools import count
from typing import Any, Literal

import msgspec

from rota.model.errors import RotaError
from rota.operations.table import BY_REQUEST, OPERATIONS
from tests.durability.client import Answer, Command, submit


class Line(msgspec.Struct, array_like=True):
    """`at` is `time.monotonic_ns`, the same clock in every process: it puts the lines of several in order."""

    at: int
    number: int
    what: Literal["asked", "answered", "refused"]
    operation: str
    content: Any

    @property
    def command(self) -> Command:
        if self.operation == "submit":
            return submit(self.content)
        return msgspec.convert(self.content, OPERATIONS[self.operation].request)

    @property
    def answer(self) -> Answer:
        if self.what == "refused":
            return RotaError(*self.content)
        return msgspec.convert(self.content, OPERATIONS[self.operation].answer)


class PipeWitness:
    """Writes lines to a descriptor, from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._numbers = count()
        self._operations: dict[int, str] = {}

    def asked(self, command: Command) -> int:
        operation = BY_REQUEST[type(command)].name
        number = next(self._numbers)
        self._operations[number] = operation
        self._write(Line(time.monotonic_ns(), number, "asked", operation, _content(command)))
        return number

    def answered(self, number: int, answer: Answer) -> None:
        operation = self._operations.pop(number)
        if isinstance(answer, RotaError):
            line = Line(time.monotonic_ns(), number, "refused", operation, [answer.code, answer.message])
        else:
            line = Line(time.monotonic_ns(), number, "answered", operation, _content(answer))
        self._write(line)

    def _write(self, line: Line) -> None:
        text = msgspec.json.encode(line) + b"\n"
        with self._lock:
            while text:
                text = text[os.write(self._descriptor, text) :]


def read(text: bytes) -> Line:
    """A line, without its end."""
    return msgspec.json.decode(text, type=Line)


def _content(value: Any) -> Any:
    # What a batch holds follows from its label.
    return getattr(value, "batch", None) or msgspec.to_builtins(value)
