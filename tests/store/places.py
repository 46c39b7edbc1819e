"""Where the conformance suite runs: a SQLite file, SQLite in memory, PostgreSQL."""

from __future__ import annotations

from typing import NamedTuple

from rota.store.migrate import Migratable, migrate
from rota.store.sqlite import SqliteStore

FILE, MEMORY, POSTGRES = KINDS = ("file", "memory", "postgres")


class Place(NamedTuple):
    """A database that is there once it is opened."""

    kind: str
    address: str

    def open(self) -> Migratable:
        """The store as it is found."""
        if self.kind == POSTGRES:
            from rota.store.postgres import PostgresStore

            return PostgresStore(self.address)
        return SqliteStore(self.address)

    def start(self) -> Migratable:
        """The store with this version's tables."""
        store = self.open()
        try:
            migrate(store)
        except BaseException:
            store.close()
            raise
        return store
