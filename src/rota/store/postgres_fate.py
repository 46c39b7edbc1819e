"""What became of a commit whose answer was lost: learnt from a mark that the transaction itself left.

Each store has one row in `commit_mark`; a turn that changed anything writes its number there before it commits. Asking
for the row with a lock waits for a commit that is still going on. `pg_xact_status` alone would not do: transaction
numbers that never reached the disk are handed out again after a crash, so it may tell of somebody else's transaction.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg

from rota.store.postgres_errors import Lost

if TYPE_CHECKING:
    from rota.store.postgres_session import Session

KEEP_US = 7 * 86_400 * 1_000_000
"""Rows of stores that were not heard of for this long are dropped, microseconds."""

_THERE = b"SELECT to_regclass('commit_mark') IS NOT NULL"
_SET = b"UPDATE commit_mark SET turn = $2 WHERE session = $1"
_ENTER = b"INSERT INTO commit_mark (session, turn) VALUES ($1, $2) ON CONFLICT (session) DO NOTHING"
_DROP_OLD = b"DELETE FROM commit_mark WHERE turn < $1 AND session <> $2"
_DROP = b"DELETE FROM commit_mark WHERE session = $1"
_LAST = b"SELECT turn FROM commit_mark WHERE session = $1 FOR UPDATE"


class Marks:
    """The marks of one store."""

    def __init__(self) -> None:
        self._session = b"%d" % secrets.randbits(63)
        self._turn = 0
        self._entered = False

    def enter(self, session: Session) -> None:
        """Make the store's row, outside of a transaction, as soon as there is a table for it."""
        if self._entered or not session.ask(_THERE)[0][0]:
            return
        now = time.time_ns() // 1_000
        session.send(_ENTER, [self._session, b"%d" % now])
        session.send(_DROP_OLD, [b"%d" % (now - KEEP_US), self._session])
        session.settle()
        self._turn, self._entered = now, True

    def set(self, session: Session) -> None:
        """Mark the open transaction as the newest."""
        if self._entered:
            self._turn = max(self._turn + 1, time.time_ns() // 1_000)
            session.send(_SET, [self._session, b"%d" % self._turn])

    def was_committed(self, session: Session) -> bool | None:
        """Whether the transaction marked last was committed; None when that can not be learnt (any more).

        Raises psycopg's error when it is still going on after the lock timeout.
        """
        if not self._entered:
            return None
        found = session.ask(_LAST, [self._session])
        return None if not found else bool(found[0][0] >= self._turn)

    def leave(self, session: Session) -> None:
        """Drop the store's row."""
        if self._entered:
            with suppress(Lost, psycopg.Error):
                session.send(_DROP, [self._session])
                session.settle()
