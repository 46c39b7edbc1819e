"""Which fleet.toml and which database a command works on."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.files.find import Database, find_database, find_fleet
from rota.files.fleet import Fleet
from tests.files.refusal import assert_refused, refusal


def test_fleet_is_found_upward_and_the_nearest_wins(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "fleet.toml").touch()
    assert find_fleet(inner) == tmp_path / "fleet.toml"
    (tmp_path / "a" / "fleet.toml").touch()
    assert find_fleet(inner) == tmp_path / "a" / "fleet.toml"
    (inner / "fleet.toml").mkdir()
    assert find_fleet(inner) == tmp_path / "a" / "fleet.toml", "a folder of that name is not the file"


def test_no_fleet(tmp_path: Path) -> None:
    found = find_fleet(tmp_path)
    assert found is None or found.parent not in (tmp_path, *tmp_path.iterdir())


def test_order_of_the_rules(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    fleet = Fleet(folder=str(there), file="fleet.toml", database="file.db")
    plain = Fleet(folder=str(there))
    variable = {"ROTA_DATABASE": "variable.db"}
    assert find_database("a.db", fleet, variable, here) == sqlite(here / "a.db", "argument")
    assert find_database(None, fleet, variable, here) == sqlite(there / "file.db", "fleet.toml")
    assert find_database(None, plain, variable, here) == sqlite(here / "variable.db", "ROTA_DATABASE")
    assert find_database(None, None, variable, here) == sqlite(here / "variable.db", "ROTA_DATABASE")
    assert find_database(None, plain, {"ROTA_DATABASE": ""}, here) == sqlite(there / ".rota/rota.db", "default")
    assert find_database(None, None, {}, here) == sqlite(here / ".rota/rota.db", "default")


def sqlite(path: Path, source: str) -> Database:
    return Database(kind="sqlite", at=str(path), source=source)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("x.db", "/f/x.db"),
        ("/abs/x.db", "/abs/x.db"),
        ("sub folder/x", "/f/sub folder/x"),
        ("sqlite:///x.db", "/f/x.db"),
        ("sqlite:////abs/x.db", "/abs/x.db"),
        ("what?.db", "/f/what?.db"),
    ],
)
def test_files(text: str, at: str) -> None:
    assert find_database(text, None, {}, Path("/f")).at == at


def test_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/h")
    assert find_database("~/x.db", None, {}, Path("/f")).at == "/h/x.db"


@pytest.mark.parametrize("text", ["postgresql://u:p@host:5432/db?x=1", "postgres:///db"])
def test_postgresql_stays_as_it_is(text: str) -> None:
    assert find_database(text, None, {}, Path("/f")) == Database(kind="postgresql", at=text, source="argument")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "names no database"),
        (" ", "names no database"),
        ("a\0b", "names no database"),
        (":memory:", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite:///x.db?mode=ro", "without options"),
        ("sqlite://x.db", "'sqlite'"),
        ("sqlite:x.db", "'sqlite:x.db'"),
        ("mysql://u:secret@host/db", "'mysql'"),
        ("~no-such-user-here/x.db", "home folder"),
    ],
)
def test_what_names_no_database(text: str, word: str) -> None:
    assert_refused(lambda: find_database(text, None, {}, Path("/f")), "database", word)


def test_the_error_says_who_named_it_and_repeats_no_password() -> None:
    fleet = Fleet(folder="/f", file="fleet.toml", database="mysql://u:secret@host/db")
    in_file = refusal(lambda: find_database(None, fleet, {}, Path("/f")))
    in_variable = refusal(lambda: find_database(None, None, {"ROTA_DATABASE": "redis://u:secret@h"}, Path("/f")))
    assert in_file.field == "fleet.toml database"
    assert in_variable.field == "ROTA_DATABASE"
    assert "secret" not in str(in_file) + str(in_variable)
