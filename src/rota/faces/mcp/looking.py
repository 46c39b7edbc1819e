"""One committed state of the database, for what no operation shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from rota.engine.book import Book
from rota.operations.distributor import Distributor
from rota.store.protocol import Reader


class View(NamedTuple):
    """A reader with the names that belong to its numbers; `now` in microseconds."""

    reader: Reader
    book: Book
    now: int


@contextmanager
def looking(distributor: Distributor) -> Iterator[View]:
    """A view that stays the same while it is looked at."""
    with distributor.store.read() as reader:
        book = Book()
        book.refresh(reader)
        yield View(reader, book, distributor.node.clock())
