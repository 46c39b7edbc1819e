"""A few words with the owner of the session's database: a connection as short as the hook."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import time
from typing import Any

from rota import __version__
from rota.faces.mcp.hook.memory import Memory
from rota.faces.mcp.hook.told import Told
from rota.faces.mcp.proxy.claude_session import CLIENT
from rota.files.session import database_of_session
from rota.owner.address import address_of
from rota.owner.connection import Connection, dial
from rota.owner.link_error import LinkError, told

PATIENCE_S = 5.0
"""How long the owner may take to answer what is answered at once, seconds."""


class Gone(Exception):
    """The owner has ended, or takes leave."""


class Talk:
    """Calls one after the other, as the session."""

    def __init__(self, connection: Connection, memory: Memory) -> None:
        self.connection = connection
        self._memory = memory
        self._last = 0
        self._to_confirm: int | None = None

    def call(self, operation: str, arguments: dict[str, Any], seconds: float = PATIENCE_S) -> dict[str, Any]:
        """Ask and wait; raises `LinkError` when refused, `Gone` when the owner has ended."""
        self._last += 1
        asked = {"id": self._last, "operation": operation, "arguments": arguments, "version": __version__}
        self.connection.wait_at_most(seconds)
        self.connection.send_frame(asked)
        try:
            answer = self._answer()
        except TimeoutError:
            raise LinkError("unavailable", f"the owner does not answer to {operation}") from None
        if "held" in answer:
            self._memory.held, self._memory.at = answer["held"], time()
        return answer

    def confirm(self) -> None:
        """What the last answer handed over has reached the agent."""
        if self._to_confirm is not None:
            self.connection.send_frame({"id": self._to_confirm, "got": True})

    def _answer(self) -> dict[str, Any]:
        for value in self.connection.frames:
            if "bye" in value:
                break
            if value.get("id") != self._last or "notice" in value:
                continue
            if "error" in value:
                raise told(value["error"])
            self._to_confirm = self._last if value.get("ack") else None
            answer: dict[str, Any] = value.get("answer", {})
            return answer
        raise Gone("the owner has ended")


@contextmanager
def talk(heard: Told, memory: Memory, *, start: bool = False) -> Iterator[Talk | None]:
    """A connection on which the session has said who it is; None when no owner runs and none is to be started."""
    database = database_of_session(None, os.environ, heard.folder)
    connection = _started(database) if start else _found(database)
    if connection is None:
        yield None
        return
    try:
        spoken = Talk(connection, memory)
        hello = {"session": memory.number, "client": CLIENT, "folder": heard.folder, "held": memory.held, "hook": True}
        spoken.call("mcp.hello", hello)
        yield spoken
    finally:
        connection.close()


def _found(database: str) -> Connection | None:
    connection = dial(address_of(database), PATIENCE_S)
    if connection is not None and connection.version != __version__:
        # Whoever calls a tool next sees to that.
        connection.close()
        return None
    return connection


def _started(database: str) -> Connection:
    from rota.owner.background import connected

    return connected(database)
