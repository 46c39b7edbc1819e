"""What a client needs of the way to a database: three ways have it."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Protocol

from rota.faces.python.calls import Called


class Transport(Protocol):
    """A way to one database. Safe to use from any thread, with many calls at once."""

    def call(self, called: Called, arguments: dict[str, Any], seconds: float) -> Any:
        """Ask and wait for the answer, so many seconds at most; raises `RotaError` when refused.

        An exception in between (Ctrl-C) withdraws the call: what it would have been given goes to others.
        """
        ...

    def ask(self, called: Called, arguments: dict[str, Any], seconds: float) -> Future[Any]:
        """The same as a future, which raises its `RotaError`. Cancelling it withdraws the call."""
        ...

    def close(self) -> None:
        """Let go of the database; calls without an answer end with `stopped` or `cancelled`."""
        ...
