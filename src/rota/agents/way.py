"""The way from agents to their database: in this process, through its owner's socket, or over HTTP."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Protocol


class Way(Protocol):
    """What a slot and its pulse ask. A `Distributor` is one. Safe to use from any thread."""

    def ask(self, request: Any) -> Future[Any]:
        """Ask and get a future, which raises its `RotaError`. Cancelling that of a waiting claim withdraws it."""
        ...

    def call(self, request: Any) -> Any:
        """Ask and wait for the answer; raises `RotaError` when refused."""
        ...
