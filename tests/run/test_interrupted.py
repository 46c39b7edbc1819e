"""Runs that are interrupted, killed, cancelled: nothing is lost, nothing is left behind."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.run.conftest import Folder, Running, tell
from tests.servers.processes import await_end

FLEET = """
[[agent]]
name = "slow"
command = ["./work.sh"]
grace = 30
"""
# Says that it is at work and waits, the first time; a child of its own shares its fate.
WORK = """
if [ "$ROTA_TITLE" = slow ] && [ ! -e went ]; then
    sleep 1000 &
    echo "$$ $!" > started
    read -r word < go
fi
echo "$ROTA_TITLE" >> log
echo done
"""


def slow_run(folder: Folder, work: str = WORK) -> tuple[Running, list[int]]:
    """A run whose first task is at work, and the ids of its processes."""
    folder.script("work.sh", work)
    folder.fleet(FLEET)
    folder.tasks({"title": "slow", "priority": "high"}, {"title": "quick"})
    started = folder.pipe("started")
    folder.pipe("go")
    running = folder.start("run", "fleet.toml", "tasks.jsonl", "--json")
    return running, [int(word) for word in running.heard(started).split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_it_gives_back_and_goes_on_later(folder: Folder, number: signal.Signals) -> None:
    running, pids = slow_run(folder)
    descendants = running.descendants()
    assert {process.pid for process in descendants} >= set(pids)
    running.signal(number)
    ended = running.ended()
    assert ended.code == 128 + number
    assert ended.card["ended"] == "interrupted"
    assert "the same command goes on" in ended.err
    assert ended.card["states"] == {"ready": 2}
    assert ended.card["outcomes"] == {"given_back": 1}
    assert await_end(descendants, 5) == []
    (folder.path / "went").touch()
    resumed = folder.run()
    assert resumed.code == 0, resumed.err
    assert resumed.card["tasks"] == resumed.card["done"] == 2
    assert resumed.card["retried"] == resumed.card["violations"] == 0
    assert folder.log() == ["slow", "quick"]


def test_a_second_signal_ends_it_at_once(folder: Folder) -> None:
    deaf = "trap '' TERM\n" + WORK.replace("read -r word < go", "while :; do read -r word < go; done")
    running, _pids = slow_run(folder, deaf)
    descendants = running.descendants()
    running.signal(signal.SIGINT)
    running.says("stopping")
    running.signal(signal.SIGINT)
    ended = running.ended()
    assert (ended.code, ended.out) == (130, "")
    assert await_end(descendants, 10) == []
    (folder.path / "went").touch()
    assert folder.run().card["done"] == 2


def test_killed_it_leaves_no_process_and_no_doubt(folder: Folder) -> None:
    running, pids = slow_run(folder)
    descendants = running.descendants()
    assert {process.pid for process in descendants} >= set(pids)
    running.signal(signal.SIGKILL)
    assert running.ended().code == -signal.SIGKILL
    assert await_end(descendants, 10) == []
    (folder.path / "went").touch()
    resumed = folder.run()
    assert resumed.code == 0, resumed.err
    assert resumed.card["done"] == 2
    assert resumed.card["outcomes"] == {"done": 2, "node_lost": 1}
    assert resumed.card["violations"] == 0
    assert folder.log() == ["slow", "quick"]


def test_a_database_in_use_is_told(folder: Folder) -> None:
    running, _pids = slow_run(folder)
    second = folder.run()
    assert (second.code, second.out) == (7, "")
    assert f"process {running.process.pid}" in second.err
    tell(folder.path / "go")
    assert running.ended().card["done"] == 2


def test_each_goes_on_after_a_signal(folder: Folder) -> None:
    folder.script("work.sh", WORK)
    (folder.path / "list.txt").write_text("quick\nslow\nlast\n")
    started = folder.pipe("started")
    folder.pipe("go")
    command = ("each", "-n", "1", "list.txt", "--", "./work.sh")
    running = folder.start(*command)
    running.heard(started)
    running.signal(signal.SIGINT)
    first = running.ended()
    assert first.code == 130
    assert [line["title"] for line in first.lines] == ["quick"]
    (folder.path / "went").touch()
    second = folder.rota(*command)
    assert second.code == 0
    assert [line["title"] for line in second.lines] == ["quick", "slow", "last"]
    assert folder.log() == ["quick", "slow", "last"]


def test_a_closed_output_is_no_accident(folder: Folder, tmp_path: Path) -> None:
    (folder.path / "list.txt").write_text("".join(f"task {n}\n" for n in range(50)))
    running = folder.start("each", "--quiet", "list.txt", "--", "head", "-c", "20000", "/dev/zero")
    assert running.process.stdout is not None
    running.process.stdout.close()
    assert running.process.stderr is not None
    said = running.process.stderr.read()
    assert running.process.wait(60) == 141
    assert said == ""
    assert subprocess.run(["find", str(tmp_path), "-name", "*.db"], capture_output=True, check=True).stdout
