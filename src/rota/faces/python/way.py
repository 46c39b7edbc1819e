"""Requests over any transport as futures: the way that agents of other processes take to their database."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from rota.faces.python.calls import called
from rota.faces.python.client import seconds_of
from rota.faces.python.plain import plain
from rota.faces.python.transport import Transport
from rota.owner.safe import keyed

TIMEOUT_S = 60.0
"""How long a call may take besides what a claim waits, its repetitions included, seconds."""


class RemoteWay:
    """See `rota.agents.way`. The transport stays open."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def ask(self, request: Any) -> Future[Any]:
        """Ask and get a future."""
        operation = called(request)
        arguments = keyed(operation.operation, plain(request, operation.operation))
        return self._transport.ask(operation, arguments, seconds_of(arguments, TIMEOUT_S))

    def call(self, request: Any) -> Any:
        """Ask and wait for the answer; raises `RotaError` when refused."""
        return self.ask(request).result()
