"""Several reads of one committed state, and commands in between: what a call of a face is made of."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from rota.engine.all_or_none import Undone
from rota.engine.book import Book
from rota.operations.distributor import Distributor
from rota.operations.table import BY_REQUEST
from rota.store.protocol import Reader


class SameView:
    """Asks one distributor. Reads that no command stands between see the same state, and share what it takes to look.

    For one thread, and for as long as a call takes: it holds a snapshot from the first read to the next command.
    """

    def __init__(self, distributor: Distributor) -> None:
        self.distributor = distributor
        self._open: AbstractContextManager[Reader] | None = None
        self._reader: Reader | None = None
        self._book: Book | None = None

    def call(self, request: Any) -> Any:
        """Ask and wait for the answer; raises `RotaError` when refused. The types of a read are not looked into."""
        operation = BY_REQUEST.get(type(request))
        if operation is None or operation.look is None:
            self.close()
            return self.distributor.call(request)
        reader, book = self.look()
        return operation.look(reader, book, request, self.distributor.node.clock())

    def all_or_none(self, requests: Sequence[Any]) -> list[Any] | Undone:
        """Ask several commands of which all or none are to be done; see `Distributor.all_or_none`."""
        self.close()
        return self.distributor.all_or_none(requests)

    def look(self) -> tuple[Reader, Book]:
        """The state that is looked at now, with the names that belong to its numbers."""
        if self._reader is None or self._book is None:
            self._open = self.distributor.store.read()
            self._reader = self._open.__enter__()
            self._book = self.distributor.book_for(self._reader)
        return self._reader, self._book

    def close(self) -> None:
        """Look no more; the next read sees what has been committed since."""
        was_open, self._open, self._reader, self._book = self._open, None, None, None
        if was_open is not None:
            was_open.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
