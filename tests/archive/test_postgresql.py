"""The same on PostgreSQL: there and back, with a stop on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.archive import ListArchives, RestoreArchive
from rota.model.commands.fleet import Register
from rota.model.task import After, TaskSpec
from rota.operations import archive as archiving
from rota.testing import TestDistributor
from tests.archive.test_crash import Crash, run_until
from tests.archive.work import archive, bring, finish, lines, story
from tests.audit.looking import audited, told


def test_there_and_back(postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "TAKE_OUT", 2)
    monkeypatch.setattr(archiving, "PUT_BACK", 2)
    with TestDistributor(postgres_dsn) as rota:
        rota.call(Register(agent=AgentSpec(name="ann", slots=50)))
        tasks = bring(rota, *(TaskSpec(title=f"{n}", payload={"n": n}, ref=f"{n}") for n in range(4)))
        bring(rota, TaskSpec(title="child", after=[After(task=tasks[0])], held=True))
        finish(rota)
        rota.clock.advance(1)
        before = [story(rota, task) for task in tasks]
        made = archive(rota, tmp_path)
        assert made.tasks == 3
        assert len(lines(made.file)) == 5
        report = audited(rota)
        assert report.clean, told(report)
        assert report.archived == 3
        (recorded,) = rota.call(ListArchives()).archives
        with pytest.raises(Crash):
            archiving.restore(rota.node.store, run_until(rota, 1), RestoreArchive(file=recorded.file), rota.clock())
        rota.restart()
        restored = rota.call(RestoreArchive(file=recorded.file))
        assert (restored.tasks, restored.existing) == (1, 2)
        assert [story(rota, task) for task in tasks] == before
        report = audited(rota)
        assert report.clean, told(report)
