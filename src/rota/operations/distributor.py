"""The distributor in process: every operation as one call, on an open database."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Protocol, Self

from rota.engine.all_or_none import AllOrNone, Undone
from rota.engine.book import Book
from rota.engine.entry import Reply
from rota.engine.inbox import Inbox
from rota.engine.node import Node
from rota.model import bounds, check
from rota.model.commands.archive import Archive, RestoreArchive
from rota.model.commands.keys import CreateKey
from rota.model.commands.read import BackedUp, Backup
from rota.model.errors import invalid
from rota.operations import archive, keys
from rota.operations.decode import decode
from rota.operations.ready import make_ready
from rota.operations.table import OPERATIONS, Operation
from rota.operations.typed import operation_of
from rota.store.file_path import prepared
from rota.store.migrate import Migratable, migrate
from rota.store.owner import OwnerLock
from rota.store.protocol import Reader
from rota.store.sqlite import SqliteStore


def now_us() -> int:
    """The wall clock, microseconds since 1970."""
    return time.time_ns() // 1_000


class Turns(Protocol):
    """What runs a node's turns: the inbox's thread, or a test kit with a clock of its own."""

    def start(self) -> None:
        """Run the first turn; raises when the database can not be used."""

    def ask(self, command: Any) -> Future[Any]:
        """Put a command in; the future ends with its answer, or raises its `RotaError`."""
        ...

    def tell(self, command: Any, reply: Reply) -> None:
        """The same without a future: `reply` is called with the answer or the `RotaError`."""

    def stop(self) -> None:
        """Answer what waits and run no more turns."""


class Distributor:
    """An open database with its engine. Safe to call from any thread.

    `Distributor.open("work.db")` owns the file until it is closed; `Distributor.open("postgresql://...")` is one node
    of many.
    """

    def __init__(
        self,
        store: Migratable,
        lock: OwnerLock | None = None,
        *,
        random: Random | None = None,
        clock: Callable[[], int] = now_us,
        turns: Callable[[Node], Turns] = Inbox,
    ) -> None:
        self.store = store
        self._lock = lock
        self._reads = threading.local()
        random = random or Random(secrets.randbits(64))
        # 31 bits of number and 31 of listener stay below 63 bits. Who claims more than that in one life comes
        # into the numbers of the next node, which by chance there is none of.
        number = random.getrandbits(31) + 1
        self.node = Node(store, number, name=f"{os.uname().nodename}:{os.getpid()}", random=random, clock=clock)
        self._turns = turns(self.node)

    @classmethod
    def open(cls, database: str) -> Distributor:
        """Open a database, bring it to this version, start its engine.

        `database` is a path, `sqlite:///path`, or a PostgreSQL DSN. Refused with a reason when it can not be used.
        """
        store, lock = open_store(database)
        return cls(store, lock).start()

    def start(self) -> Self:
        """Bring the database to this version and start its engine; itself. Lets go of it when that fails."""
        try:
            migrate(self.store)
            make_ready()
            self._turns.start()
        except BaseException:
            self._let_go()
            raise
        return self

    def call(self, request: Any, timeout: float | None = None) -> Any:
        """Ask and wait for the answer; raises `RotaError` when refused."""
        operation = operation_of(request)
        if operation.look is not None:
            return self._look(operation, request)
        if isinstance(request, Backup):
            return self._backup(request)
        if isinstance(request, Archive):
            return archive.make(self.store, self._run, request, self.node.clock())
        if isinstance(request, RestoreArchive):
            return archive.restore(self.store, self._run, request, self.node.clock())
        if isinstance(request, CreateKey):
            return keys.create(self._run, request)
        return self._answer(request, timeout)

    def ask(self, request: Any) -> Future[Any]:
        """Ask a command and get a future. Cancelling the future of a waiting claim withdraws it."""
        if not is_command(operation_of(request)):
            raise invalid("request", f"{type(request).__name__} is not a command; use call")
        return self._turns.ask(request)

    def all_or_none(self, requests: Sequence[Any]) -> list[Any] | Undone:
        """Ask several commands of which all or none are to be done; their answers, or which of them was refused.

        Refused counts whatever is answered but not done: a claim that is given nothing, a lease that is lost.
        """
        for request in requests:
            if not is_command(operation_of(request)):
                raise invalid("request", f"{type(request).__name__} is not a command; use call")
        answers: list[Any] | Undone = self._turns.ask(AllOrNone(tuple(requests))).result()
        return answers

    def put(self, request: Any) -> Future[Any]:
        """The same as `ask`, for a command that has just been decoded and need not be looked into once more."""
        return self._turns.ask(request)

    def tell(self, request: Any, reply: Reply) -> None:
        """The same for one that does not wait, without a future: `reply` is called with the answer or the `RotaError`,
        on another thread; it must not raise, nor take long.
        """
        self._turns.tell(request, reply)

    def run(self, name: str, arguments: bytes | dict[str, Any]) -> Any:
        """An operation by name, with arguments as JSON or plain data: what faces call."""
        operation = OPERATIONS.get(name)
        if operation is None:
            raise invalid("operation", f"there is no operation {name[:60]!r}")
        return self.call(decode(operation, arguments))

    def _look(self, operation: Operation, request: Any) -> Any:
        assert operation.look is not None
        with self.store.read() as reader:
            return operation.look(reader, self.book_for(reader), request, self.node.clock())

    def book_for(self, reader: Reader) -> Book:
        """The names that belong to what this reader sees; remembered by the thread that asks."""
        book: Book | None = getattr(self._reads, "book", None)
        if book is None:
            book = self._reads.book = Book()
        book.broken = self.node.broken
        book.refresh(reader)
        return book

    def _run(self, command: Any) -> Any:
        return self._answer(command)

    def _answer(self, command: Any, timeout: float | None = None) -> Any:
        answer = self._turns.ask(command)
        return self.node.floor.answer(answer) if timeout is None else answer.result(timeout)

    def _backup(self, request: Backup) -> BackedUp:
        path = Path(check.text(request.path, "path", bounds.REASON, empty=False))
        self.store.backup(str(path))
        return BackedUp(path=str(path), bytes=path.stat().st_size)

    def close(self) -> None:
        """Finish what is in the inbox, answer waiting claims, let go of the database."""
        self._turns.stop()
        self._let_go()

    def _let_go(self) -> None:
        try:
            self.store.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Distributor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_AT_LENGTH = (Backup, Archive, RestoreArchive, CreateKey)
"""What takes more than one turn, or more than a turn."""


def is_command(operation: Operation) -> bool:
    """Whether the operation goes into the inbox, and so can be answered by a future."""
    return operation.look is None and operation.request not in _AT_LENGTH


def open_store(database: str) -> tuple[Migratable, OwnerLock | None]:
    """Open a path, `sqlite:///path`, `:memory:` or a PostgreSQL DSN; for a file also its owner lock."""
    if database.startswith(("postgresql://", "postgres://")):
        from rota.store.postgres import PostgresStore  # lazily: an extra

        return PostgresStore(database), None
    path = database.removeprefix("sqlite:///")
    if path == ":memory:":
        return SqliteStore(path), None
    path = prepared(path)
    lock = OwnerLock(path)
    try:
        return SqliteStore(path), lock
    except BaseException:
        lock.release()
        raise
