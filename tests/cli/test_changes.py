"""What an operator does from the shell: the first command that changes something starts the owner of the database."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import Said, environment, rota
from tests.owner.owners import owners
from tests.servers.processes import await_end


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that grows with the tests of this module; its owner serves all of them."""
    return tmp_path_factory.mktemp("work") / "work.db"


def shell(work: Path, *arguments: str | Path, given: str = "", monkeypatch: Any = None) -> Said:
    if given:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    return rota(*arguments, "-d", work)


def added(work: Path, *titles: str, **more: str) -> list[str]:
    options = [word for name, value in more.items() for word in (f"--{name}", value)]
    return [shell(work, "add", title, *options).out.strip() for title in titles]


def state_of(work: Path, task: str) -> str:
    return str(shell(work, "task", task, "--json").json["task"]["state"])


def test_a_task_with_everything_about_it(work: Path) -> None:
    said = shell(
        work, "add", "Fix it", "--priority", "high", "-k", "fix", "--skill", "py=3", "--skill", "docs", "--role", "dev",
        "--deadline", "2h", "--estimate", "90s", "--region", "eu", "--ban", "eve", "--resource", "gpu=1.5",
        "--max-cost", "2.5", "--payload", '{"a": [1]}', "--description", "now", "--tenant", "acme", "--ttl", "1d",
        "--unique", "u1", "--approval", "yes", "--max-attempts", "2", "--batch", "b1", "--json",
    )  # fmt: skip
    (task,) = said.json["ids"]
    found = shell(work, "task", task, "--json").json["task"]
    wanted = {
        "title": "Fix it", "priority": "high", "kind": "fix", "skills": {"py": 3, "docs": 1}, "role": "dev",
        "estimate": 90.0, "regions": ["eu"], "ban": ["eve"], "resources": {"gpu": 1.5}, "max_cost": 2.5,
        "payload": {"a": [1]}, "description": "now", "tenant": "acme", "unique": "u1", "approval": True,
        "max_attempts": 2, "batch": "b1",
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    again = shell(work, "add", "Fix it", "--unique", "u1")
    assert (again.code, again.out.split(), task in again.talk) == (0, [task], True)


def test_a_task_a_line_of_the_standard_input(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = shell(work, "add", "-", "--kind", "lines", given="one\n\n two \nthree\n", monkeypatch=monkeypatch)
    assert (said.code, len(said.out.split())) == (0, 3)
    listed = shell(work, "tasks", "--kind", "lines", "--json").json["tasks"]
    assert [task["title"] for task in listed] == ["three", "two", "one"]
    keyed = [
        shell(work, "add", "-", "--key", "k1", given="a\nb\n", monkeypatch=monkeypatch).out.split() for _ in range(2)
    ]
    assert keyed[0] == keyed[1]
    nothing = shell(work, "add", "-", "--json", given="\n", monkeypatch=monkeypatch)
    assert (nothing.code, nothing.json) == (0, {"ids": [], "existing": []})


def test_dependencies(work: Path) -> None:
    (parent,) = added(work, "parent")
    (child,) = added(work, "child", after=f"{parent}:run")
    assert state_of(work, child) == "blocked"
    assert shell(work, "edit", child, "--after", "none").code == 0
    assert state_of(work, child) == "ready"


def test_verbs_on_tasks(work: Path) -> None:
    one, two = added(work, "one", "two")
    assert shell(work, "hold", one, two, "-r", "later").out.split() == [one, two]
    assert state_of(work, one) == "held"
    assert shell(work, "unhold", one, "--json").json == {"tasks": [one], "pending": [], "refused": {}}
    shell(work, "agents", "register", "ann", "--skill", "py=2")
    assert shell(work, "assign", one, "--to", "ann", "-r", "she knows").code == 0
    assert shell(work, "task", one, "--json").json["task"]["pin"] == "ann"
    assert shell(work, "unassign", one).code == 0
    assert shell(work, "cancel", one, two).out.split() == [one, two]
    assert state_of(work, two) == "cancelled"


def test_what_could_not_be_done_is_named_and_the_rest_is_done(work: Path) -> None:
    (task,) = added(work, "here")
    said = shell(work, "cancel", "task-9999", task)
    assert (said.code, said.out.split()) == (3, [task])
    assert "task-9999: no_task" in said.talk
    said = shell(work, "cancel", task, "--json")
    assert (said.code, list(said.json["refused"])) == (4, [task])


def test_filters_pick_and_what_destroys_asks_first(work: Path) -> None:
    tasks = added(work, "a", "b", "c", kind="gone")
    said = shell(work, "cancel", "--kind", "gone")
    assert (said.code, said.out) == (2, "")
    assert "cancel 3 tasks" in said.talk
    assert "--yes" in said.talk
    assert state_of(work, tasks[0]) == "ready"
    assert shell(work, "cancel", "--kind", "gone", "--yes").out.split() == tasks
    said = shell(work, "cancel", "--kind", "gone", "--yes")
    assert (said.code, said.out, said.talk) == (0, "", "no task fits\n")
    assert shell(work, "cancel").code == 2
    assert shell(work, "cancel", tasks[0], "--kind", "gone").code == 2


@pytest.mark.parametrize(("answer", "code", "state"), [("n", 1, "ready"), ("y", 0, "cancelled")])
def test_a_person_is_asked(work: Path, answer: str, code: int, state: str) -> None:
    (task,) = added(work, "asked about", batch=f"batch-{answer}")
    person, terminal = pty.openpty()
    command = [sys.executable, "-m", "rota", "cancel", "--batch", f"batch-{answer}", "-d", str(work)]
    with subprocess.Popen(
        command, stdin=terminal, stderr=terminal, stdout=subprocess.PIPE, env=environment()
    ) as asking:
        os.close(terminal)
        asked = b""
        while b"[y/N]" not in asked:
            asked += os.read(person, 1_000)
        os.write(person, f"{answer}\n".encode())
        out, _ = asking.communicate(timeout=30)
    os.close(person)
    assert b"Cancel 1 task?" in asked
    assert (asking.returncode, state_of(work, task)) == (code, state)
    assert out.decode().split() == ([task] if answer == "y" else [])


def test_ids_from_the_standard_input_also_as_json(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = added(work, "one", "two")
    lines = f"{one}\n\n{json.dumps({'id': two, 'title': 'two'})}\n"
    assert shell(work, "cancel", "-", given=lines, monkeypatch=monkeypatch).out.split() == [one, two]
    said = shell(work, "cancel", "-", given="{\n", monkeypatch=monkeypatch)
    assert (said.code, "names no task" in said.talk) == (2, True)


def test_editing(work: Path) -> None:
    (task,) = added(work, "old", deadline="2h")
    said = shell(work, "edit", task, "--title", "new", "--priority", "low", "--deadline", "none", "--payload", "text")
    assert (said.code, said.out.split()) == (0, [task])
    found = shell(work, "task", task, "--json").json["task"]
    assert (found["title"], found["priority"], found["payload"]) == ("new", "low", "text")
    assert "deadline" not in found
    said = shell(work, "edit", task, "--title", "newer", "--version", "0", "--json")
    assert (said.code, said.error["code"]) == (4, "changed")
    assert shell(work, "edit", task).code == 2


def test_queues(work: Path) -> None:
    said = shell(work, "queues", "pause", "default", "-r", "lunch")
    assert (said.code, said.out) == (0, "default is paused\n")
    assert shell(work, "queues", "pause", "default", "--json").json == {"changed": False}
    assert "lunch" in shell(work, "queues").out
    assert shell(work, "queues", "show", "default", "--json").json["paused"] is True
    assert shell(work, "queues", "resume", "default").out == "default goes on\n"
    added(work, "x", "y")
    waiting = shell(work, "queues", "show", "default", "--json").json["waiting"]
    refused = shell(work, "queues", "purge", "default")
    assert (refused.code, f"cancel {waiting} ready tasks" in refused.talk) == (2, True)
    assert shell(work, "queues", "purge", "default", "-y", "--json").json == {"cancelled": waiting}
    assert shell(work, "queues", "show", "nope").code == 3
    assert "max_attempts" in shell(work, "queues", "show", "default").out


def test_agents(work: Path) -> None:
    spec = ["--slots", "3", "--skill", "py=4", "--cost", "per_hour=2.5", "--resource", "gpu=1", "--region", "eu"]
    assert shell(work, "agents", "register", "bob", *spec).out == "bob is registered\n"
    found = shell(work, "agents", "show", "bob", "--json").json
    assert (found["slots"], found["skills"], found["cost"]["per_hour"]) == (3, {"py": 4}, 2.5)
    assert "finishes what it has" in shell(work, "agents", "drain", "bob").out
    assert shell(work, "agents", "show", "bob", "--json").json["state"] == "draining"
    assert shell(work, "agents", "resume", "bob").code == 0
    assert shell(work, "agents", "health", "bob", "--fit", "no", "-r", "fever").code == 0
    assert shell(work, "agents", "show", "bob", "--json").json["healthy"] is False
    refused = shell(work, "agents", "remove", "bob")
    assert (refused.code, "who has 0 tasks" in refused.talk) == (2, True)
    assert shell(work, "agents", "remove", "bob", "--yes").code == 0
    assert shell(work, "agents", "show", "bob").code == 3


def test_who_would_be_best(work: Path) -> None:
    shell(work, "agents", "register", "kim", "--skill", "c=3")
    said = shell(work, "match", "--skill", "c=2", "--json")
    assert [one["agent"] for one in said.json["recommended"]] == ["kim"]
    shown = shell(work, "match", "--skill", "c=9")
    assert (shown.code, "kim" in shown.out, "9" in shown.out) == (0, True, True)


def test_projects(work: Path) -> None:
    said = shell(work, "projects", "create", "Ship it", "--key", "ship", "--plan", "soon", "--payload", '{"n": 1}')
    assert (said.code, said.out.strip().startswith("proj-")) == (0, True)
    project = said.out.strip()
    assert shell(work, "projects", "create", "Ship it", "--key", "ship").out.strip() == project
    task, other = (shell(work, "add", title, "-p", "ship").out.strip() for title in ("of it", "too"))
    found = shell(work, "projects", "--json").json["projects"]
    assert [(one["id"], one["tasks"]) for one in found] == [(project, {"ready": 2})]
    assert "Ship it" in shell(work, "projects").out
    assert shell(work, "projects", "show", "ship", "--json").json["payload"] == {"n": 1}
    assert shell(work, "projects", "finalize", "ship").code == 4
    assert shell(work, "projects", "remove-tasks", "ship", other, "--yes").out.split() == [other]
    refused = shell(work, "projects", "delete", "ship")
    assert (refused.code, "1 unfinished task" in refused.talk) == (2, True)
    assert shell(work, "projects", "delete", "ship", "--yes").code == 0
    assert state_of(work, task) == "cancelled"


def test_limits_and_tenants(work: Path) -> None:
    assert shell(work, "limits", "set", "shop", "--capacity", "2", "--unit", "tasks", "--period", "60").code == 0
    assert "shop" in shell(work, "limits").out
    assert [one["limit"]["capacity"] for one in shell(work, "limits", "--json").json["limits"]] == [2.0]
    assert shell(work, "limits", "show", "shop", "--json").json["limits"][0]["limit"]["key"] == "shop"
    assert shell(work, "limits", "reset", "shop").code == 0
    refused = shell(work, "limits", "remove", "shop")
    assert (refused.code, "remove 1 limit" in refused.talk) == (2, True)
    assert shell(work, "limits", "remove", "shop", "--yes").code == 0
    assert shell(work, "limits", "show", "shop").code == 3
    assert shell(work, "tenants", "set", "acme", "3").code == 0
    assert shell(work, "tenants", "--json").json["tenants"]["acme"] == 3
    assert "acme" in shell(work, "tenants").out


def test_the_owner_shows_itself(work: Path) -> None:
    found = shell(work, "status", "--json").json
    assert (found["service"], found["owner"]["version"]) == (None, found["version"])
    assert found["statistics"]["agents"] >= 1
    assert "owner" in shell(work, "status").out


def test_the_same_on_postgresql(postgres_dsn: str, runtime: Path) -> None:
    before = {owner.pid for owner in owners(runtime)}
    try:
        task = rota("add", "one", "-d", postgres_dsn).out.strip()
        assert rota("hold", task, "-d", postgres_dsn).code == 0
        assert rota("task", task, "--json", "-d", postgres_dsn).json["task"]["state"] == "held"
    finally:
        mine = [owner for owner in owners(runtime) if owner.pid not in before]
        for owner in mine:
            owner.kill()
        assert await_end(mine, 10.0) == []
    # Without an owner it is read all the same.
    assert rota("tasks", "--state", "held", "--json", "-d", postgres_dsn).json["tasks"][0]["id"] == task


def test_nothing_is_made_by_what_needs_something(tmp_path: Path) -> None:
    needy = ("cancel task-1", "queues pause default", "tasks", "task task-1", "edit task-1 --title x", "claim -a ann")
    for command in map(str.split, needy):
        said = rota(*command, "-d", tmp_path / "none.db")
        assert (said.code, "no database" in said.talk) == (3, True)
    assert "not there yet" in rota("status", "-d", tmp_path / "none.db").out
    assert list(tmp_path.iterdir()) == []
