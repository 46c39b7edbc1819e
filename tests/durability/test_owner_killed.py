"""kill -9 of the process that owns a SQLite file, under load: the next owner takes over at once and knows it all.

The moment of each kill is drawn by lot, as a number of things done and, for the making of the file, as a time: that is
the experiment, nothing waits for it.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from random import Random

import pytest

from rota.model.commands.read import GetAgent, ListAgents
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from tests.durability.finish import damage, finish, look
from tests.durability.ledger import Ledger
from tests.durability.life import Life, write_down

NAMES = ("ann", "bob", "eve+", "kim+")
"""The last two live in the owner's process."""


def test_owners_killed_one_after_another_leave_all_they_answered(tmp_path: Path) -> None:
    seed = 1
    random = Random(seed)
    database = str(tmp_path / "work.db")
    ledger = Ledger()
    for number in range(4):
        with Life(database, seed, number, NAMES) as life:
            assert life.opened() == "opened"
            life.await_lines(random.randint(20, 500))
            life.kill()
        write_down([life], ledger)
        with Distributor.open(database) as successor:
            assert look(successor.store, ledger) == [], f"{number=}"
            for name in life.local & {agent.name for agent in successor.call(ListAgents()).agents}:
                assert successor.call(GetAgent(agent=name)).running == 0
            assert damage(successor.store) == []
    assert ledger.acknowledged > 100
    with Distributor.open(database) as last:
        assert finish(last.store, ledger, last.call) == []


@pytest.mark.parametrize("seed", range(2))
def test_an_owner_killed_while_it_makes_the_file_leaves_one_that_can_be_used(seed: int, tmp_path: Path) -> None:
    database = str(tmp_path / "work.db")
    random = Random(seed)
    with Life(database, seed, 0, NAMES) as life:
        if seed:
            wait_for_file(tmp_path)
        threading.Event().wait(random.uniform(0, 0.03))
        life.kill()
    ledger = Ledger()
    write_down([life], ledger)
    with Distributor.open(database) as successor:
        assert damage(successor.store) == []
        assert look(successor.store, ledger) == []
        assert finish(successor.store, ledger, successor.call) == []


def test_a_second_process_is_refused_while_the_first_lives_and_is_let_in_once_it_is_killed(tmp_path: Path) -> None:
    database = str(tmp_path / "work.db")
    with Life(database, 0, 0, NAMES) as first:
        assert first.opened() == "opened"
        with Life(database, 0, 1, NAMES) as second:
            assert second.opened() == "refused owned"
        with pytest.raises(RotaError) as refused:
            Distributor.open(database)
        assert refused.value.code == "owned"
        assert refused.value.data == {"owner": f"{first.pid}"}
        first.await_lines(20)
        first.kill()
        # No lock is stale: the file beside it says who was the owner, and nobody asks whether that one lives.
        assert (tmp_path / "work.db.owner").read_text() == f"{first.pid}\n"
        with Life(database, 0, 2, NAMES) as successor:
            assert successor.opened() == "opened"
            successor.await_lines(20)
            successor.end()
    ledger = Ledger()
    write_down([first], ledger)
    write_down([successor], ledger)
    with Distributor.open(database) as last:
        assert look(last.store, ledger) == []
        assert finish(last.store, ledger, last.call) == []


def test_the_file_is_the_same_by_whatever_name_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "other.db").symlink_to(tmp_path / "real" / "work.db")
    with Life(str(tmp_path / "real" / "work.db"), 0, 0, NAMES) as owner:
        assert owner.opened() == "opened"
        for name in ("link/work.db", "real/../link/work.db", "other.db"):
            with pytest.raises(RotaError, match="owned by process"):
                Distributor.open(str(tmp_path / name))


def wait_for_file(folder: Path) -> None:
    """Until the process has begun to make the database: there is no signal for it, so look again and again."""
    deadline = time.monotonic() + 60
    while not (folder / "work.db").exists():
        assert time.monotonic() < deadline
        time.sleep(0.001)
