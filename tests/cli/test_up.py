"""The service in the background, and short commands that talk to it over HTTP."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.faces.cli.short import background
from rota.owner.address import address_of
from tests.cli.shell import rota


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a fleet of one echoing agent, whose service is up."""
    folder = tmp_path_factory.mktemp("up")
    (folder / "fleet.toml").write_text('[queue.later]\n[[agent]]\nname = "echo"\ncommand = ["echo", "did: {title}"]\n')
    said = rota("up", "--port", "0", folder=folder)
    assert said.code == 0, said
    yield folder
    rota("down", folder=folder)


def url_of(folder: Path) -> str:
    service = background.living(address_of(str(folder / ".rota" / "rota.db")))
    assert service is not None
    return service.url


def test_it_is_up_and_says_so(folder: Path) -> None:
    found = rota("status", "--json", folder=folder).json
    assert found["service"]["url"] == url_of(folder)
    assert found["service"]["process"] == found["owner"]["process"]
    again = rota("up", "--port", "0", folder=folder)
    assert (again.code, again.out, "up already" in again.talk) == (0, f"{url_of(folder)}\n", True)
    other = rota("up", "--port", "1", "--json", folder=folder)
    assert (other.code, other.error["code"]) == (4, "wrong_state")
    assert "listening at" in rota("log", folder=folder).out
    assert url_of(folder) in rota("status", folder=folder).out


def test_commands_beside_it_and_over_http_mean_the_same(folder: Path) -> None:
    there = url_of(folder)
    task = rota("add", "over http", "-q", "later", "--payload", '{"a": 1}', "-d", there).out.strip()
    beside = rota("task", task, "--json", folder=folder).json
    assert beside["task"]["payload"] == {"a": 1}
    over = rota("task", task, "--json", "-d", there).json
    assert over["task"]["id"] == beside["task"]["id"]
    assert rota("tasks", "-q", "later", "--json", folder=folder, ROTA_DATABASE=there).json["tasks"][0]["id"] == task
    assert rota("task", "task-999", "-d", there).code == 3
    refused = rota("add", "", "-d", there, "--json")
    assert (refused.code, refused.error["field"]) == (2, rota("add", "", "--json", folder=folder).error["field"])
    (folder / "more.md").write_text("- [ ] one\n- [ ] two\n")
    first = rota("submit", folder / "more.md", "-d", there, "--json").json
    assert (first["tasks"], first["fresh"]) == (2, True)
    second = rota("submit", folder / "more.md", "--json", folder=folder).json
    assert second == {**first, "fresh": False}


def test_the_fleet_works(folder: Path) -> None:
    task = rota("add", "hello", folder=folder).out.strip()
    rota("agents", "register", "watcher", folder=folder)
    project = rota("projects", "create", "empty", folder=folder).out.strip()
    while rota("task", task, "--json", folder=folder).json["task"]["state"] != "done":
        # Nothing of this project ever waits: the claim is the pause.
        rota("claim", "-a", "watcher", "-p", project, "--wait", "0.2", folder=folder)
    assert rota("task", task, "--json", folder=folder).json["task"]["result"] == "did: hello"


def test_keys_and_a_service_that_is_not_there(folder: Path) -> None:
    there = url_of(folder)
    reader = rota("keys", "create", "reader", "--scope", "read", folder=folder).out.strip()
    assert rota("tasks", "-d", there, ROTA_KEY=reader).code == 0
    refused = rota("add", "not mine to say", "-d", there, "--json", ROTA_KEY=reader)
    assert (refused.code, refused.error["code"]) == (6, "not_allowed")
    assert rota("tasks", "-d", there, ROTA_KEY="nonsense").code == 6
    chief = rota("keys", "create", "chief", "--scope", "admin", "--scope", "read", folder=folder).out.strip()
    listed = rota("keys", "list", "-d", there, "--json", ROTA_KEY=chief).json["keys"]
    assert [key["name"] for key in listed] == ["reader", "chief"]
    assert rota("keys", "revoke", str(listed[0]["id"]), "-d", there, ROTA_KEY=chief).code == 0
    listed = rota("keys", "list", "-d", there, "--json", ROTA_KEY=chief).json["keys"]
    assert ["revoked" in key for key in listed] == [True, False]
    gone = rota("tasks", "-d", "http://127.0.0.1:1", "--json")
    assert (gone.code, gone.error["code"]) == (7, "unavailable")
    assert rota("up", "-d", there).code == 2


def test_what_keeps_it_from_starting_is_said(tmp_path: Path) -> None:
    said = rota("up", "--host", "192.0.2.1", folder=tmp_path, ROTA_DATABASE=str(tmp_path / "a.db"))
    assert (said.code, "no key yet" in said.talk, said.out) == (6, True, "")
    (tmp_path / "fleet.toml").write_text("nonsense")
    said = rota("up", folder=tmp_path)
    assert (said.code, "fleet.toml:1" in said.talk) == (2, True)
    said = rota("down", folder=tmp_path, ROTA_DATABASE="")
    assert said.code == 2
    (tmp_path / "fleet.toml").unlink()
    said = rota("down", "-d", tmp_path / "a.db")
    assert (said.code, said.talk) == (0, "nothing was up\n")
    assert rota("log", "-d", tmp_path / "b.db").code == 2


def test_one_that_was_killed_is_down_and_down_ends_one(folder: Path) -> None:
    before = rota("status", "--json", folder=folder).json["service"]["process"]
    os.kill(before, signal.SIGKILL)
    while rota("status", "--json", folder=folder).json["service"] is not None:
        pass
    said = rota("up", "--port", "0", folder=folder)
    assert said.code == 0, said
    ended = rota("down", "--json", folder=folder).json["ended"]
    assert ended["process"] not in (None, before)
    assert rota("status", "--json", folder=folder).json["service"] is None
