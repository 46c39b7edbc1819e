"""The real engine and its clients on a disk that loses what was not synced, through any number of power cuts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import apsw

from rota.model.errors import RotaError
from rota.store.sqlite import SqliteStore
from tests.durability.client import Client
from tests.durability.disk import Disk
from tests.durability.finish import finish, look
from tests.durability.ledger import Ledger
from tests.durability.steps import START, Steps
from tests.durability.unsynced_vfs import put_down, unsynced

NAME = "work.db"
TURNS = 12
CHECKPOINTS = (4, 20, 4_000)
"""Pages in the write-ahead log at which it is folded into the file, one drawn for each life."""

Files = dict[str, bytes]


class PowerCuts:
    """A database, its clients and the ledger of what they were answered. A seed does the same each time."""

    def __init__(self, folder: Path, seed: int, *, found: Files | None = None, pragmas: Sequence[str] = ()) -> None:
        """`found`: the files to start on. `pragmas`: to weaken the store with, so that loss can be seen."""
        self.found = found or {}
        self.ledger = Ledger()
        self._folder = folder
        self._random = Random(seed)
        self._pragmas = pragmas
        self._now = START
        self._numbers = count()
        self._clients = [Client(name, seed) for name in ("ann", "bob", "eve")]

    def live(self, *, cut_before: int | None = None, turns: int = TURNS) -> Disk:
        """Works until the power is cut: before an operation of the disk, or after so many turns."""
        with ExitStack() as ending:
            folder = ending.enter_context(self._new_folder())
            vfs = ending.enter_context(unsynced(folder, found=self.found, cut_before=cut_before))
            try:
                store = SqliteStore(str(folder / NAME), vfs=vfs.name)
                ending.callback(_drop, store)
                pages = self._random.choice(CHECKPOINTS)
                for pragma in (f"wal_autocheckpoint = {pages}", *self._pragmas):
                    store._connection.execute(f"PRAGMA {pragma}")
                self._turns(Steps(store, self._random, now=self._now), vfs.disk, turns)
            except RotaError:
                # Of the engine's own start, when it answers nobody.
                if not vfs.disk.off:
                    raise
            vfs.disk.went_off.set()
        self.ledger.crash()
        return vfs.disk

    def _turns(self, steps: Steps, disk: Disk, turns: int) -> None:
        for _ in range(turns):
            asking = self._random.sample(self._clients, self._random.randint(1, len(self._clients)))
            asked = [(next(self._numbers), client, client.next()) for client in asking]
            for number, _client, command in asked:
                self.ledger.asked(number, command)
            answers = steps.ask([command for _number, _client, command in asked])
            for (number, client, command), answer in zip(asked, answers, strict=True):
                self.ledger.answered(number, answer)
                client.heard(command, answer)
            self._now = steps.now
            if disk.off:
                return

    def problems(self, found: Files) -> list[str]:
        """What is wrong with these files as they are."""
        with self._opened(found) as store:
            return look(store, self.ledger)

    def damage(self, found: Files) -> list[str]:
        """What SQLite finds wrong with the file itself."""
        with self._put_down(found) as path, closing(apsw.Connection(str(path))) as connection:
            try:
                return [str(text) for (text,) in connection.execute("PRAGMA integrity_check") if text != "ok"]
            except (apsw.CorruptError, apsw.NotADBError) as error:
                return [str(error)]

    def problems_to_the_end(self, found: Files) -> list[str]:
        """All that is wrong; then the work goes on and is finished: what is wrong then. The last question to ask."""
        if damage := self.damage(found):
            return damage
        with self._opened(found) as store:
            if problems := look(store, self.ledger):
                return problems
            steps = Steps(store, self._random, now=self._now)

            def pause() -> None:
                steps.now += 1_000_000

            return finish(store, self.ledger, steps.call, wait=0.0, pause=pause)

    @contextmanager
    def _opened(self, found: Files) -> Iterator[SqliteStore]:
        with self._put_down(found) as path, closing(SqliteStore(str(path))) as store:
            Steps(store, self._random, now=self._now)
            yield store

    @contextmanager
    def _put_down(self, found: Files) -> Iterator[Path]:
        with self._new_folder() as folder:
            put_down(folder, found)
            yield folder / NAME

    @contextmanager
    def _new_folder(self) -> Iterator[Path]:
        with TemporaryDirectory(dir=self._folder) as folder:
            yield Path(folder)


def _drop(store: SqliteStore) -> None:
    # Without power it can only let go of memory.
    with suppress(RotaError):
        store.close()
