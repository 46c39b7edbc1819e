"""Where the calls of short commands go: to the owner's socket, to a service, or beside the owner to the file itself.

What changes something goes to the owner, which is started if there is none. What only reads asks the owner that is
there; without one it reads the database itself, and so leaves no trace and starts nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from rota.faces.cli.asking import HTTP, beside, place_of
from rota.model.errors import RotaError
from rota.owner.connection import Connection

Call = Callable[[str, dict[str, Any]], dict[str, Any]]
"""An operation by name with its arguments -> its answer, both as plain data. Raises `RotaError`."""

OWNER_S = 2.0
"""How long an owner may take to answer a read before the file is read beside it, seconds."""
ANSWER_S = 60.0
"""How long a change may take to be answered, besides what it waits itself, seconds."""
KEY = "ROTA_KEY"


@contextmanager
def changing(database: str | None, *, makes: bool = False) -> Iterator[Call]:
    """Calls that change something. Unless it `makes` one, the database must be there."""
    place = place_of(database)
    if place.startswith(HTTP):
        with _service(place) as call:
            yield call
        return
    if not makes:
        _check_there(place)
    from rota.owner.link import Link

    link = Link(place)
    try:
        yield lambda operation, arguments: link.call(operation, arguments, timeout=_patience(arguments))
    finally:
        link.close()


@contextmanager
def reading(database: str | None) -> Iterator[Call]:
    """Calls that only read."""
    place = place_of(database)
    if place.startswith(HTTP):
        with _service(place) as call:
            yield call
        return
    reader = _Reader(place)
    try:
        yield reader.call
    finally:
        reader.close()


class _Reader:
    def __init__(self, place: str) -> None:
        self._place = place
        self._connection = _owner_of(place)
        self._last = 0

    def call(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if self._connection is not None:
            answer = self._asked(self._connection, operation, arguments)
            if answer is not None:
                return answer
            self.close()
        return _beside(self._place, operation, arguments)

    def _asked(self, connection: Connection, operation: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        """The owner's answer; None when it gives none."""
        from rota import __version__
        from rota.owner.link_error import told

        self._last += 1
        call = {"id": self._last, "operation": operation, "arguments": arguments, "version": __version__}
        connection.send_frame(call)
        with suppress(TimeoutError):
            for value in connection.frames:
                if value.get("id") == self._last and "error" in value:
                    raise told(value["error"])
                if value.get("id") == self._last and "answer" in value:
                    answer: dict[str, Any] = value["answer"]
                    return answer
                if "bye" in value:
                    return None
        return None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _owner_of(place: str) -> Connection | None:
    """A connection to the owner there is, if it speaks our version and answers."""
    from rota import __version__
    from rota.owner.address import address_of
    from rota.owner.connection import dial

    try:
        connection = dial(address_of(place), OWNER_S)
    except RotaError:
        return None
    if connection is None:
        return None
    if connection.version != __version__:
        connection.close()
        return None
    connection.wait_at_most(OWNER_S)
    return connection


def _beside(place: str, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
    import msgspec

    from rota.operations.decode import decode
    from rota.operations.table import OPERATIONS

    with beside(place) as ask:
        answer: dict[str, Any] = msgspec.to_builtins(ask(decode(OPERATIONS[operation], arguments)))
        return answer


@contextmanager
def _service(address: str) -> Iterator[Call]:
    from rota.faces.cli.short.service import service

    with service(address, os.environ.get(KEY), _patience) as call:
        yield call


def _patience(arguments: dict[str, Any]) -> float:
    wait = arguments.get("wait", 0.0)
    return ANSWER_S + (wait if isinstance(wait, float | int) else 0.0)


def _check_there(place: str) -> None:
    if not place.startswith(("postgresql://", "postgres://")) and not os.path.exists(place):
        raise RotaError("no_database", f"there is no database {place}")
