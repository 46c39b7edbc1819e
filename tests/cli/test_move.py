"""`rota move` as a process beside owners."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from rota.owner.link import Link
from tests.cli.shell import rota


@pytest.fixture
def copy(database: Path, tmp_path: Path) -> Path:
    path = tmp_path / "copy.db"
    shutil.copy(database, path)
    return path


def test_a_move_says_what_was_carried(copy: Path, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "new.db"
    moved = rota("move", copy, target, "--json")
    assert moved.code == 0
    carried = {one["table"]: one["rows"] for one in moved.json["tables"]}
    assert (carried["task"], carried["lease"], moved.json["before"]) == (14, 1, False)
    assert sum(carried.values()) == moved.json["rows"]
    assert rota("audit", target).out.startswith("clean\n")
    assert rota("tasks", "-d", target).out == rota("tasks", "-d", copy).out

    again = rota("move", copy, target)
    assert (again.code, again.out) == (0, "")
    assert "nothing was left to do" in again.talk
    refused = rota("move", copy, tmp_path / "third.db", "--json")
    assert (refused.code, refused.error["code"]) == (7, "moved")
    assert str(target) in refused.error["message"]
    assert f"it was moved to {target}" in rota("doctor", copy).out


def test_an_owner_that_is_used_stays_and_one_that_is_not_leaves(copy: Path, tmp_path: Path) -> None:
    target = tmp_path / "new.db"
    with closing(Link(str(copy), idle=20)) as link:
        link.call("list_queues", {})
        refused = rota("move", copy, target, "--json")
        assert (refused.code, refused.error["code"]) == (7, "owned")
        assert "others use it" in refused.error["message"]
        assert not target.exists()
        assert link.call("list_queues", {})["queues"]
    said = rota("move", copy, target)
    assert said.code == 0
    assert "counts and checksums are the same" in said.out
    with closing(Link(str(target), idle=0.1)) as link:
        assert len(link.call("list_tasks", {})["tasks"]) == 14
        link.call("cancel", {"tasks": ["task-4"]})


def test_what_can_not_be_moved(copy: Path, tmp_path: Path) -> None:
    assert rota("move", copy, copy).code == 2
    assert rota("move", tmp_path / "missing.db", tmp_path / "new.db").code == 3
    assert rota("move", copy).code == 2
    assert rota("tasks", "-d", copy).code == 0
