"""kill -9 of owners of a SQLite file, also while they take over, one after another."""

from __future__ import annotations

import threading
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from rota.operations.distributor import Distributor
from tests.chaos.audited import audited
from tests.chaos.conftest import Rounds
from tests.durability.finish import finish, look
from tests.durability.ledger import Ledger
from tests.durability.life import Life, write_down

NAMES = ("ann", "bob", "eve+", "kim+")


def test_owners_killed(rounds: Rounds, tmp_path: Path) -> None:
    def one_round(seed: int) -> None:
        random = Random(seed)
        ledger = Ledger()
        with TemporaryDirectory(dir=tmp_path) as folder:
            database = f"{folder}/work.db"
            for number in range(random.randint(2, 6)):
                with Life(database, seed, number, NAMES) as life:
                    _kill_sometime(life, random)
                write_down([life], ledger)
                # Some successors are looked at, some are killed in their turn before anybody looks.
                if random.random() < 0.5:
                    with Distributor.open(database) as successor:
                        assert look(successor.store, ledger) == [], f"{number=}"
            with Distributor.open(database) as last:
                assert look(last.store, ledger) == []
                assert finish(last.store, ledger, last.call) == []
            audited(database)

    rounds(one_round)


def _kill_sometime(life: Life, random: Random) -> None:
    if random.random() < 0.3:
        threading.Event().wait(random.uniform(0, 0.6))
    else:
        life.await_lines(random.randint(1, 600))
        threading.Event().wait(random.uniform(0, 0.02))
    life.kill()
