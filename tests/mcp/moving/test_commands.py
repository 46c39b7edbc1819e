"""`rota import` and `rota export --taskqueue`, as people type them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from rota.owner.address import address_of
from rota.owner.connection import dial
from tests.cli.shell import rota
from tests.mcp.file_mode.calling import done, project
from tests.servers.processes import await_end


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A database that nobody has made yet; its owner is gone afterwards."""
    run = tmp_path / "run"
    run.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(run))
    path = tmp_path / "rota.db"
    yield path
    connection = dial(address_of(str(path)), 30.0)
    if connection is not None:
        connection.close()
        owner = psutil.Process(connection.process)
        with contextlib.suppress(ProcessLookupError):
            os.kill(connection.process, signal.SIGTERM)
        assert await_end([owner], 30.0) == []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file as file mode leaves it."""
    path = tmp_path / "tasks.json"
    named = project(path, 3)
    done(path, "update_task", projectId=named, taskId="task-1", status="done", completedDetails="Stands")
    done(path, "approve_task", projectId=named, taskId="task-1")
    done(path, "update_task", projectId=named, taskId="task-2", status="done", completedDetails="Stands too")
    project(path, 0)
    return path


def test_there_and_back(database: Path, file: Path, tmp_path: Path) -> None:
    before = file.read_bytes()
    said = rota("import", file, "-d", database, "--json")
    assert said.code == 0, said
    assert file.read_bytes() == before
    moved: list[dict[str, Any]] = said.json["projects"]
    assert [one["was"] for one in moved] == ["proj-1", "proj-2"]
    assert rota("import", file, "-d", database, "--json").json == said.json
    out = tmp_path / "out.json"
    said = rota("export", "--taskqueue", out, "-d", database)
    assert said.code == 0, said
    assert said.out == f"2 projects with 3 tasks written to {out}\n"
    names = {one["project"]: one["was"] for one in moved}
    names |= {task["task"]: task["was"] for one in moved for task in one["tasks"]}
    text = out.read_text()
    for new in sorted(names, key=len, reverse=True):
        text = text.replace(f'"{new}"', f'"{names[new]}"')
    assert text.encode() == before


def test_the_new_ids_are_told(database: Path, file: Path) -> None:
    said = rota("import", file, "-d", database)
    assert said.code == 0, said
    lines = said.out.splitlines()
    assert [re.sub(r"is \w+-\d+", "is", line) for line in lines] == [
        "proj-1 is now, with 3 tasks",
        "  task-1 is now",
        "  task-2 is now",
        "  task-3 is now",
        "proj-2 is now, with 0 tasks",
    ]


@pytest.mark.parametrize(
    ("content", "text"),
    [("{broken", "Failed to read tasks file"), ("[]", "Failed to reload tasks from disk"), (None, "there is no file")],
)
def test_a_file_that_can_not_be_read_is_refused(tmp_path: Path, content: str | None, text: str) -> None:
    path = tmp_path / "tasks.json"
    if content is not None:
        path.write_text(content)
    said = rota("import", path, "-d", tmp_path / "new.db", "--json")
    assert said.code == 2
    assert text in said.error["message"]
    assert not (tmp_path / "new.db").exists()


def test_what_export_does_not_do(tmp_path: Path) -> None:
    there = tmp_path / "there.json"
    there.touch()
    assert rota("export", "--taskqueue", there, "-d", tmp_path / "x.db").code == 2
    assert rota("export", "--taskqueue", tmp_path / "x.txt", "-d", tmp_path / "x.db").code == 2
    assert rota("export", "--taskqueue", tmp_path / "x.json", "--workload", "y.jsonl").code == 2
    said = rota("export", "--taskqueue", tmp_path / "x.json", "-d", tmp_path / "x.db", "--json")
    assert json.loads(said.talk)["error"]["code"] == "no_database"
    assert not (tmp_path / "x.json").exists()
