"""A distributor as somebody may use it, for faces whose calls make several requests."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, cast

from rota.engine.all_or_none import Undone
from rota.engine.book import Book
from rota.engine.node import Node
from rota.operations.distributor import Distributor
from rota.operations.narrow import Narrowed
from rota.operations.principal import Principal
from rota.operations.restricted import narrowed, needs_narrowing
from rota.operations.typed import operation_of
from rota.store.migrate import Migratable
from rota.store.protocol import Reader


def checked(distributor: Distributor, principal: Principal) -> Distributor:
    """The distributor itself where the principal is not bound to anything, else one that looks into its requests.

    Scopes are the face's to check: one call of it may need more than one operation.
    """
    if principal.agent is None and principal.urgent is None and principal.tenant is None:
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
        call = self._looked_into(request)
        return call.mend(self._distributor.call(call.request, timeout))

    def ask(self, request: Any) -> Future[Any]:
        call = self._looked_into(request)
        return mended(self._distributor.ask(call.request), call)

    def put(self, request: Any) -> Future[Any]:
        call = self._looked_into(request)
        return mended(self._distributor.put(call.request), call)

    def all_or_none(self, requests: Sequence[Any]) -> list[Any] | Undone:
        calls = [self._looked_into(request) for request in requests]
        answers = self._distributor.all_or_none([call.request for call in calls])
        if isinstance(answers, Undone):
            return answers
        return [call.mend(answer) for call, answer in zip(calls, answers, strict=True)]

    def _looked_into(self, request: Any) -> Narrowed:
        operation = operation_of(request)
        if not needs_narrowing(self._principal, operation):
            return Narrowed(request)
        return narrowed(self._distributor, self._principal, operation, request)


def mended(answer: Future[Any], call: Narrowed) -> Future[Any]:
    """The future itself where nothing of its answer is to be mended."""
    return answer if call.is_as_it_is else _later(answer, call)


def _later(answer: Future[Any], call: Narrowed) -> Future[Any]:
    found: Future[Any] = Future()

    def answered(first: Future[Any]) -> None:
        try:
            found.set_result(call.mend(first.result()))
        except BaseException as error:
            found.set_exception(error)

    answer.add_done_callback(answered)
    return found
