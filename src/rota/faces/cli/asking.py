"""Which database a command works on, and questions that go to the file itself: beside its owner, without a trace."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rota.files.session import database_of_session
from rota.model.errors import RotaError

if TYPE_CHECKING:
    from rota.files.find import Database

HTTP = ("http://", "https://")
VARIABLE = "ROTA_DATABASE"


def place_of(argument: str | None) -> str:
    """The database a command works on: a path, a PostgreSQL address, or the address of a service."""
    address = argument if argument is not None else os.environ.get(VARIABLE, "")
    return address if address.startswith(HTTP) else database_of(argument)


def database_of(argument: str | None) -> str:
    """The database a command works on, as a path or an address: that of every session in this folder."""
    try:
        return database_of_session(argument)
    except RotaError as error:
        raise _located(error, argument) from None


def chosen(argument: str | None) -> Database:
    """The same, with who said so."""
    from rota.files.find import Database, find_database, find_fleet

    folder = _folder()
    if argument is not None:
        return find_database(argument, None, os.environ, folder)
    file = find_fleet(folder)
    if file is not None:
        from rota.files.toml import load_fleet

        return find_database(None, load_fleet(str(file)), os.environ, folder)
    if os.environ.get(VARIABLE):
        return find_database(None, None, os.environ, folder)
    return Database(kind="sqlite", at=database_of_session(None), source="default")


@contextmanager
def asking(argument: str | None) -> Iterator[Callable[[Any], Any]]:
    """A function that answers requests of the operation table that only read: from the file, or from a service."""
    place = place_of(argument)
    if place.startswith(HTTP):
        from rota.faces.python.connect import connect

        with connect(place) as client:
            yield client.call
        return
    with beside(place) as ask:
        yield ask


@contextmanager
def beside(database: str) -> Iterator[Callable[[Any], Any]]:
    """The same for a database that is known: one committed state of it, as long as the block lasts."""
    from time import time_ns

    from rota.engine.book import Book
    from rota.operations.typed import operation_of
    from rota.store.view import view

    with view(database) as reader:
        book = Book()
        book.refresh(reader)

        def ask(request: Any) -> Any:
            look = operation_of(request).look
            if look is None:
                raise RotaError("invalid", f"{type(request).__name__} changes something; it can not be asked here")
            return look(reader, book, request, time_ns() // 1_000)

        yield ask


def _located(error: RotaError, argument: str | None) -> RotaError:
    """The same error as those say it who read all of it: with the line of fleet.toml, or the kind of database."""
    try:
        chosen(argument)
    except RotaError as found:
        return found
    return error


def _folder() -> Any:
    from pathlib import Path

    return Path.cwd()
