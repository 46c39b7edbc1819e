"""A crash at any step leaves every task in the database, in a recorded file, or in both. Never in neither."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rota.engine.archive import TakeOut
from rota.model.agent import AgentSpec
from rota.model.commands.archive import Archive, ListArchives, RestoreArchive
from rota.model.commands.fleet import Register
from rota.model.task import After, TaskSpec
from rota.operations import archive as archiving
from rota.testing import TestDistributor
from tests.archive.work import archive, bring, finish, lines
from tests.audit.looking import audited, audited_at, told


class Crash(Exception):
    pass


def ended(rota: TestDistributor, n: int) -> list[str]:
    tasks = bring(rota, *(TaskSpec(title=f"{number}") for number in range(n)))
    finish(rota)
    rota.clock.advance(1)
    return tasks


def run_until(rota: TestDistributor, commands: int) -> Callable[[Any], Any]:
    """Runs so many commands, then nothing ever again."""
    left = commands

    def run(command: Any) -> Any:
        nonlocal left
        if left == 0:
            raise Crash
        left -= 1
        (answer,) = rota._turns.together([command])
        return answer.result()

    return run


def test_after_the_file_is_written_the_tasks_are_in_both(rota: TestDistributor, tmp_path: Path) -> None:
    tasks = ended(rota, 5)
    request = Archive(folder=str(tmp_path / "kept"), older_than=0)
    with pytest.raises(Crash):
        archiving.make(rota.node.store, run_until(rota, 0), request, rota.clock())
    rota.restart()
    (left,) = (tmp_path / "kept").iterdir()
    assert len(lines(str(left))) == len(tasks) + 2
    assert rota.states() == {"done": 5}
    assert rota.call(ListArchives()).archives == []
    rota.clock.advance(1)
    assert archive(rota, tmp_path / "kept").tasks == 5
    report = audited(rota)
    assert report.clean, told(report)


def test_while_rows_are_deleted_the_file_is_recorded(
    rota: TestDistributor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "TAKE_OUT", 2)
    ended(rota, 5)
    request = Archive(folder=str(tmp_path), older_than=0)
    with pytest.raises(Crash):
        archiving.make(rota.node.store, run_until(rota, 1), request, rota.clock())
    rota.restart()
    assert rota.states() == {"done": 3}
    (recorded,) = rota.call(ListArchives()).archives
    assert recorded.tasks == 5
    report = audited(rota)
    assert report.clean, told(report)
    assert report.archived == 2
    restored = rota.call(RestoreArchive(file=recorded.file))
    assert (restored.tasks, restored.existing) == (2, 3)
    assert rota.states() == {"done": 5}


def test_while_tasks_are_put_back_the_rest_comes_with_the_next_call(
    rota: TestDistributor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "PUT_BACK", 2)
    ended(rota, 5)
    file = archive(rota, tmp_path).file
    assert file is not None
    with pytest.raises(Crash):
        archiving.restore(rota.node.store, run_until(rota, 1), RestoreArchive(file=file), rota.clock())
    rota.restart()
    assert rota.states() == {"done": 2}
    restored = rota.call(RestoreArchive(file=file))
    assert (restored.tasks, restored.existing) == (3, 2)
    report = audited(rota)
    assert report.clean, told(report)


def test_a_child_that_came_after_the_file_was_written_keeps_its_parent(rota: TestDistributor, tmp_path: Path) -> None:
    (parent,) = ended(rota, 1)

    def run(command: TakeOut) -> Any:
        bring(rota, TaskSpec(title="child", after=[After(task=parent)]))
        (answer,) = rota._turns.together([command])
        return answer.result()

    request = Archive(folder=str(tmp_path), older_than=0)
    made = archiving.make(rota.node.store, run, request, rota.clock())
    assert made.tasks == 0
    assert rota.states() == {"done": 1, "ready": 1}
    report = audited(rota)
    assert report.clean, told(report)
    assert made.file is not None
    assert rota.call(RestoreArchive(file=made.file)).existing == 1


_KILLED = """
import os, signal, sys
from rota.model.commands.archive import Archive
from rota.operations import archive
from rota.operations.distributor import Distributor

archive.TAKE_OUT = 10
database, folder, commands = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Distributor.open(database) as distributor:
    def run(command):
        global commands
        if commands == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        commands -= 1
        return distributor._run(command)
    archive.make(distributor.store, run, Archive(folder=folder, older_than=0), distributor.node.clock())
"""


@pytest.mark.parametrize("commands", [0, 1, 3])
def test_a_process_killed_on_the_way(tmp_path: Path, commands: int) -> None:
    database, folder = str(tmp_path / "rota.db"), str(tmp_path / "kept")
    with TestDistributor(database) as rota:
        rota.call(Register(agent=AgentSpec(name="ann", slots=50)))
        ended(rota, 40)
    arguments = [sys.executable, "-c", _KILLED, database, folder, str(commands)]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    report = audited_at(database)
    assert report.clean, told(report)
    assert report.archived == 10 * commands
    assert report.states.get("done", 0) == 40 - 10 * commands
    (file,) = Path(folder).iterdir()
    assert len(lines(str(file))) == 42
    with TestDistributor(database, start="2036-01-01T00:00:00Z") as rota:
        if commands:
            rota.call(RestoreArchive(file=str(file)))
        assert rota.states() == {"done": 40}
