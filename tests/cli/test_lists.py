"""What lists show, straight from the operations."""

from __future__ import annotations

import json
from pathlib import Path

from rota.operations.distributor import Distributor
from tests.cli.shell import rota


def test_tasks_by_filters(database: Path) -> None:
    said = rota("tasks", "-d", database, "--state", "running")
    heads, row = said.out.splitlines()
    assert heads.split() == ["TASK", "STATE", "PRIORITY", "QUEUE", "KIND", "AGENT", "TRIES", "TITLE"]
    assert row.split() == ["task-3", "running", "high", "default", "k", "ann", "0/5", "three"]
    named = ["--queue", "default", "--priority", "high", "--kind", "k", "--state", "done"]
    assert [task["id"] for task in rota("tasks", "-d", database, *named, "--json").json["tasks"]] == ["task-1"]


def test_pages_follow_each_other(database: Path) -> None:
    seen: list[str] = []
    cursor: list[str] = []
    while True:
        said = rota("tasks", "-d", database, "-n", "6", "--json", *cursor)
        seen += [task["id"] for task in said.json["tasks"]]
        if said.json["cursor"] is None:
            break
        cursor = ["--cursor", said.json["cursor"]]
    assert seen == [f"task-{number}" for number in range(14, 0, -1)]


def test_a_page_that_is_not_the_last_says_how_to_go_on(database: Path) -> None:
    said = rota("tasks", "-d", database, "-n", "6")
    assert len(said.out.splitlines()) == 7
    assert "--cursor task-9" in said.talk
    assert rota("tasks", "-d", database).talk == ""


def test_all_pages_at_once(database: Path) -> None:
    said = rota("tasks", "-d", database, "-n", "4", "--all", "--json")
    tasks = [json.loads(line) for line in said.out.splitlines()]
    assert [task["id"] for task in tasks] == [f"task-{number}" for number in range(14, 0, -1)]
    said = rota("tasks", "-d", database, "-n", "4", "--all")
    assert len(said.out.splitlines()) == 15


def test_dead_tasks_with_their_reason(database: Path) -> None:
    heads, row = rota("dead", "-d", database).out.splitlines()
    assert heads.split()[-1] == "REASON"
    assert row.split()[0] == "task-2"
    assert "not retryable" in row


def test_queues(database: Path) -> None:
    rows = rota("queues", "-d", database).out.splitlines()
    assert [row.split() for row in rows[1:]] == [
        ["default", "default", "10", "1", "1", "dead"],
        ["later", "default", "1", "0", "inventory"],
    ]
    queues = rota("queues", "-d", database, "--json").json["queues"]
    assert [(queue["name"], queue["paused"]) for queue in queues] == [("default", False), ("later", True)]


def test_agents(database: Path) -> None:
    (agent,) = rota("agents", "-d", database, "--json").json["agents"]
    assert (agent["name"], agent["running"], agent["done"]) == ("ann", 1, 1)
    heads, row = rota("agents", "-d", database).out.splitlines()
    assert (heads.split()[-2:], row.split()[-2:]) == (["SEEN", "SKILLS"], ["py", "2"])
    assert agent["last_seen"] in row.split()


def test_events(database: Path) -> None:
    page = rota("events", "-d", database, "-n", "3", "--json").json
    assert [event["kind"] for event in page["events"]] == ["node_started", "register", "set_queue"]
    rest = rota("events", "-d", database, "--cursor", page["cursor"], "--all", "--json").out.splitlines()
    assert json.loads(rest[0])["kind"] == "submit"
    assert json.loads(rest[-1])["kind"] == "pause"
    _heads, *rows = rota("events", "-d", database, "-n", "3").out.splitlines()
    assert rows[1].split()[2:] == ["register", "ann"]


def test_one_task_with_its_story(database: Path) -> None:
    said = rota("task", "task-1", "-d", database)
    assert '{"a":[1]}' in said.out
    assert "ATTEMPT" in said.out
    shown = rota("task", "task-1", "-d", database, "--json").json
    assert shown["task"]["result"] == {"a": [1]}
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["done"]


def test_why_a_task_waits(database: Path) -> None:
    assert "inventory" in rota("task", "task-14", "-d", database).out
    explanation = rota("task", "task-14", "-d", database, "--json").json["explanation"]
    assert explanation["reason"] == "paused"
    assert list(explanation["agents"]) == ["ann"]


def test_a_database_in_use_can_be_looked_at_and_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "rota.db"
    with Distributor.open(str(path)):
        before = rota("events", "-d", path, "--json").out
        assert rota("tasks", "-d", path).code == 0
        assert rota("events", "-d", path, "--json").out == before


def test_the_database_is_found_as_everywhere(database: Path, tmp_path: Path) -> None:
    assert rota("tasks", "--json", folder=tmp_path, ROTA_DATABASE=str(database)).json["tasks"]
    (tmp_path / "fleet.toml").write_text(f"database = {json.dumps(str(database))}\n")
    inner = tmp_path / "deep" / "er"
    inner.mkdir(parents=True)
    assert rota("tasks", "--json", folder=inner).json["tasks"]
    (tmp_path / "fleet.toml").write_text("database = 3\n")
    said = rota("tasks", folder=tmp_path)
    assert said.code == 2
    assert "fleet.toml:1" in said.talk
