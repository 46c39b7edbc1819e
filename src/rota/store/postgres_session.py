"""One connection, in pipeline mode: what needs no answer is sent and not waited for.

This speaks to libpq through psycopg's `pq` layer. A statement whose rows nobody needs costs some 7 microseconds that
way, one that is waited for 22, and the server works while the turn goes on. Errors of statements that were not waited
for come with the next one that is.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import abc, adapt, pq
from psycopg.errors import error_from_result

from rota.store.postgres_errors import Lost, is_gone

SILENCE_S = 60.0
"""A server that says nothing for this long while it owes an answer counts as gone, seconds. Longer than any timeout
that it keeps itself."""
_BINARY = 1

Row = tuple[Any, ...]


class Session:
    """Statements to one connection. Not for several threads at once.

    Raises `Lost` when the connection is gone, else psycopg's errors; after either, `roll_back` is all that is allowed.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._pg = connection.pgconn
        self._names: dict[bytes, bytes] = {}
        self._owed = 0
        """Synchronisation points the server has not answered yet."""
        self._rows: abc.Transformer = adapt.Transformer()
        self._readable, self._either = select.poll(), select.poll()
        self._readable.register(self._pg.socket, select.POLLIN)
        self._either.register(self._pg.socket, select.POLLIN | select.POLLOUT)
        self._pg.enter_pipeline_mode()

    @property
    def is_alive(self) -> bool:
        """Whether the connection still stands, as far as can be seen without asking the server."""
        with suppress(psycopg.Error):
            # Whatever comes unasked: a notice, or a farewell and then the end of the stream.
            while self._pg.status == pq.ConnStatus.OK:
                if not self._readable.poll(0):
                    return True
                self._pg.consume_input()
                self._pg.is_busy()
        return False

    def send(self, text: bytes, values: Sequence[bytes | None] = ()) -> None:
        """Send a statement. It is prepared once; what it answers is dropped."""
        try:
            name = self._names.get(text)
            if name is None:
                name = self._names[text] = b"s%d" % len(self._names)
                self._pg.send_prepare(name, text)
            self._pg.send_query_prepared(name, values, result_format=_BINARY)
        except psycopg.OperationalError as error:
            raise self._lost(error) from error

    def send_once(self, text: str) -> None:
        """Send a statement without parameters that is not worth preparing."""
        try:
            self._pg.send_query_params(text.encode(), None)
        except psycopg.OperationalError as error:
            raise self._lost(error) from error

    def push(self) -> None:
        """Let the server begin with what was sent, without waiting for it."""
        try:
            self._pg.flush()
        except psycopg.OperationalError as error:
            raise self._lost(error) from error

    def ask(self, text: bytes, values: Sequence[bytes | None] = ()) -> list[Row]:
        """Send a statement and wait for its rows."""
        self.send(text, values)
        last = self.settle()
        if last is None or last.ntuples == 0:
            return []
        self._rows.set_pgresult(last)
        return self._rows.load_rows(0, last.ntuples, tuple)

    def settle(self) -> pq.abc.PGresult | None:
        """Wait for everything sent; the last result. Raises the first error."""
        try:
            self._pg.pipeline_sync()
            self._owed += 1
            last, failed = self._collect()
        except psycopg.OperationalError as error:
            raise self._lost(error) from error
        if failed is not None:
            said = error_from_result(failed)
            raise self._lost(said) if is_gone(said) else said
        return last

    def _collect(self) -> tuple[pq.abc.PGresult | None, pq.abc.PGresult | None]:
        """Read until the server owes nothing: the last good result and the first bad one."""
        pg = self._pg
        while pg.flush():
            self._wait(self._either)
            pg.consume_input()
        last = failed = None
        while self._owed:
            while pg.is_busy():
                self._wait(self._readable)
                pg.consume_input()
            result = pg.get_result()
            if result is None:
                if pg.status != pq.ConnStatus.OK:
                    break
                continue
            status = result.status
            if status == pq.ExecStatus.PIPELINE_SYNC:
                self._owed -= 1
            elif status == pq.ExecStatus.FATAL_ERROR:
                failed = failed or result
            elif status != pq.ExecStatus.PIPELINE_ABORTED:
                last = result
        if self._owed and failed is None:
            raise Lost("the server closed the connection")
        return last, failed

    def _wait(self, poll: select.poll) -> None:
        if not poll.poll(SILENCE_S * 1000):
            self.close()
            raise Lost(f"the server said nothing for {SILENCE_S:g} s")

    def _lost(self, error: psycopg.Error) -> Lost:
        self.close()
        return Lost(" ".join(str(error).split()) or "the connection was closed")

    def roll_back(self) -> bool:
        """End the transaction without its changes, whatever state it is in; False when the connection is gone."""
        with suppress(Lost, psycopg.Error):
            if self._pg.status == pq.ConnStatus.OK:
                with suppress(psycopg.Error):
                    self.settle()
                # Statements that came after a failed one were never prepared.
                self._names.clear()
                self.send_once("ROLLBACK")
                self.send_once("DEALLOCATE ALL")
                self.settle()
                if self._pg.transaction_status == pq.TransactionStatus.IDLE:
                    return True
        self.close()
        return False

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
