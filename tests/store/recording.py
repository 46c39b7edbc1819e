"""A transaction that remembers what it was asked and what it answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rota.store.protocol import Row, Transaction
from rota.store.statement import Add, Each, One

Statement = One | Each | Add


class Recording:
    """Passes everything on to a transaction; a scene uses it as one."""

    def __init__(self, transaction: Transaction) -> None:
        self.dialect = transaction.dialect
        self._to = transaction
        self.asked: list[Statement] = []
        self.answered: list[tuple[str, list[tuple[Any, ...]]]] = []
        """Names of statements with their rows, sorted: the order of rows may only be relied on where SQL says so."""

    def one(self, statement: One, *values: object) -> list[Row]:
        """Run the statement once; its rows."""
        return self._note(statement, self._to.one(statement, *values))

    def each(self, statement: Each, rows: Sequence[Row]) -> list[Row]:
        """Run the statement for every row; all rows, sorted."""
        return in_order(self._note(statement, self._to.each(statement, rows)))

    def add(self, statement: Add, rows: Sequence[Row]) -> None:
        """Insert the rows."""
        self.asked.append(statement)
        self._to.add(statement, rows)

    def pick(self, sqlite: Any, postgres: Any) -> Any:
        """The statement of this database. The other one counts as asked: the same scene is played there too."""
        self.asked += [sqlite, postgres]
        return sqlite if self.dialect == "sqlite" else postgres

    def _note(self, statement: One | Each, rows: list[Row]) -> list[Row]:
        self.asked.append(statement)
        assert all(type(row) is tuple for row in rows)
        self.answered.append((statement.name, in_order(rows)))
        return rows


def in_order(rows: list[Row]) -> list[Row]:
    """The rows by their values; NULL comes first."""
    return sorted(rows, key=lambda row: [(value is not None, value) for value in row])
