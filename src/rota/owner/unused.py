"""A database that nobody uses, as long as one needs it so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rota import __version__
from rota.owner.address import address_of
from rota.owner.background import PATIENCE_S, ask_to_leave
from rota.owner.connection import Connection, dial
from rota.owner.link_error import LinkError, told
from rota.owner.start_lock import start_lock


@contextmanager
def unused(database: str) -> Iterator[None]:
    """Nobody starts an owner of this database until the block ends. One in the background that is alone leaves.

    Refused (`owned`) when somebody uses the database through its owner, or when the owner is at work itself.
    """
    address = address_of(database)
    with start_lock(address.start) as lock:
        connection = dial(address, PATIENCE_S)
        if connection is not None:
            _refuse_used(connection)
            ask_to_leave(connection)
        yield
        lock.remove()


def _refuse_used(connection: Connection) -> None:
    if int(_about(connection).get("connections", 1)) > 1:
        connection.close()
        message = f"process {connection.process} owns the database, and others use it; end them first"
        raise LinkError("owned", message, {"owner": str(connection.process)})


def _about(connection: Connection) -> dict[str, Any]:
    connection.send_frame({"id": 0, "operation": "owner.about", "arguments": {}, "version": __version__})
    for value in connection.frames:
        if value.get("id") == 0 and "error" in value:
            raise told(value["error"])
        if value.get("id") == 0:
            answer: dict[str, Any] = value.get("answer", {})
            return answer
    return {}
