"""A live run on a real database and the wall clock: how long a task waits for nothing but the distributor.

Open loop: tasks come when their time has come, whatever became of those before. Distribution latency is from the later
of (submit received, slot freed) to the answer written, as the node itself measures it.
"""

import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from heapq import heappop, heappush
from queue import Empty, SimpleQueue
from random import Random
from typing import Any

import msgspec

from bench.measure import quantile
from bench.places import Places
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Claimed, Complete, Done
from rota.model.task import Given, TaskSpec
from rota.operations.distributor import Distributor

AGENTS = 60
SERVICE_S = 0.1
LOAD = 0.5
WAIT_S = 40.0
STUCK_S = 60.0


class Latency(msgspec.Struct, frozen=True):
    """Distribution latency in seconds, of so many tasks done at so many a second."""

    p50: float
    p99: float
    most: float
    tasks: int
    per_second: float


def live(database: str, tasks: int, seed: int = 0) -> Latency:
    """Run so many tasks through a fresh database, `sqlite` or `postgresql`."""
    with _opened(database) as distributor:
        start = time.perf_counter()
        _Fleet(distributor, tasks, seed).run()
        seconds = time.perf_counter() - start
        found = [latency / 1e6 for latency in distributor.node.latencies]
    return Latency(quantile(found, 0.5), quantile(found, 0.99), max(found), len(found), tasks / seconds)


@contextmanager
def _opened(database: str) -> Iterator[Distributor]:
    with Places() as places, places.fresh(database) as where, Distributor.open(where) as distributor:
        yield distributor


class _Fleet:
    """Agents of one slot that claim, work for an exponential time, complete and claim again."""

    def __init__(self, distributor: Distributor, tasks: int, seed: int) -> None:
        self._distributor = distributor
        self._tasks = tasks
        self._random = Random(f"{seed}/live")
        self._answers: SimpleQueue[tuple[str, Claimed]] = SimpleQueue()
        self._ends: list[tuple[float, int, Given]] = []
        self._order = 0
        self._done = 0

    def run(self) -> None:
        for number in range(AGENTS):
            name = f"agent-{number}"
            self._distributor.call(Register(agent=AgentSpec(name=name), local=True))
            self._claim(name)
        gap = SERVICE_S / (LOAD * AGENTS)
        came, at, alive = 0, time.perf_counter(), time.perf_counter()
        while self._done < self._tasks:
            now = time.perf_counter()
            if came < self._tasks and at <= now:
                self._distributor.ask(Submit(tasks=[TaskSpec(title="live")]))
                came += 1
                at += self._random.expovariate(1.0) * gap
                continue
            if self._ends and self._ends[0][0] <= now:
                self._end(heappop(self._ends)[2])
                alive = now
                continue
            if now - alive > STUCK_S:
                raise TimeoutError(f"nothing was done for {STUCK_S:.0f} s after {self._done} of {self._tasks} tasks")
            upcoming = [self._ends[0][0]] if self._ends else []
            upcoming += [at] if came < self._tasks else []
            self._listen(min(upcoming, default=now + 1.0) - now)

    def _listen(self, seconds: float) -> None:
        try:
            name, claimed = self._answers.get(timeout=max(seconds, 0.0))
        except Empty:
            return
        for given in claimed.tasks:
            self._order += 1
            end = time.perf_counter() + self._random.expovariate(1.0) * SERVICE_S
            heappush(self._ends, (end, self._order, given))
        if not claimed.tasks:
            self._claim(name)

    def _end(self, given: Given) -> None:
        self._distributor.ask(Complete(outcomes=[Done(task=given.task, token=given.token)]))
        self._done += 1
        self._claim(given.agent)

    def _claim(self, name: str) -> None:
        self._distributor.ask(Claim(agent=name, wait=WAIT_S)).add_done_callback(partial(self._answered, name))

    def _answered(self, name: str, answer: "Future[Any]") -> None:
        if answer.cancelled() or answer.exception() is not None:
            return  # the run is over
        self._answers.put((name, answer.result()))
