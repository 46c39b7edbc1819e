"""The store on PostgreSQL, through psycopg: every node is equal, nodes share nothing but the database.

One connection writes, a few read, one hears signals and one sends them.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rota.model.errors import RotaError
from rota.store.protocol import Rerun
from rota.store.schema import POSTGRES_MARKS

try:
    import psycopg
except ImportError as missing:
    raise RotaError("no_driver", f"PostgreSQL needs the extra rota[postgres] ({missing})") from missing

from rota.store.postgres_check import check
from rota.store.postgres_connect import SCHEMA, connect, shown
from rota.store.postgres_dump import dump
from rota.store.postgres_errors import Lost, refusal, why_again
from rota.store.postgres_fate import Marks
from rota.store.postgres_session import Session
from rota.store.postgres_signals import Ear, Notifier
from rota.store.postgres_statements import LOCKS, PostgresReader, PostgresTransaction

READERS = 8
"""Reads that may go on at once; others wait for one of them."""
RESOLVE_S = 60.0
"""How long the fate of a commit is asked for before giving up, seconds."""
ASK_EVERY_S = 0.05
SAME_KEY = 5
"""Turns that ran into a key in use, one after another, before it counts as a mistake of ours and is not run again."""

_BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED"
_BEGIN_READING = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_COMMIT = b"COMMIT"
_NOTHING = b"SELECT 1"
_HAS_TABLES = b"SELECT to_regclass('meta') IS NOT NULL"


class PostgresStore:
    """A PostgreSQL database. See `protocol.Store`. Raises `RotaError` when it can not be used."""

    dialect = "postgres"
    nodes_share = True

    def __init__(self, dsn: str) -> None:
        self.name = shown(dsn)
        self._dsn = dsn
        self._turn = threading.Lock()
        self._closed = threading.Event()
        self._same_key = 0
        self._turning = 0
        """The thread whose turn is open, else 0."""
        self._readers: list[Session] = []
        self._reading = threading.BoundedSemaphore(READERS)
        self._marks = Marks()
        self._session = self._connect()
        sender = secrets.token_hex(6)
        self._notifier, self._ear = Notifier(dsn, sender), Ear(dsn, sender)

    def _connect(self) -> Session:
        return Session(connect(self._dsn, stop=self._closed))

    @contextmanager
    def write(self) -> Iterator[PostgresTransaction]:
        """One transaction; see `protocol.Store.write`.

        A server that restarts is waited for. A commit whose answer was lost is looked up, never guessed.
        """
        with self._turn:
            try:
                transaction = self._begin()
                yield transaction
            except BaseException as error:
                self._turning = 0
                self._session.roll_back()
                judged = self._judged(error)
                if judged is error:
                    raise
                raise judged from error
            self._turning = 0
            self._commit(transaction.wrote)

    def _begin(self) -> PostgresTransaction:
        self._reconnect()
        self._marks.enter(self._session)
        self._session.send(_BEGIN)
        self._turning = threading.get_ident()
        return PostgresTransaction(self._session)

    def _reconnect(self) -> None:
        """A session that stands, as far as can be seen. One that falls in the next moment makes the turn run again."""
        if self._closed.is_set():
            raise RotaError("stopped", f"{self.name} is closed")
        if not self._session.is_alive:
            self._session.close()
            self._session = self._connect()

    def _commit(self, wrote: bool) -> None:
        try:
            if wrote:
                self._marks.set(self._session)
            self._session.send(_COMMIT)
            ended = self._session.settle()
            if ended is None or ended.command_status != b"COMMIT":
                # An error was passed over in the turn, and so PostgreSQL rolled it back.
                raise psycopg.errors.InFailedSqlTransaction("a statement of the turn had failed before")
        except Lost as error:
            if wrote and self._was_committed():
                raise Rerun("the connection was lost after the commit", committed=True) from error
            raise Rerun("the connection was lost before the commit") from error
        except BaseException as error:
            self._session.roll_back()
            judged = self._judged(error)
            if judged is error:
                raise
            raise judged from error
        self._same_key = 0

    def _was_committed(self) -> bool:
        """Ask the server what became of the turn, until it knows."""
        ends = time.monotonic() + RESOLVE_S
        while True:
            try:
                self._reconnect()
                fate = self._marks.was_committed(self._session)
                if fate is not None:
                    return fate
                raise self._unknown("its mark is gone")
            except (Lost, psycopg.Error) as error:
                self._session.roll_back()
                why = str(error)
            except RotaError as error:
                if error.code != "unavailable" or time.monotonic() > ends:
                    raise self._unknown(error.message) from error
                why = error.message
            if time.monotonic() > ends:
                raise self._unknown(why)
            self._closed.wait(ASK_EVERY_S)

    def _unknown(self, why: str) -> RotaError:
        return RotaError(
            "unavailable",
            f"the connection to {self.name} was lost during a commit, and whether it was done can not be learnt: {why}."
            " Look before asking again, or ask again with the same key",
        )

    def _judged(self, error: BaseException) -> BaseException:
        """What a failed turn raises."""
        if isinstance(error, Lost):
            return Rerun(f"the connection was lost: {error}")
        if not isinstance(error, psycopg.Error):
            return error
        if error.sqlstate == "23505":
            self._same_key += 1
            if self._same_key > SAME_KEY:
                return error
        again = why_again(error)
        return Rerun(again) if again is not None else refusal(error, self.name) or error

    @contextmanager
    def read(self) -> Iterator[PostgresReader]:
        """A read-only view of one committed state; see `protocol.Store.read`."""
        with self._lent() as session:
            yield PostgresReader(session)

    @contextmanager
    def _lent(self) -> Iterator[Session]:
        with self._reading:
            session = self._reader()
            try:
                yield session
                session.send(_COMMIT)
                session.settle()
            except BaseException as error:
                session.roll_back()
                if isinstance(error, Lost):
                    raise RotaError("unavailable", f"the connection to {self.name} was lost while reading") from error
                refused = refusal(error, self.name) if isinstance(error, psycopg.Error) else None
                if refused is None:
                    raise
                raise refused from error
            finally:
                self._give_back(session)

    def _reader(self) -> Session:
        """A session with an open view. Sessions that a restart of the server has cut are dropped on the way."""
        while True:
            session = self._readers.pop() if self._readers else None
            fresh = session is None
            if session is None:
                if self._closed.is_set():
                    raise RotaError("stopped", f"{self.name} is closed")
                session = Session(connect(self._dsn, stop=self._closed))
            try:
                session.send(_BEGIN_READING)
                session.ask(_NOTHING)
                return session
            except Lost as error:
                if fresh:
                    raise RotaError("unavailable", f"{self.name} closed the connection: {error}") from error
            except BaseException:
                session.close()
                raise

    def _give_back(self, session: Session) -> None:
        if self._closed.is_set() or not session.is_alive:
            session.close()
        else:
            self._readers.append(session)

    @property
    def marks(self) -> dict[str, str]:
        """What the marks of `schema` mean here."""
        return POSTGRES_MARKS

    def lock_schema(self) -> None:
        """Let one node at a time look at and change the tables, until the open transaction ends."""
        self._session.send_once("SET LOCAL statement_timeout = 0")
        self._session.send_once("SET LOCAL lock_timeout = '60s'")
        self._session.send_once(f"SELECT pg_advisory_xact_lock({LOCKS}, 0)")
        self._session.settle()
        if not self._session.ask(f"SELECT 1 FROM pg_namespace WHERE nspname = '{SCHEMA}'".encode()):
            self._session.send_once(f"CREATE SCHEMA {SCHEMA}")

    def migrate(self, statements: Sequence[str], marks: dict[str, str]) -> None:
        """Run DDL inside the open transaction."""
        del marks
        for statement in statements:
            self._session.send_once(statement)
        self._session.settle()

    def has_tables(self) -> bool:
        """Whether Rota's tables are there, as seen by this thread's open transaction if there is one."""
        if self._turning == threading.get_ident():
            return bool(self._session.ask(_HAS_TABLES)[0][0])
        with self._lent() as session:
            return bool(session.ask(_HAS_TABLES)[0][0])

    def signal(self, topic: str) -> None:
        """Wake the nodes that wait for this topic; see `protocol.Store.signal`."""
        self._notifier.send(topic)

    def signals(self, timeout: float) -> list[str]:
        """Topics signalled by other nodes; see `protocol.Store.signals`."""
        return self._ear.hear(timeout)

    def check(self) -> list[str]:
        """What is wrong with the database, empty when nothing is."""
        with self.read() as reader:
            return check(reader)

    def backup(self, path: str) -> None:
        """Write one committed state to a file, while turns go on."""
        if self._closed.is_set():
            raise RotaError("stopped", f"{self.name} is closed")
        dump(self._dsn, self.name, path)

    def close(self) -> None:
        """Let go of the database."""
        self._closed.set()
        self._ear.close()
        self._notifier.close()
        while self._readers:
            self._readers.pop().close()
        if self._turn.acquire(timeout=1.0):
            if self._session.is_alive:
                self._marks.leave(self._session)
            self._turn.release()
        self._session.close()
