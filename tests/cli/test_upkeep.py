"""`rota audit`, `doctor`, `check`, `backup`, `restore`, `archive` as processes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from rota.model.commands.submit import Submit
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from tests.cli.shell import rota


@pytest.fixture
def copy(database: Path, tmp_path: Path) -> Path:
    path = tmp_path / "copy.db"
    shutil.copy(database, path)
    return path


def damage(path: Path, sql: str) -> None:
    connection = apsw.Connection(str(path))
    connection.execute(sql)
    connection.close()


def test_an_audit_of_a_clean_database(database: Path) -> None:
    said = rota("audit", database)
    assert (said.code, said.talk) == (0, "")
    assert said.out.splitlines()[0] == "clean"
    report = rota("audit", database, "--json").json
    assert (report["clean"], report["tasks"], report["gives"], report["inversions"]) == (True, 14, 3, 0)


def test_an_audit_that_finds_something(copy: Path) -> None:
    damage(copy, "DELETE FROM task WHERE id = 5")
    said = rota("audit", copy)
    assert said.code == 1
    assert "task_lost: tables, task-5" in said.out
    report = rota("audit", copy, "--json")
    assert report.code == 1
    assert report.json["counts"]["task_lost"] == 1
    assert report.json["violations"][0]["task"] == "task-5"


def test_an_audit_shows_the_first_of_very_many(copy: Path) -> None:
    for table in ("task", "body", "ready"):
        damage(copy, f"DELETE FROM {table}")
    said = rota("audit", copy)
    assert "... and" in said.out
    assert len(said.out.splitlines()) < 30


def test_an_audit_beside_the_owner(copy: Path) -> None:
    with Distributor.open(str(copy)) as distributor:
        distributor.call(Submit(tasks=[TaskSpec(title="one more")]))
        assert rota("audit", copy, "--json").json["tasks"] == 15


def test_the_doctor(copy: Path, tmp_path: Path) -> None:
    copy.chmod(0o600)
    said = rota("doctor", copy)
    assert said.code == 0
    assert all(line.startswith(("ok", "warn", "    ")) for line in said.out.splitlines())
    damage(copy, "INSERT INTO depth (lane, n) VALUES (1, 5)")
    said = rota("doctor", copy, "--json")
    assert said.code == 1
    assert not said.json["healthy"]
    assert [one["name"] for one in said.json["findings"] if one["status"] == "fail"] == ["depth"]
    (tmp_path / "fleet.toml").write_text("nonsense")
    said = rota("doctor", folder=tmp_path)
    assert said.code == 1
    assert "fleet.toml:1" in said.out


def test_a_check(tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text('[[agent]]\nname = "ann"\n')
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text('{"title": "a", "estimate": 90}\n')
    said = rota("check", tmp_path / "fleet.toml", tasks)
    assert said.code == 0
    assert "1m30s" in said.out
    tasks.write_text('{"title": "a", "role": "writer"}\n')
    said = rota("check", "tasks.jsonl", folder=tmp_path)
    assert said.code == 1
    assert "ann: role: needs role writer, has none" in said.out
    assert rota("check", "tasks.jsonl", "--json", folder=tmp_path).json["findings"][0]["code"] == "nobody"
    assert rota("check", folder=tmp_path).code == 2
    assert not (tmp_path / ".rota").exists()


def test_a_backup_of_a_database_in_use_and_back(copy: Path, tmp_path: Path) -> None:
    saved, fresh = tmp_path / "saved.db", tmp_path / "deep" / "fresh.db"
    with Distributor.open(str(copy)):
        said = rota("backup", saved, "-d", copy)
        assert said.code == 0
        again = rota("backup", saved, "-d", copy)
        assert (again.code, "exists" in again.talk) == (2, True)
    assert rota("restore", saved, "-d", fresh).code == 0
    assert rota("audit", fresh, "--json").json["tasks"] == 14
    said = rota("restore", saved, "-d", fresh, "--json")
    assert said.code == 2
    assert said.error["field"] == "database"
    assert sorted(path.name for path in tmp_path.iterdir() if ".part" in path.name) == []


@pytest.mark.parametrize("damage_at", ["head", "middle"])
def test_a_damaged_backup_is_not_restored(copy: Path, tmp_path: Path, damage_at: str) -> None:
    data = bytearray(copy.read_bytes())
    if damage_at == "head":
        data[:100] = b"x" * 100
    else:
        for page in range(4, len(data) // 4_096):
            data[page * 4_096 : page * 4_096 + 64] = b"\xff" * 64
    copy.write_bytes(data)
    said = rota("restore", copy, "-d", tmp_path / "fresh.db", "--json")
    assert said.code == 7
    assert said.error["code"] == "corrupt_database"
    assert not (tmp_path / "fresh.db").exists()


def test_a_backup_that_there_is_not(tmp_path: Path) -> None:
    assert rota("restore", tmp_path / "none.db", "-d", tmp_path / "fresh.db").code == 3
    assert rota("backup", tmp_path / "saved.db", "-d", tmp_path / "none.db").code == 3
    assert list(tmp_path.iterdir()) == []


def test_an_archive_there_and_back(copy: Path, tmp_path: Path) -> None:
    made = rota("archive", "make", tmp_path / "kept", "--older-than", "0", "-d", copy, "--json").json
    assert made["tasks"] == 1
    (listed,) = rota("archive", "list", "-d", copy, "--json").json["archives"]
    assert (listed["file"], listed["first"]) == (made["file"], "task-1")
    assert rota("task", "task-1", "-d", copy).code == 3
    restored = rota("archive", "restore", made["file"], "-d", copy, "--json").json
    assert (restored["tasks"], restored["existing"]) == (1, 0)
    assert rota("audit", copy).code == 0
    assert rota("archive", "restore", tmp_path / "none.gz", "-d", copy).code == 3


def test_what_must_own_the_database_is_refused_while_it_is_in_use(copy: Path, tmp_path: Path) -> None:
    with Distributor.open(str(copy)):
        said = rota("archive", "make", tmp_path / "kept", "-d", copy, "--json")
    assert said.code == 7
    assert said.error["code"] == "owned"
    assert not (tmp_path / "kept").exists()


@contextmanager
def postgres(dsn: str) -> Iterator[Distributor]:
    with Distributor.open(dsn) as distributor:
        distributor.call(Submit(tasks=[TaskSpec(title="one"), TaskSpec(title="two")]))
        yield distributor


def test_the_same_on_postgresql(postgres_dsn: str, tmp_path: Path) -> None:
    with postgres(postgres_dsn):
        assert rota("audit", postgres_dsn, "--json").json["tasks"] == 2
        assert len(rota("tasks", "-d", postgres_dsn, "--json").json["tasks"]) == 2
        assert rota("backup", tmp_path / "saved", "-d", postgres_dsn).code == 0
        findings = json.loads(rota("doctor", postgres_dsn, "--json").out)["findings"]
    assert {"depth", "leases", "database"} <= {finding["name"] for finding in findings}
    said = rota("restore", tmp_path / "saved", "-d", postgres_dsn, "--json")
    assert said.code == 4, "it holds tables already"
