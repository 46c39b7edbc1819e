"""The two ends of a move, whatever kind of database they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from rota.store.move.mark import Mark
from rota.store.protocol import Row

Columns = Mapping[str, Sequence[str]]
"""The columns of each table."""

BATCH = 100
"""Rows that are in memory at once; each may hold a payload, a result and a checkpoint of megabytes."""
NUMBERS = "number"
"""The sequence of task and project numbers."""


class Tables(Protocol):
    """Something with tables that can be read."""

    name: str
    """The database, without secrets."""

    def tables(self) -> Columns:
        """All tables with their columns; what only this kind of database has is left out."""
        ...

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[list[Row]]:
        """All rows, some at a time, in any order."""
        ...

    def count(self, table: str) -> int:
        """How many rows there are."""
        ...


class Source(Tables, Protocol):
    """The database to be carried off: nobody else writes it until it is closed."""

    def went(self) -> Mark | None:
        """Whether it was marked as carried off before."""
        ...

    def next_numbers(self) -> Mapping[str, int]:
        """The next number of each sequence, at least; `NUMBERS` is one of them."""
        ...

    def last_transaction(self) -> int | None:
        """The highest transaction number of an event; None when no event has one."""
        ...

    def leave(self, mark: Mark) -> None:
        """Mark it as carried off, for good."""
        ...


class Target(Tables, Protocol):
    """The database to be made: it is there, whole and synced, once it is kept; else nothing of it."""

    numbers_transactions: bool
    """Whether every event needs the number of a transaction."""

    def fill(self, table: str, columns: Sequence[str], batches: Iterator[list[Row]]) -> None:
        """Insert rows."""
        ...

    def note(self, key: str, value: str) -> None:
        """Write a row of `meta`."""
        ...

    def go_on(self, numbers: Mapping[str, int], last_transaction: int) -> None:
        """Let new rows be numbered after those that are there."""
        ...

    def keep(self) -> None:
        """Let it be there."""
        ...
