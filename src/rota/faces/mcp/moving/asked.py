"""A database asked by requests, as a distributor in this process is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from rota.operations.decodable import decodable
from rota.operations.typed import operation_of
from rota.owner.link import Link


class Asked:
    """Requests over a link; a `LinkError` is a `RotaError`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def call(self, request: Any) -> Any:
        """Ask and wait for the answer."""
        operation = operation_of(request)
        answer = self._link.call(operation.name, msgspec.to_builtins(request))
        return msgspec.convert(answer, decodable(operation.answer))


class Reading:
    """Requests that only read, answered by a function."""

    def __init__(self, ask: Callable[[Any], Any]) -> None:
        self._ask = ask

    def call(self, request: Any) -> Any:
        """Ask."""
        return self._ask(request)
