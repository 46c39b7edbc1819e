"""A store that fails when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rota.store.protocol import Store, Transaction


class FaultyStore:
    """A real store, but for `before_commit` and `after_commit`: what they raise is what the store raises."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.before_commit: Callable[[], None] = _nothing
        self.after_commit: Callable[[], None] = _nothing
        self.turns = 0

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        self.turns += 1
        with self._store.write() as transaction:
            yield transaction
            self.before_commit()
        self.after_commit()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Failing:
    """Raises the error so many times, then never again."""

    def __init__(self, error: Exception, times: int) -> None:
        self._error = error
        self.left = times

    def __call__(self) -> None:
        if self.left:
            self.left -= 1
            raise self._error


def _nothing() -> None:
    pass
