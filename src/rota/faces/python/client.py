"""The client: every operation of Rota, whatever the way to the database."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from rota.faces.python.calls import called
from rota.faces.python.plain import plain
from rota.faces.python.transport import Transport
from rota.owner.safe import keyed


class Client:
    """Made by `connect`. Safe to use from any thread."""

    def __init__(self, transport: Transport, timeout: float) -> None:
        self._transport = transport
        self._timeout = timeout

    def call(self, request: Any, *, timeout: float | None = None) -> Any:
        """Ask any operation by its request, such as `ListQueues()`; answers its struct.

        `timeout`: seconds, instead of the client's own. Raises `RotaError` when refused.
        """
        operation = called(request)
        arguments = keyed(operation.operation, plain(request, operation.operation))
        return self._transport.call(operation, arguments, self._seconds(arguments, timeout))

    def close(self) -> None:
        """Let go of the database. What this client has in its hands stays there until its lease ends."""
        self._transport.close()

    def _seconds(self, arguments: dict[str, Any], timeout: float | None) -> float:
        wait = arguments.get("wait", 0.0)
        return (self._timeout if timeout is None else timeout) + (wait if isinstance(wait, int | float) else 0.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
