"""Which database a session works on: agents of one piece of work meet, in real repositories of git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rota.files.find import find_database, find_fleet
from rota.files.git import git_place
from rota.files.session import database_of_session
from rota.files.toml import load_fleet
from rota.model.errors import RotaError

HOME = {"HOME": "/nowhere"}


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=ann", "-c", "user.email=ann@example.org")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a commit, so that it can have worktrees."""
    folder = tmp_path / "main"
    folder.mkdir()
    git(folder, "init")
    (folder / "deep" / "down").mkdir(parents=True)
    (folder / "deep" / "down" / "file").touch()
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    return folder


def found(folder: Path, argument: str | None = None, **environment: str) -> str:
    return database_of_session(argument, {**HOME, **environment}, str(folder))


def test_all_worktrees_of_a_repository_meet(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", str(tmp_path / "other"))
    wanted = str(repository / ".git" / "rota" / "rota.db")
    for folder in (repository, repository / "deep" / "down", tmp_path / "other", tmp_path / "other" / "deep"):
        assert found(folder) == wanted


def test_worktrees_of_a_bare_repository_meet_too(repository: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--bare", str(repository), str(bare))
    for name in ("one", "two"):
        git(bare, "worktree", "add", "-b", name, str(tmp_path / name))
    assert found(tmp_path / "one") == found(tmp_path / "two") == str(bare / "rota" / "rota.db")


def test_a_submodule_is_a_repository_of_its_own(repository: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", str(repository), "inner")
    assert found(outer / "inner") == str(outer / ".git" / "modules" / "inner" / "rota" / "rota.db")
    assert found(outer) == str(outer / ".git" / "rota" / "rota.db")


def test_a_fleet_in_a_worktree_counts_as_if_it_lay_in_the_main_one(repository: Path, tmp_path: Path) -> None:
    (repository / "fleet.toml").write_text("")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "fleet")
    git(repository, "worktree", "add", str(tmp_path / "other"))
    assert found(tmp_path / "other" / "deep") == found(repository) == str(repository / ".rota" / "rota.db")
    (tmp_path / "other" / "fleet.toml").write_text('database = "work.db"')
    assert found(tmp_path / "other") == str(repository / "work.db")
    # `rota run` and the sessions beside it work on the same.
    fleet = load_fleet(str(tmp_path / "other" / "fleet.toml"))
    assert find_database(None, fleet, {}, tmp_path / "other").at == str(repository / "work.db")


def test_who_says_it_first_decides(repository: Path) -> None:
    data, address = str(repository.parent / "data"), "postgresql://db/work"
    assert found(repository, ROTA_DATABASE="env.db") == str(repository / "env.db")
    (repository / "fleet.toml").write_text("")
    assert found(repository / "deep") == str(repository / ".rota" / "rota.db")
    assert found(repository, ROTA_DATABASE="env.db") == str(repository / "env.db")
    (repository / "fleet.toml").write_text(f'database = "{address}"')
    assert found(repository / "deep", ROTA_DATABASE="env.db") == address
    assert found(repository / "deep", "here.db") == str(repository / "deep" / "here.db")
    assert found(repository, f"sqlite:///{data}/x.db") == f"{data}/x.db"


def test_with_a_fleet_a_session_meets_what_the_shell_works_on(repository: Path) -> None:
    for text in ("", 'database = "x/work.db"', 'database = "/tmp/work.db"', 'database = "sqlite:///y.db"'):
        (repository / "fleet.toml").write_text(text)
        folder = repository / "deep"
        file = find_fleet(folder)
        assert file is not None
        assert found(folder) == find_database(None, load_fleet(str(file)), {}, folder).at


def test_outside_of_repositories_it_is_the_users_own(tmp_path: Path) -> None:
    assert found(tmp_path) == "/nowhere/.local/share/rota/rota.db"
    assert found(tmp_path, XDG_DATA_HOME="/data") == "/data/rota/rota.db"
    assert found(tmp_path, XDG_DATA_HOME="data") == "/nowhere/.local/share/rota/rota.db"


@pytest.mark.parametrize(
    "content", ["", "nonsense", "gitdir: ", "gitdir: /nowhere", "gitdir: .", "\udcff\udcfe", "gitdir: " + "x/" * 5_000]
)
def test_a_mark_that_leads_nowhere_is_none(content: str, tmp_path: Path) -> None:
    (tmp_path / ".git").write_bytes(content.encode(errors="surrogateescape"))
    assert git_place(str(tmp_path)) is None


def test_a_repository_of_somebody_else_is_none(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert git_place(str(repository)) is not None
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert git_place(str(repository)) is None


@pytest.mark.parametrize("argument", ["", " ", "a\0b", "mysql://x:secret@y", ":memory:", "sqlite:x"])
def test_what_names_no_database_is_refused(argument: str, tmp_path: Path) -> None:
    with pytest.raises(RotaError) as refused:
        found(tmp_path, argument)
    assert refused.value.code == "invalid"
    assert refused.value.field == "database"
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("content", ["database = 7", "database = ", "\xff"])
def test_a_fleet_that_can_not_be_read_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text(content, encoding="latin-1")
    with pytest.raises(RotaError) as refused:
        found(tmp_path)
    assert refused.value.field in ("fleet.toml", f"{tmp_path / 'fleet.toml'} database")
