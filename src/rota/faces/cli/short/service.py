"""Calls to a service over HTTP, by the Python client: its connections, repetitions and errors are those of programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import msgspec

from rota.faces.python.connect import connect
from rota.operations.decode import decode
from rota.operations.table import OPERATIONS


@contextmanager
def service(address: str, key: str | None) -> Iterator[Callable[[str, dict[str, Any]], dict[str, Any]]]:
    """Operations by name with plain data, as the owner's socket takes them."""
    with closing(connect(address, key=key)) as client:

        def call(operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
            answer: dict[str, Any] = msgspec.to_builtins(client.call(decode(OPERATIONS[operation], arguments)))
            return answer

        yield call
