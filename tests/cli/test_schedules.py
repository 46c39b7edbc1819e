"""`rota schedules`: set, listed, looked ahead, paused, removed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.faces.plugged import plugged
from rota.operations.distributor import Distributor
from rota.owner.own import owned
from tests.cli.shell import rota


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    """A database with an owner, so that no command has to start one."""
    path = tmp_path / "w.db"
    with owned(str(path), plugged, pytest.fail):
        yield path


def test_from_set_to_removed(database: Path) -> None:
    words = ["--cron", "30 7 * * mon-fri", "--time-zone", "Europe/Berlin", "--title", "Read", "--priority", "high"]
    assert rota("schedules", "set", "news", *words, "--skill", "reading=2", "-d", database).out == "news is set\n"
    assert rota("schedules", "set", "news", *words, "--skill", "reading=2", "-d", database).out == "it was so before\n"
    assert rota("schedules", "set", "beat", "--every", "1h", "--title", "Beat", "-d", database).code == 0

    heads, beat, news = rota("schedules", "-d", database).out.splitlines()
    assert heads.split()[:3] == ["SCHEDULE", "WHEN", "NEXT"]
    assert beat.startswith("beat      every 1 h")
    assert "30 7 * * mon-fri Europe/Berlin" in news
    found = rota("schedules", "--json", "-d", database).json["schedules"]
    assert [one["name"] for one in found] == ["beat", "news"]
    assert found[1]["schedule"]["task"]["skills"] == {"reading": 2}

    ticks = rota("schedules", "next", "news", "-n", "2", "-d", database).out.splitlines()
    assert len(ticks) == 2
    assert ticks[0][:19] == found[1]["next"][:19]
    assert rota("schedules", "pause", "beat", "-r", "holidays", "-d", database).out == "beat is paused\n"
    assert "paused" in rota("schedules", "-d", database).out
    assert "holidays" in rota("schedules", "show", "beat", "-d", database).out
    assert rota("schedules", "resume", "beat", "-d", database).out == "beat goes on\n"

    asked = rota("schedules", "remove", "beat", "-d", database)
    assert (asked.code, "--yes" in asked.talk) == (2, True)
    assert rota("schedules", "remove", "beat", "--yes", "-d", database).out == "beat is removed\n"
    assert rota("schedules", "remove", "beat", "--yes", "-d", database).code == 3
    assert len(rota("schedules", "-d", database).out.splitlines()) == 2


def test_what_can_not_be(database: Path) -> None:
    said = rota("schedules", "set", "x", "--cron", "0 25 * * *", "--title", "t", "--json", "-d", database)
    assert (said.code, said.error["field"]) == (2, "schedule.cron")
    assert "hour 0-23" in said.error["message"]
    assert rota("schedules", "next", "--cron", "@daily", "-d", database).code == 0
    assert rota("schedules", "next", "nobody", "-d", database).code == 3


def test_beside_nobody(tmp_path: Path) -> None:
    with Distributor.open(str(tmp_path / "alone.db")):
        pass
    assert rota("schedules", "-d", tmp_path / "alone.db").out.split()[0] == "SCHEDULE"
