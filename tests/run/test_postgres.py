"""`rota run` on PostgreSQL: the same story, and two of them at one database."""

from __future__ import annotations

import signal

from tests.run.conftest import Folder, tell
from tests.servers.processes import await_end

AGENT = """
[[agent]]
name = "{name}"
skills = {{ {skill} = 1 }}
command = ["./work.sh"]
"""
WORK = """
case "$ROTA_TITLE" in
slow*) [ -e went ] || { echo "$$" > started; read -r word < go; } ;;
esac
echo "$ROTA_TITLE" >> log
"""


def prepared(folder: Folder, name: str = "one", skill: str = "x") -> Folder:
    folder.script("work.sh", WORK)
    folder.fleet(AGENT.format(name=name, skill=skill))
    return folder


def test_a_run_on_postgres_and_its_resumption(folder: Folder, postgres_dsn: str) -> None:
    prepared(folder)
    titles = ["a", "b", "slow"]
    folder.tasks(*({"title": title, "priority": "low" if title == "slow" else "normal"} for title in titles))
    started = folder.pipe("started")
    folder.pipe("go")
    command = ("run", "fleet.toml", "tasks.jsonl", "--json", "--database", postgres_dsn)
    running = folder.start(*command)
    running.heard(started)
    descendants = running.descendants()
    running.signal(signal.SIGINT)
    interrupted = running.ended()
    assert interrupted.code == 130, interrupted.err
    assert interrupted.card["states"] == {"done": 2, "ready": 1}
    assert await_end(descendants, 5) == []
    (folder.path / "went").touch()
    resumed = folder.rota(*command)
    assert resumed.code == 0, resumed.err
    assert resumed.card["done"] == 3
    assert resumed.card["inversions"] == resumed.card["violations"] == 0
    assert sorted(folder.log()) == sorted(titles)
    assert folder.rota(*command).card["attempts"] == resumed.card["attempts"] == 4


def test_two_runs_share_a_database(folder: Folder, postgres_dsn: str) -> None:
    """One submits and can do half of it; another process, with other agents, does the rest."""
    prepared(folder)
    started = folder.pipe("started")
    folder.pipe("go")
    folder.tasks(
        {"title": "slow mine", "skills": {"x": 1}, "ref": "mine"},
        {"title": "theirs", "skills": {"y": 1}, "after": ["mine"]},
    )
    first = folder.start("run", "fleet.toml", "tasks.jsonl", "--json", "--wait", "--database", postgres_dsn)
    first.heard(started)
    other = prepared(Folder(folder.path / "other"), "two", "y")
    second = other.start("run", "--wait", "--quiet", "--database", postgres_dsn)
    tell(folder.path / "go")
    ended = first.ended()
    assert (ended.code, ended.card["done"]) == (0, 2), ended.err
    assert {agent["name"]: agent["done"] for agent in ended.card["agents"]} == {"one": 1, "two": 1}
    assert other.log() == ["theirs"]
    second.signal(signal.SIGTERM)
    assert second.ended().code == 143
    other.close()
