"""What a face is to the owner: operations of its own, besides those of the table, over the same socket.

The owner is given `{"mcp": face}`; a frame whose operation starts with `mcp.` goes to that face, in a session that it
opens for each connection.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple, Protocol

Notify = Callable[[dict[str, Any]], None]
"""Sends news of a call that goes on, from any thread; nothing happens when the caller has gone."""


class Handed(NamedTuple):
    """An answer that hands something over: `lost` is called when it did not arrive, to take it back."""

    answer: dict[str, Any]
    lost: Callable[[], None]


Answer = dict[str, Any] | Handed


class Session(Protocol):
    """One connection, as a face sees it. Calls come on several threads at once."""

    def call(self, operation: str, arguments: dict[str, Any], notify: Notify) -> Answer | Future[Answer]:
        """Do the operation (its whole name, such as `mcp.call`) and answer; a `RotaError` is a refusal.

        What waits for long answers a future (see `chained.then`), so that it holds no thread. The future is cancelled
        when the caller does not want it any more, or asks the next owner instead: one that lets itself be cancelled
        has done nothing.
        """
        ...

    def closed(self, *, leaving: bool) -> None:
        """The connection has ended; calls may still be at work. Called once.

        `leaving`: the owner leaves and the caller lives; it will open a session with the next owner.
        """
        ...


class Face(Protocol):
    """Operations of one prefix."""

    def open(self) -> Session:
        """The session of a connection, with the first frame that needs it."""
        ...
