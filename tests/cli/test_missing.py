"""What is missing or wrong on a command line is named as whoever typed it calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.faces.mcp.proxy.main import options_of
from tests.cli.shell import rota


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["restore"], "rota: FILE is missing (`rota restore --help` says what it takes)\n"),
        (["keys", "create", "ci"], "rota: --scope is missing (`rota keys create --help` says what it takes)\n"),
    ],
)
def test_what_a_long_command_needs(words: list[str], said: str) -> None:
    ended = rota(*words)
    assert (ended.code, ended.talk) == (2, said)


def test_the_field_of_the_one_task_that_is_added(tmp_path: Path) -> None:
    ended = rota("add", "x", "--deadline", "soon", "-d", tmp_path / "work.db", "--json")
    assert (ended.code, ended.error["field"]) == (2, "deadline")


def test_mcp_takes_the_short_name_of_the_database() -> None:
    assert options_of(["-d", "work.db"]) == options_of(["--database", "work.db"])
