"""Trying things on a store without leaving a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rota.store.protocol import Store, Transaction


class Undone(Exception):
    """Ends a transaction that was only a trial."""


@contextmanager
def trial(store: Store) -> Iterator[Transaction]:
    """A transaction that is rolled back at the end of the block."""
    try:
        with store.write() as transaction:
            yield transaction
            raise Undone
    except Undone:
        pass
