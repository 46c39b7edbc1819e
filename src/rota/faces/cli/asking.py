"""Questions to a database that may be in use by its owner: read beside it, without a trace."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time_ns
from typing import Any

from rota.files.find import Database, find_database, find_fleet
from rota.model.errors import RotaError


def database_of(argument: str | None) -> str:
    """The database a command works on, as a path or an address."""
    return chosen(argument).at


def chosen(argument: str | None) -> Database:
    """The database a command works on: the argument, else fleet.toml's, else ROTA_DATABASE, else the default."""
    folder = Path.cwd()
    fleet = None
    if argument is None:
        file = find_fleet(folder)
        if file is not None:
            from rota.files.toml import load_fleet

            fleet = load_fleet(str(file))
    return find_database(argument, fleet, os.environ, folder)


@contextmanager
def asking(argument: str | None) -> Iterator[Callable[[Any], Any]]:
    """A function that answers requests of the operation table that only read."""
    from rota.engine.book import Book
    from rota.operations.typed import operation_of
    from rota.store.view import view

    with view(database_of(argument)) as reader:
        book = Book()
        book.refresh(reader)

        def ask(request: Any) -> Any:
            look = operation_of(request).look
            if look is None:
                raise RotaError("invalid", f"{type(request).__name__} changes something; it can not be asked here")
            return look(reader, book, request, time_ns() // 1_000)

        yield ask
