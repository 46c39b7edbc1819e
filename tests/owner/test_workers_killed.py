"""Agents that are processes of their own, a third of them killed, and the owner again and again: all gets done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random

import psutil

from rota.model.commands.read import GetTask
from rota.operations.distributor import Distributor
from rota.owner.link import Link
from tests.chaos.audited import audited
from tests.owner.caller import ROOT
from tests.owner.owners import owners
from tests.servers.processes import await_end

WORKERS, TASKS = 9, 300
PATIENCE_S = 60.0


class Workers:
    def __init__(self, database: str) -> None:
        self.done: list[str] = []
        self._changed = threading.Condition()
        program = [sys.executable, "-m", "tests.owner.worker_process", database]
        self.processes = [
            subprocess.Popen([*program, f"w{n}"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for n in range(WORKERS)
        ]
        self._readers = [threading.Thread(target=self._read, args=(process,)) for process in self.processes]
        for reader in self._readers:
            reader.start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self._changed:
                self.done.append(line.decode().strip())
                self._changed.notify_all()

    def await_done(self, n: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.done) >= n, PATIENCE_S), f"{len(self.done)} done"

    def end(self) -> list[int]:
        """Call them off; the exit codes."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.close()
        codes = [process.wait(PATIENCE_S) for process in self.processes]
        for reader, process in zip(self._readers, self.processes, strict=True):
            reader.join()
            assert process.stdout is not None
            process.stdout.close()
        return codes


def test_a_third_of_the_agents_and_the_owner_are_killed_and_all_gets_done(database: str, runtime: Path) -> None:
    random = Random(7)
    link = Link(database)
    link.call("set_queue", {"queue": "default", "policy": {"term": 2.0, "max_attempts": 1_000}})
    ids = link.call("submit", {"tasks": [{"title": f"t{n}"} for n in range(TASKS)]})["ids"]
    workers = Workers(database)
    try:
        for number in range(3):
            workers.await_done(random.randint(30, 80) * (number + 1))
            workers.processes[number].kill()
            workers.await_done(len(workers.done) + random.randint(0, 10))
            owner = psutil.Process(link.call("owner.about", {})["process"])
            owner.kill()
            assert await_end([owner], 20.0) == []
        deadline = time.monotonic() + PATIENCE_S
        while any(link.call("get_task", {"task": task})["state"] != "done" for task in ids):
            assert time.monotonic() < deadline
            time.sleep(0.05)  # some were done by agents that did not live to say so
    finally:
        codes = workers.end()
        link.close()
    assert sorted(codes) == [-signal.SIGKILL] * 3 + [0] * (WORKERS - 3)
    assert len(set(workers.done)) == len(workers.done), "a task was reported done twice"
    left = owners(runtime)
    for process in left:
        os.kill(process.pid, signal.SIGTERM)
    assert await_end(left, 20.0) == []
    with Distributor.open(database) as successor:
        assert {successor.call(GetTask(task=task)).state for task in ids} == {"done"}
    audited(database)
