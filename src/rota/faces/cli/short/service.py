"""Calls to a service over HTTP, the way the Python client goes: its connections, repetitions, keys and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from rota.faces.python.calls import Called
from rota.faces.python.over_http import OverHttp
from rota.owner.safe import keyed


@contextmanager
def service(
    address: str, key: str | None, patience: Callable[[dict[str, Any]], float]
) -> Iterator[Callable[[str, dict[str, Any]], dict[str, Any]]]:
    """Operations by name with plain data, as the owner's socket takes them; `patience` is how long one may take."""
    with closing(OverHttp(address, key)) as transport:

        def call(operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
            # Plain data: the structs of all operations take longer to load than the call takes.
            called = Called(operation, dict)
            answer: dict[str, Any] = transport.call(called, keyed(operation, arguments), patience(arguments))
            return answer

        yield call
