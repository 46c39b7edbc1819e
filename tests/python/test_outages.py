"""Agents killed, told to end, and left alone by the service or the owner for a while."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from rota import Agent, Task, connect
from rota.faces.http.server import HttpServer, Listening
from rota.model.commands.fleet import SetPool
from rota.model.queue import PoolPolicy
from rota.operations.distributor import Distributor
from tests.owner.owners import owners
from tests.python.working import at_work, brisk_queue, until


@contextmanager
def serving(database: str, port: int = 0) -> Iterator[HttpServer]:
    with Distributor.open(database) as distributor:
        server = HttpServer(distributor, Listening(port=port, log=None))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def agent_process(target: str, name: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-m", "tests.python.agent_process", target, name]) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_killed_agents_task_comes_back_with_its_checkpoint_and_a_told_one_gives_it_back(tmp_path: Path) -> None:
    with serving(str(tmp_path / "work.db")) as server, connect(server.url) as client:
        brisk_queue(client, "brisk")
        client.call(SetPool(pool="default", policy=PoolPolicy(avoid_s=0.0)))
        told = client.add("Told to end", queue="brisk", role="crash", max_attempts=1)
        with agent_process(server.url, "told") as process:
            until(lambda: client.get_task(told).state == "running")
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        assert (client.get_task(told).state, client.get_task(told).attempts) == ("ready", 0)
        assert client.get_agent("told").instance is None
        client.cancel(told)
        killed = client.add("Killed", queue="brisk", role="crash")
        with agent_process(server.url, "killed") as process:
            # The checkpoint went out with the progress, or before.
            until(lambda: client.get_task(killed).progress == 0.5)
            process.kill()
        with at_work(Agent("heir", handlers={"task": _answer}, target=client, role="crash")):
            assert client.wait_for(killed, timeout=20).result == {"page": 7}
        assert [one.outcome for one in client.history(killed).attempts] == ["lost", "done"]


def _answer(task: Task) -> object:
    return task.last_checkpoint


def test_a_service_that_is_started_again_under_an_agent(tmp_path: Path) -> None:
    database = str(tmp_path / "work.db")
    go_on = threading.Event()

    def do(task: Task) -> str:
        go_on.wait(20)
        return f"{task.attempt}. attempt"

    with serving(database) as server:
        url, port = server.url, int(server.url.rpartition(":")[2])
        client = connect(url)
        agent = Agent("steady", handlers={"task": do}, target=url, slots=2)
        held = client.add("Held over the restart")
        working = ExitStack()
        working.enter_context(at_work(agent))
        until(lambda: client.get_task(held).state == "running")
    # It ends while nobody is there to be told.
    go_on.set()
    with serving(database, port), client, working:
        assert client.wait_for(held, timeout=20).result == "1. attempt"
        assert client.wait_for(client.add("After it"), timeout=20).state == "done"


@pytest.mark.usefixtures("runtime")
def test_an_owner_that_is_killed_under_an_agent(tmp_path: Path, runtime: Path) -> None:
    database = str(tmp_path / "work.db")
    go_on = threading.Event()

    async def do(task: Task) -> int:
        while not go_on.is_set():
            await asyncio.sleep(0.01)
        return task.attempt

    try:
        with connect(database) as client, at_work(Agent("steady", handlers={"task": do}, target=database)):
            task = client.add("Held over the kill")
            until(lambda: client.get_task(task).state == "running")
            (owner,) = owners(runtime)
            owner.kill()
            go_on.set()
            assert client.wait_for(task, timeout=20).result == 1
            assert client.wait_for(client.add("After it"), timeout=20).state == "done"
    finally:
        left = owners(runtime)
        for one in left:
            one.kill()
        psutil.wait_procs(left, 10)
