"""A distributor as somebody may use it, for faces whose calls make several requests."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, cast

from rota.engine.book import Book
from rota.engine.node import Node
from rota.operations.distributor import Distributor
from rota.operations.principal import Principal
from rota.operations.restricted import narrowed, needs_narrowing
from rota.operations.typed import operation_of
from rota.store.migrate import Migratable
from rota.store.protocol import Reader


def checked(distributor: Distributor, principal: Principal) -> Distributor:
    """The distributor itself where the principal is not bound to anything, else one that looks into its requests.

    Scopes are the face's to check: one call of it may need more than one operation.
    """
    if principal.agent is None and principal.urgent is None:
        return distributor
    # It does all that faces ask of a distributor; they may not open or close it.
    return cast(Distributor, _Checked(distributor, principal))


class _Checked:
    """Looks into what is asked before it asks."""

    def __init__(self, distributor: Distributor, principal: Principal) -> None:
        self._distributor = distributor
        self._principal = principal

    @property
    def store(self) -> Migratable:
        return self._distributor.store

    @property
    def node(self) -> Node:
        return self._distributor.node

    def book_for(self, reader: Reader) -> Book:
        return self._distributor.book_for(reader)

    def call(self, request: Any, timeout: float | None = None) -> Any:
        return self._distributor.call(self._looked_into(request), timeout)

    def ask(self, request: Any) -> Future[Any]:
        return self._distributor.ask(self._looked_into(request))

    def put(self, request: Any) -> Future[Any]:
        return self._distributor.put(self._looked_into(request))

    def _looked_into(self, request: Any) -> Any:
        operation = operation_of(request)
        if not needs_narrowing(self._principal, operation):
            return request
        return narrowed(self._distributor, self._principal, operation, request).request
