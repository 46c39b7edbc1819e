"""Every answered submit, claim and outcome survives a power cut: the real engine on a disk that loses what was not
synced.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from random import Random

import apsw
import pytest

from rota.model.errors import RotaError
from rota.store.migrate import migrate
from rota.store.sqlite import SqliteStore
from tests.durability.client import Client
from tests.durability.disk import Cut, Disk
from tests.durability.finish import finish, look
from tests.durability.ledger import Ledger
from tests.durability.steps import START, Steps
from tests.durability.unsynced_vfs import put_down, unsynced

NAME = "work.db"
TURNS = 12
CUTS: tuple[Cut, ...] = ("nothing", "some")

_numbers = count()


class Bench:
    """A database, its clients and the ledger, through any number of power cuts."""

    def __init__(self, folder: Path, seed: int, *, found: dict[str, bytes] | None = None, pragmas: Sequence[str] = ()) -> None:
        self.folder = folder
        self.seed = seed
        self.random = Random(seed)
        self.found = found or {}
        self.pragmas = pragmas
        self.now = START
        self.clients = [Client(name, seed) for name in ("ann", "bob", "eve")]
        self.ledger = Ledger()

    def work(self, *, cut_before: int | None = None, turns: int = TURNS) -> Disk:
        """Goes on until the power is cut: before an operation of the disk, or after so many turns."""
        folder = self.folder / f"life-{next(_numbers)}"
        with unsynced(folder, found=self.found, cut_before=cut_before) as vfs, ExitStack() as ending:
            try:
                store = SqliteStore(str(folder / NAME), vfs=vfs.name)
                ending.callback(_drop, store)
                for pragma in (f"wal_autocheckpoint = {self.random.choice((4, 20, 4_000))}", *self.pragmas):
                    store._connection.execute(f"PRAGMA {pragma}")
                self._turns(Steps(store, self.seed, now=self.now), vfs.disk, turns)
            except RotaError:
                # Of the engine's own start, in which it answers nobody.
                if not vfs.disk.off:
                    raise
            vfs.disk.off = True
        self.ledger.power_cut()
        return vfs.disk

    def _turns(self, steps: Steps, disk: Disk, turns: int) -> None:
        for _ in range(turns):
            asking = self.random.sample(self.clients, self.random.randint(1, len(self.clients)))
            asked = [(next(_numbers), client, client.next()) for client in asking]
            for number, _client, command in asked:
                self.ledger.asked(number, command)
            answers = steps.ask([command for _number, _client, command in asked])
            for (number, client, command), answer in zip(asked, answers, strict=True):
                self.ledger.answered(number, answer)
                client.heard(command, answer)
            self.now = steps.now
            if disk.off:
                return


def _drop(store: SqliteStore) -> None:
    # Without power it can only let go of memory.
    with suppress(apsw.Error):
        store.close()
