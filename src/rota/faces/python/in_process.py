"""The database of this very process: calls without a wire."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from typing import TYPE_CHECKING, Any

from rota.faces.python.calls import Called
from rota.faces.python.unseen import withdraw
from rota.model.errors import RotaError

if TYPE_CHECKING:
    from rota.operations.distributor import Distributor
    from rota.testing import TestDistributor

READERS = 4
"""Threads for reads that are asked without waiting."""


class InProcess:
    """Calls to a distributor that is open here; `end` is what closing does."""

    def __init__(self, distributor: Distributor | TestDistributor, end: Callable[[], object]) -> None:
        self._distributor = distributor
        self._end = end
        self._is_real = hasattr(distributor, "put")
        """Else it is the test kit's, whose clock moves with each call that waits."""
        self._put: Callable[[Any], Future[Any]] = getattr(distributor, "put", distributor.ask)
        self._readers: ThreadPoolExecutor | None = None

    def call(self, called: Called, arguments: dict[str, Any], seconds: float) -> Any:
        # The same way as a request from outside, so that it is judged the same.
        operation, request = _decoded(called, arguments)
        if not self._is_real or not _is_command(operation):
            return self._distributor.call(request)
        asked = self._put(request)
        try:
            return asked.result(seconds)
        except Late:
            withdraw(self, asked)
            raise RotaError(
                "unavailable", f"no answer to {called.operation} within {seconds:g} s; it may have happened"
            ) from None
        except BaseException:
            withdraw(self, asked)
            raise

    def ask(self, called: Called, arguments: dict[str, Any], seconds: float) -> Future[Any]:
        del seconds
        try:
            operation, request = _decoded(called, arguments)
        except RotaError as error:
            refused: Future[Any] = Future()
            refused.set_exception(error)
            return refused
        if _is_command(operation):
            return self._put(request)
        if self._readers is None:
            self._readers = ThreadPoolExecutor(READERS, "rota-reads")
        return self._readers.submit(self._distributor.call, request)

    def close(self) -> None:
        if self._readers is not None:
            self._readers.shutdown(cancel_futures=True)
        self._end()


def _decoded(called: Called, arguments: dict[str, Any]) -> tuple[Any, Any]:
    from rota.operations.decode import decode  # lazily: those that talk to an owner need none of it
    from rota.operations.table import OPERATIONS

    operation = OPERATIONS[called.operation]
    return operation, decode(operation, arguments)


def _is_command(operation: Any) -> bool:
    from rota.operations.distributor import is_command

    return is_command(operation)
