"""`rota agent` as processes on one database: beside each other, over the death of its owner, and at Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from rota.audit.audit import audit
from rota.faces.http.server import HttpServer, Listening
from rota.model.commands.keys import CreateKey
from rota.operations.distributor import Distributor
from rota.owner.link import Link
from rota.store.view import view
from tests.cli.shell import environment, rota
from tests.owner.owners import owners

WAIT_S = 30.0


@contextmanager
def agent(database: str, *arguments: str, command: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A terminal with an agent, ended with the block at the latest."""
    words = [sys.executable, "-m", "rota", "agent", "-d", database, *arguments, "--", "sh", "-c", command]
    with subprocess.Popen(words, env=environment(**more), stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until(seen: Callable[[], Any]) -> Any:
    """Look until there is something to see."""
    ends = time.monotonic() + WAIT_S
    while not (found := seen()):
        assert time.monotonic() < ends, "it does not come about"
        time.sleep(0.02)
    return found


def tasks_of(link: Link, **filters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = link.call("list_tasks", {"limit": 100, "whole": True, **filters})["tasks"]
    return found


def submit(to: Link | Distributor, *titles: str) -> None:
    arguments = {"tasks": [{"title": title} for title in titles]}
    if isinstance(to, Link):
        to.call("submit", arguments)
    else:
        to.run("submit", arguments)


def test_terminals_share_the_work_over_the_death_of_the_owner(database: str, runtime: Path, tmp_path: Path) -> None:
    """Three of them; each task is done by one."""
    begun = tmp_path / "begun"
    # Nobody goes on before all three have one.
    together = f"while [ $(wc -l < {begun}) -lt 3 ]; do sleep 0.02; done"
    command = f'echo "$ROTA_TASK_ID" >> {begun}; {together}; sleep 0.1; echo "$ROTA_TITLE by $ROTA_AGENT"'
    with closing(Link(database, idle=20)) as link, ExitStack() as stack:
        submit(link, *(f"no {number}" for number in range(24)))
        running = [stack.enter_context(agent(database, command=command)) for _ in range(3)]
        until(lambda: begun.exists() and len(begun.read_text().splitlines()) >= 6)
        (owner,) = owners(runtime)
        owner.kill()
        until(lambda: len(tasks_of(link, state="done")) == 24)
        for process in running:
            process.send_signal(signal.SIGINT)
        assert [process.wait(WAIT_S) for process in running] == [130, 130, 130]
        tasks = tasks_of(link)
    assert {task["state"] for task in tasks} == {"done"}
    by_whom = {task["result"].partition(" by ")[2] for task in tasks}
    assert len(by_whom) == 3
    assert all(name.endswith(("-1", "-2", "-3")) for name in by_whom)
    assert sorted(begun.read_text().split()) == sorted(task["id"] for task in tasks), "each once"
    with view(database) as reader:
        assert audit(reader).violations == []


def test_ctrl_c_finishes_and_once_more_gives_back(database: str, tmp_path: Path) -> None:
    go = tmp_path / "go"
    wait = f"while [ ! -e {go} ]; do sleep 0.02; done"
    command = f'touch {tmp_path}/begun-$ROTA_SLOT; case "$ROTA_TITLE" in "no 0") {wait};; *) exec sleep 60;; esac'
    with closing(Link(database, idle=0.1)) as link:
        submit(link, "no 0", "no 1")
        with agent(database, "--slots", "2", "--name", "ann", command=command) as process:
            until(lambda: len(list(tmp_path.glob("begun-*"))) == 2)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            until(lambda: "finishing what is in work" in process.stderr.readline())  # type: ignore[union-attr]
            go.touch()
            until(lambda: tasks_of(link, state="done"))
            assert process.poll() is None, "the other task goes on"
            process.send_signal(signal.SIGINT)
            assert process.wait(WAIT_S) == 130
        (left,) = tasks_of(link, state="ready")
        assert (left["title"], left.get("attempts", 0)) == ("no 1", 0)
        submit(link, "last")
        with agent(database, "--name", "ann", "--idle", "0.5s", command="exit 75") as process:
            assert process.wait(WAIT_S) == 0, "the name is free at once"


def test_an_agent_over_http_with_a_key_outlives_the_service(database: str) -> None:
    with Distributor.open(database) as distributor, ExitStack() as stack:
        secret = distributor.call(CreateKey(name="bob", scopes=["work", "read"], agent="bob")).secret
        server = HttpServer(distributor, Listening(port=0))
        server.start()
        url = server.url
        submit(distributor, "first")
        process = stack.enter_context(agent(url, "--name", "bob", command="echo 7", ROTA_KEY=secret))
        until(lambda: distributor.run("get_task", {"task": "task-1"}).result == 7)
        server.stop()
        submit(distributor, "second")
        assert distributor.run("get_task", {"task": "task-2"}).state == "ready"
        again = HttpServer(distributor, Listening(port=int(url.rpartition(":")[2])))
        again.start()
        stack.callback(again.stop)
        until(lambda: distributor.run("get_task", {"task": "task-2"}).result == 7)
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S) == 130
        for name, key in (("eve", secret), ("bob", "wrong")):
            refused = rota("agent", "-d", url, "--name", name, "--", "true", ROTA_KEY=key)
            assert (refused.code, "key" in refused.talk) == (6, True), refused.talk


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "there is none; write it after"),
        (["--skill", "py=high", "--", "true"], "write python=3"),
        (["--slots", "0", "--", "true"], "slots"),
        (["--timeout", "soon", "--", "true"], "timeout"),
        (["--", "no-such-program-anywhere"], "not found"),
        (["--", "echo", "{tittle}"], "tittle"),
        (["--check", "'", "--", "true"], "check"),
        (["--merge", "main", "--", "true"], "--workspace worktree"),
        (["--quit", "--", "true"], "no option"),
        (["--replace", "--", "true"], "--name NAME --replace"),
    ],
)
def test_what_can_not_work_is_refused_before_anything_is_registered(database: str, words: list[str], said: str) -> None:
    refused = rota("agent", "-d", database, *words)
    assert refused.code == 2
    assert said in refused.talk
    assert not os.path.exists(database)


def test_a_name_is_taken_over_when_that_is_asked_for(database: str) -> None:
    assert rota("agents", "register", "ann", "--instance", "other", "-d", database).code == 0
    words = ["agent", "-d", database, "--name", "ann", "--idle", "0.1s", "--quiet"]
    refused = rota(*words, "--", "true")
    assert (refused.code, "--replace" in refused.talk) == (4, True), refused.talk
    assert rota(*words, "--replace", "--", "true").code == 5, "nothing came"
