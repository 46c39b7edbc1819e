"""Every answered submit, claim and outcome survives a power cut, on a disk that loses what was not synced.

kill -9 proves nothing of the kind: the operating system keeps what a dead process wrote.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.store.sqlite import SqliteStore
from tests.durability.client import Client
from tests.durability.crowd import Crowd, LedgerWitness
from tests.durability.disk import Cut
from tests.durability.finish import finish, look
from tests.durability.ledger import Ledger
from tests.durability.power_cuts import NAME, Files, PowerCuts
from tests.durability.unsynced_vfs import put_down, unsynced

MADE = 1_000_000
"""The seed of the database that others start from; none of theirs."""
CUTS: tuple[Cut, ...] = ("nothing", "some")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A database without tasks, as a power cut right after its making leaves it."""
    cuts = PowerCuts(tmp_path_factory.mktemp("made"), MADE)
    return cuts.live(turns=0).cut("nothing", Random(0))


def operations_of(folder: Path, seed: int, found: Files) -> tuple[int, list[int]]:
    """How many operations of the disk this seed takes, and which of them are syncs."""
    disk = PowerCuts(folder, seed, found=found).live()
    return disk.operations, disk.syncs


@pytest.mark.parametrize("seed", range(10))
def test_what_was_answered_survives_a_power_cut_at_any_moment(seed: int, made: Files, tmp_path: Path) -> None:
    random = Random(seed)
    operations, syncs = operations_of(tmp_path, seed, made)
    for cut_before in (random.choice(syncs), random.choice(syncs) + 1, random.randint(1, operations)):
        for cut in CUTS:
            cuts = PowerCuts(tmp_path, seed, found=made)
            disk = cuts.live(cut_before=cut_before)
            assert cuts.problems_to_the_end(disk.cut(cut, random)) == [], f"seed {seed}, {cut_before=}, {cut=}"


def test_what_was_answered_survives_a_power_cut_before_and_after_every_sync(tmp_path: Path) -> None:
    """From the making of the database on: its tables are there wholly or not at all."""
    random = Random(0)
    rehearsal = PowerCuts(tmp_path, 0)
    syncs = rehearsal.live(turns=6).syncs
    assert rehearsal.ledger.acknowledged > 0
    assert len(syncs) > 10
    for cut_before in sorted({moment for sync in syncs for moment in (sync, sync + 1)}):
        for cut in CUTS:
            cuts = PowerCuts(tmp_path, 0)
            disk = cuts.live(cut_before=cut_before, turns=6)
            assert cuts.problems_to_the_end(disk.cut(cut, random)) == [], f"{cut_before=}, {cut=}"


@pytest.mark.parametrize("seed", range(100, 104))
def test_power_cuts_one_after_another_lose_nothing_either(seed: int, made: Files, tmp_path: Path) -> None:
    """Some fall into the recovery from the one before."""
    random = Random(seed)
    cuts = PowerCuts(tmp_path, seed, found=made)
    found = made
    for life in range(5):
        disk = cuts.live(cut_before=random.randint(1, 400))
        found = cuts.found = disk.cut(random.choice(CUTS), random)
        assert cuts.problems(found) == [], f"{seed=}, {life=}"
    assert cuts.ledger.acknowledged > 0
    assert cuts.problems_to_the_end(found) == [], f"{seed=}"


@pytest.mark.parametrize("seed", range(200, 204))
def test_what_was_answered_survives_a_power_cut_amid_many_threads(seed: int, tmp_path: Path) -> None:
    """The same through the inbox, where the turns of several clients become one. Who is first is not in the seed."""
    random = Random(seed)
    ledger = Ledger()
    for folder in ("live", "found"):
        (tmp_path / folder).mkdir()
    with unsynced(tmp_path / "live", cut_before=random.randint(200, 4_000)) as vfs:
        distributor = Distributor(SqliteStore(str(tmp_path / "live" / NAME), vfs=vfs.name)).start()
        clients = [Client(f"agent{number}", seed, wait=0.1) for number in range(5)]
        crowd = Crowd(clients, lambda command: distributor.call(command, timeout=60), LedgerWitness(ledger))
        assert vfs.disk.went_off.wait(60)
        crowd.call_off()
        with suppress(RotaError):
            distributor.close()
    ledger.crash()
    assert ledger.acknowledged > 0
    put_down(tmp_path / "found", vfs.disk.cut("some", random))
    with Distributor.open(str(tmp_path / "found" / NAME)) as found:
        assert look(found.store, ledger) == []
        assert finish(found.store, ledger, found.call) == []


@pytest.mark.parametrize("pragma", ["synchronous = off", "synchronous = normal"])
def test_a_store_that_does_not_sync_is_seen_to_lose_what_it_answered(pragma: str, made: Files, tmp_path: Path) -> None:
    """The proof above proves nothing unless it fails here."""
    lost = []
    for seed in range(8):
        cuts = PowerCuts(tmp_path, seed, found=made, pragmas=[pragma, "wal_autocheckpoint = 4000"])
        disk = cuts.live()
        lost.append(bool(cuts.problems_to_the_end(disk.cut("nothing", Random(seed)))))
        assert cuts.ledger.acknowledged > 0
    assert all(lost)


def test_a_store_that_does_not_sync_is_seen_to_tear_its_file(made: Files, tmp_path: Path) -> None:
    """Lost sectors among kept ones are found as damage."""
    damaged = 0
    for seed in range(8):
        cuts = PowerCuts(tmp_path, seed, found=made, pragmas=["synchronous = off", "wal_autocheckpoint = 4"])
        damaged += bool(cuts.damage(cuts.live().cut("some", Random(seed))))
    assert damaged > 0
