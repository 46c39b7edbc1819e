"""What a database must do for Rota: the one protocol both stores keep and one conformance suite checks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from rota.store.statement import Add, Each, One

Row = Any
"""A row: a tuple of column values."""


class Reader(Protocol):
    """Something statements can be sent to. Within one `Reader` all reads see one committed state."""

    dialect: str
    """`sqlite` or `postgres`."""

    def one(self, statement: One, *values: Any) -> list[Row]:
        """Run the statement once; its rows."""
        ...

    def each(self, statement: Each, rows: Sequence[Row]) -> list[Row]:
        """Run the statement for every row; the rows of all of them, in no order that may be relied on."""
        ...


class Transaction(Reader, Protocol):
    """The open write transaction of a turn."""

    def add(self, statement: Add, rows: Sequence[Row]) -> None:
        """Insert the rows."""
        ...

    def new_ids(self, n: int) -> Sequence[int]:
        """`n` numbers never handed out before, ascending; tasks and projects share them."""
        ...

    def lock_pool(self, pool: int) -> bool:
        """Take the right to plan this pool until the transaction ends; False when another node has it."""
        ...

    def hold(self, what: int, *, shared: bool = False) -> None:
        """Let no other transaction hold this number until this one ends; those that share it only keep out others."""
        ...

    def horizon(self) -> str | None:
        """Which transactions a read made now sees, as text for `audit`; None where turns follow each other."""
        ...


class Store(Protocol):
    """A database. One thread at a time may use `write`; `read` may be used from any thread."""

    name: str
    """The database as users write it, without secrets."""
    dialect: str
    nodes_share: bool
    """Other processes may change the database between two turns."""

    def write(self) -> AbstractContextManager[Transaction]:
        """One transaction: committed and synced when the block ends, rolled back when it raises.

        Raises `Rerun` when the same work should simply be done again.
        """
        ...

    def read(self) -> AbstractContextManager[Reader]:
        """A read-only view of one committed state."""
        ...

    def signal(self, topic: str) -> None:
        """Wake the nodes that wait for this topic. Only a hint: polling is the truth."""
        ...

    def signals(self, timeout: float) -> list[str]:
        """Topics signalled by other nodes; waits up to `timeout` seconds for the first."""
        ...

    def backup(self, path: str) -> None:
        """Write a complete copy of one committed state to `path` while work goes on."""
        ...

    def check(self) -> list[str]:
        """What is wrong with the database, a sentence each; empty when nothing is."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


class Rerun(Exception):
    """The transaction failed through no fault of its commands (deadlock, lost connection): do it again.

    `committed` is True when it turned out that the commit did happen, False when it did not.
    """

    def __init__(self, reason: str, *, committed: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.committed = committed
