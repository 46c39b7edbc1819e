"""A disk without space: refusals that say so, nothing half done or lost, and on once there is room."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.read import ListTasks
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim
from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from rota.store.sqlite import SqliteStore
from tests.durability.client import Answer, Client
from tests.durability.crowd import Crowd, LedgerWitness
from tests.durability.finish import finish, look
from tests.durability.ledger import Ledger
from tests.durability.life import ROOT
from tests.durability.small_vfs import SmallVfs

ROOM = 2_000_000
MUCH = 1 << 40


class Refusals(LedgerWitness):
    """Also says when there were so many refusals, and which."""

    def __init__(self, ledger: Ledger, enough: int) -> None:
        super().__init__(ledger)
        self.codes: list[str] = []
        self.enough = threading.Event()
        self._enough = enough

    def answered(self, number: int, answer: Answer) -> None:
        super().answered(number, answer)
        if isinstance(answer, RotaError):
            self.codes.append(answer.code)
            if len(self.codes) >= self._enough:
                self.enough.set()


def test_the_engine_outlives_a_full_disk_and_loses_nothing(tmp_path: Path) -> None:
    vfs = SmallVfs(ROOM)
    ledger = Ledger()
    with Distributor(SqliteStore(str(tmp_path / "work.db"), vfs=vfs.name)).start() as distributor:
        witness = Refusals(ledger, 30)
        crowd = Crowd([Client(f"agent{n}", 0, wait=0.1) for n in range(4)], distributor.call, witness)
        assert witness.enough.wait(60)
        crowd.call_off()
        assert set(witness.codes) == {"full_disk"}
        assert look(distributor.store, ledger) == [], "what was refused is not there, and what was answered is"
        assert distributor.call(ListTasks(limit=1)).tasks, "reading goes on"
        vfs.capacity = MUCH
        assert finish(distributor.store, ledger, distributor.call) == []
    vfs.unregister()


def test_a_waiting_claim_is_told_that_the_disk_is_full(tmp_path: Path) -> None:
    vfs = SmallVfs(MUCH)
    with Distributor(SqliteStore(str(tmp_path / "work.db"), vfs=vfs.name)).start() as distributor:
        distributor.call(Register(agent=AgentSpec(name="ann")))
        vfs.capacity = 0
        waiting = distributor.ask(Claim(agent="ann", wait=0.2))
        with pytest.raises(RotaError) as refused:
            waiting.result(60)
        assert refused.value.code == "full_disk"
        vfs.capacity = MUCH
        again = distributor.ask(Claim(agent="ann", wait=40))
        distributor.call(Submit(tasks=[TaskSpec(title="room")]))
        assert [given.title for given in again.result(60).tasks] == ["room"]
    vfs.unregister()


def test_a_real_file_that_may_not_grow(tmp_path: Path) -> None:
    said = tiny_disk("limit", tmp_path)
    # The operating system says "too large" here and not "no space".
    assert set(said["codes"]) == {"full_disk"}
    assert "limit on the size of files" in said["message"]
    assert said["acknowledged"] > 30
    assert said["then"] == []
    assert said["after"] == []


def test_a_real_file_system_without_space(tmp_path: Path) -> None:
    probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("this system lets nobody mount a file system of one's own")
    said = tiny_disk("tmpfs", tmp_path, "unshare", "-rm")
    assert set(said["codes"]) == {"full_disk"}
    assert said["acknowledged"] > 30
    assert said["then"] == []
    assert said["after"] == []


def tiny_disk(how: str, folder: Path, *prefix: str) -> dict[str, Any]:
    """Runs `tiny_disk` and answers what it printed."""
    program = [*prefix, sys.executable, "-m", "tests.durability.tiny_disk", how, str(folder)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.stderr == ""
    said: dict[str, Any] = json.loads(done.stdout)
    return said
