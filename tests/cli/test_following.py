"""`--watch`, pipes and closed streams, as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.shell import environment, rota


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("work") / "work.db"
    assert rota("add", "first", "-d", path).code == 0
    return path


@contextmanager
def following(work: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command at work; interrupted in the end, as a person would."""
    command = [sys.executable, "-m", "rota", *words, "--watch", "-d", str(work)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()) as ran:
        try:
            yield ran
            ran.send_signal(signal.SIGINT)
            _out, talk = ran.communicate(timeout=30)
            assert (ran.returncode, talk) == (130, "rota: interrupted\n")
        finally:
            ran.kill()


def test_events_and_tasks_are_followed(work: Path) -> None:
    since = rota("events", "--all", "--json", "-d", work).out.splitlines()[-1]
    with (
        following(work, "tasks", "--json") as tasks,
        following(work, "events", "--json", "--cursor", json.loads(since)["seq"]) as events,
    ):
        assert tasks.stdout is not None
        assert events.stdout is not None
        assert json.loads(tasks.stdout.readline())["title"] == "first"
        second = rota("add", "second", "-d", work).out.strip()
        assert json.loads(tasks.stdout.readline())["id"] == second
        assert json.loads(events.stdout.readline())["kind"] == "submit"
        rota("hold", second, "-d", work)
        changed = json.loads(tasks.stdout.readline())
        assert (changed["id"], changed["state"]) == (second, "held")
        assert json.loads(events.stdout.readline())["kind"] == "hold"


def test_queues_are_followed_by_people(work: Path) -> None:
    with following(work, "queues") as queues:
        assert queues.stdout is not None
        assert queues.stdout.readline().startswith("QUEUE")
        assert queues.stdout.readline().startswith("default")
        rota("queues", "pause", "default", "-r", "lunch", "-d", work)
        assert "lunch" in queues.stdout.readline()
    assert rota("queues", "resume", "default", "-d", work).code == 0


def test_following_and_paging_do_not_go_together(work: Path) -> None:
    assert rota("tasks", "--watch", "--all", "-d", work).code == 2
    assert rota("tasks", "--watch", "--cursor", "task-1", "-d", work).code == 2


def test_what_is_done_is_done_though_nobody_reads_it(work: Path) -> None:
    before = len(rota("tasks", "--json", "-d", work).json["tasks"])
    script = f'"{sys.executable}" -m rota add unheard -d "{work}" >&- 2>&-'
    assert subprocess.run(["sh", "-c", script], env=environment(), check=False).returncode == 0
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "rota", "add", "unread", "-d", str(work)]
    with subprocess.Popen(command, stdout=writing, stderr=subprocess.PIPE, env=environment()) as adding:
        os.close(writing)
        assert adding.stderr is not None
        assert adding.stderr.read() == b""
    assert adding.returncode == 141
    assert len(rota("tasks", "--json", "-d", work).json["tasks"]) == before + 2


def test_text_that_is_none(work: Path) -> None:
    command = [sys.executable.encode(), b"-m", b"rota", b"add", b"\xff", b"-d", os.fsencode(work)]
    ran = subprocess.run(command, capture_output=True, env=environment(), check=False)
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert len(ran.stderr.splitlines()) == 1
    command[4] = b"-"
    ran = subprocess.run(command, input=b"good\n\xff\n", capture_output=True, env=environment(), check=False)
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert b"UTF-8" in ran.stderr
