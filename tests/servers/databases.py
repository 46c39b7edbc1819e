"""Databases for single tests, on any PostgreSQL server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict


class DatabaseServer(Protocol):
    """A PostgreSQL server with a database for the asking."""

    @property
    def dsn(self) -> str:
        """Of the server's own database, as someone who may create databases."""

    def create_database(self) -> str:
        """Makes an empty database and answers its DSN."""

    def drop_database(self, dsn: str) -> None:
        """Removes the database, and whoever is still connected to it."""


class GivenServer:
    """A server that somebody else runs: all we have is its DSN."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    def create_database(self) -> str:
        return create_database(self.dsn)

    def drop_database(self, dsn: str) -> None:
        drop_database(self.dsn, dsn)


@contextmanager
def temporary_database(server: DatabaseServer) -> Iterator[str]:
    """The DSN of an empty database that lasts as long as the `with` block."""
    dsn = server.create_database()
    try:
        yield dsn
    finally:
        server.drop_database(dsn)


def create_database(server_dsn: str) -> str:
    """Makes an empty database (UTF-8, byte order) with a name of its own and answers its DSN, a URL."""
    name = f"rota_test_{secrets.token_hex(6)}"
    statement = sql.SQL("create database {} template template0 encoding 'UTF8' locale 'C'")
    _execute(server_dsn, statement.format(sql.Identifier(name)))
    return with_database(server_dsn, name)


def drop_database(server_dsn: str, dsn: str) -> None:
    """Removes the database of `dsn`, and whoever is still connected to it."""
    name = str(conninfo_to_dict(dsn)["dbname"])
    _execute(server_dsn, sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def with_database(dsn: str, name: str) -> str:
    """The DSN, as a URL, of database `name` on the server of `dsn`."""
    parameters = conninfo_to_dict(dsn)
    parameters.pop("dbname", None)
    return f"postgresql:///{quote(name, safe='')}?{urlencode(parameters, quote_via=quote)}"


def _execute(dsn: str, statement: sql.Composed) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement)
