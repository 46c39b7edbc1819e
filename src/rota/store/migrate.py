"""Bringing a database to this version: numbered, forward only, each in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rota.model.errors import RotaError
from rota.store.move.mark import refuse_moved
from rota.store.protocol import Rerun, Store, Transaction
from rota.store.schema import MIGRATIONS, written
from rota.store.sql import fleet

VERSION_KEY = "schema"
TRIES = 5


class Migratable(Store, Protocol):
    """A store whose tables can be made and changed."""

    @property
    def marks(self) -> dict[str, str]:
        """What the marks of `schema` mean here."""
        ...

    def lock_schema(self) -> None:
        """Let no other process change the tables until the open transaction ends."""
        ...

    def has_tables(self) -> bool:
        """Whether Rota's tables are there."""
        ...

    def migrate(self, statements: Sequence[str], marks: dict[str, str]) -> None:
        """Run DDL inside the open transaction."""
        ...


def migrate(store: Migratable) -> int:
    """Bring the database to the newest version; the version it had. A newer database is refused untouched."""
    why = ""
    for _ in range(TRIES):
        try:
            return _migrate(store)
        except Rerun as again:
            # Whether or not it was committed: what is done already is not done again.
            why = again.reason
    raise RotaError("unavailable", f"{store.name} could not be brought to this version: {why}")


def _migrate(store: Migratable) -> int:
    with store.write() as transaction:
        store.lock_schema()
        found = _version(store, transaction) if store.has_tables() else 0
        if found:
            refuse_moved(transaction, store.name)
        newest = len(MIGRATIONS)
        if found > newest:
            raise RotaError(
                "newer_database", f"{store.name} has version {found}; this Rota knows versions up to {newest}"
            )
        for number in range(found, newest):
            store.migrate(written(MIGRATIONS[number], store.marks), store.marks)
        if found < newest:
            transaction.one(fleet.SET_META, VERSION_KEY, str(newest))
    return found


def _version(store: Migratable, transaction: Transaction) -> int:
    found = transaction.one(fleet.GET_META, VERSION_KEY)
    if not found or not str(found[0][0]).isdecimal():
        raise RotaError("corrupt_database", f"{store.name} has a table 'meta' that is not Rota's")
    return int(found[0][0])
