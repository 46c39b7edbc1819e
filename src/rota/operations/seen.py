"""A database that another process owns, asked as if it were open here: reads only, of one committed state."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rota.engine.book import Book
from rota.model.errors import RotaError
from rota.operations.typed import operation_of
from rota.store.protocol import Reader
from rota.store.view import view


class SeenDistributor:
    """What only reads can be given it in place of a distributor. `now` in microseconds: the owner's."""

    def __init__(self, reader: Reader, now: int) -> None:
        self.store = _SeenStore(reader)
        self.node = _SeenNode(now)
        self._reader = reader
        self._book = Book()
        self._book.refresh(reader)

    def call(self, request: Any) -> Any:
        """Answer a read; a command is refused."""
        operation = operation_of(request)
        if operation.look is None:
            raise RotaError("not_allowed", f"{operation.name} changes the database, which is only looked at here")
        return operation.look(self._reader, self._book, request, self.node.clock())


class _SeenStore:
    def __init__(self, reader: Reader) -> None:
        self.nodes_share = reader.dialect != "sqlite"
        self._reader = reader

    @contextmanager
    def read(self) -> Iterator[Reader]:
        yield self._reader


class _SeenNode:
    def __init__(self, now: int) -> None:
        self.latencies: deque[int] = deque()
        self._now = now

    def clock(self) -> int:
        return self._now


@contextmanager
def seen(database: str, now: int) -> Iterator[SeenDistributor]:
    """An existing database of this version of Rota, beside whoever owns it."""
    with view(database) as reader:
        yield SeenDistributor(reader, now)
