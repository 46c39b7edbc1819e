"""One node as a process of its own: it submits, its agents claim and complete, and it writes down what it was told.

Run with one argument, a JSON object as `Work`. Lines of JSON go out; a line "stop" on standard input ends it.
"""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import msgspec

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Complete, Done
from rota.model.errors import RotaError
from rota.model.priority import PRIORITIES
from rota.model.task import Given, TaskSpec
from rota.operations.distributor import Distributor
from rota.store.statement import One

AGAIN_S = 0.02
_BACKEND = One("backend", "SELECT pg_backend_pid()")


class Work(msgspec.Struct):
    """What a node is to do."""

    dsn: str
    name: str
    submit: int = 0
    """Tasks it submits, in pieces of one to twenty."""
    agents: int = 0
    slots: int = 4
    wait: float = 1.0
    """How long each claim waits, seconds."""
    pause: float = 0.0
    """How long an agent has a task, seconds."""
    pool: str = "default"
    """Of its agents, and the queue it submits to."""
    documents: int = 0
    """Its tasks are each about one of so many documents; 0 = about none."""
    holds: bool = False
    """Its agents complete nothing: whatever they get they keep."""
    limits: list[str] = []
    """Named by its tasks."""
    settings: dict[str, float] = {}
    """Constants to be set first: "rota.engine.timers.NODE_LOST_S"."""


class Closed(Exception):
    """The node takes no more commands."""


class NodeProcess:
    """The node and its threads."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.stopping = threading.Event()
        self._telling = threading.Lock()
        for path, value in work.settings.items():
            module, _, constant = path.rpartition(".")
            assert hasattr(importlib.import_module(module), constant)
            setattr(importlib.import_module(module), constant, value)
        self.rota = Distributor.open(work.dsn)

    def run(self) -> None:
        for number in range(self.work.agents):
            spec = AgentSpec(name=self.agent(number), slots=self.work.slots, pool=self.work.pool)
            self.insist(Register(agent=spec, local=True))
        with self.rota.store.write() as transaction:
            backend = transaction.one(_BACKEND)[0][0]
        self.tell(ready=self.work.name, backend=backend)
        if sys.stdin.readline() != "go\n":
            return
        threads = [
            threading.Thread(target=self.until_closed, args=(what, *arguments))
            for what, *arguments in [(self.submit,), *((self.claim, number) for number in range(self.work.agents))]
        ]
        for thread in threads:
            thread.start()
        sys.stdin.readline()
        self.stopping.set()
        self.rota.close()
        for thread in threads:
            thread.join()
        self.tell(stopped=self.work.name, trouble=[what for _at, what in self.rota.node.trouble])

    def until_closed(self, what: Callable[..., None], *arguments: int) -> None:
        with suppress(Closed):
            what(*arguments)

    def agent(self, number: int) -> str:
        return f"{self.work.name}-{number}"

    def submit(self) -> None:
        random = Random(self.work.name)
        left = self.work.submit
        while left and not self.stopping.is_set():
            n = min(random.randint(1, 20), left)
            tasks = [self.task(random, left) for _ in range(n)]
            # The key makes asking again harmless.
            answer = self.insist(Submit(tasks=tasks, key=f"{self.work.name}:{left}"))
            self.tell(submitted=answer.ids)
            left -= n

    def task(self, random: Random, left: int) -> TaskSpec:
        documents = self.work.documents
        about = {"document": random.randrange(documents)} if documents else [left]
        priority = random.choice(PRIORITIES)
        return TaskSpec(title="a task", priority=priority, payload=about, queue=self.work.pool, limits=self.work.limits)

    def claim(self, number: int) -> None:
        name = self.agent(number)
        while not self.stopping.is_set():
            given = self.insist(Claim(agent=name, n=self.work.slots, wait=self.work.wait)).tasks
            if not given:
                if not self.stopping.is_set():
                    self.tell(nothing=name)
                continue
            self.tell(given=[[task.task, task.token, task.attempt] for task in given], agent=name)
            if self.work.holds:
                self.stopping.wait()
            elif self.work.pause:
                time.sleep(self.work.pause)
            self.complete(given)

    def complete(self, given: list[Given]) -> None:
        outcomes = [Done(task=task.task, token=task.token, result={"by": self.work.name}) for task in given]
        judged = self.insist(Complete(outcomes=outcomes))
        self.tell(done=list(judged.states), refused=judged.refused)

    def insist(self, command: Any) -> Any:
        """Ask until it is not for the database to blame."""
        while True:
            try:
                return self.rota.call(command)
            except RotaError as error:
                if self.stopping.is_set():
                    raise Closed from error
                if not error.kind.again:
                    self.tell(error=str(error))
                    raise
                self.tell(again=str(error))
                self.stopping.wait(AGAIN_S)

    def tell(self, **facts: Any) -> None:
        with self._telling:
            sys.stdout.write(msgspec.json.encode({"at": time.time_ns(), **facts}).decode() + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    NodeProcess(msgspec.json.decode(sys.argv[1], type=Work)).run()
