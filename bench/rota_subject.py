"""Rota, as a person would use it in process: `Distributor`, an agent of many slots, outcomes and claims in batches."""

import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from bench import killing
from bench.cells import payload
from bench.subject import AgentProcess
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register, SetPool, SetQueue
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Claimed, Complete, Done
from rota.model.errors import RotaError
from rota.model.queue import QueuePolicy
from rota.model.task import Given, TaskSpec
from rota.operations.distributor import Distributor

_DRAIN_SLOTS = 1_000
_AT_ONCE = 500  # tasks a claim asks for; two claims are in flight, so that one batch is done while the next is given
_FILL = 5_000
_KILL_SLOTS = 4


class RotaSubject:
    def __init__(self, where: str, settings: str) -> None:
        self._where = where
        self._distributor: Distributor | None = None
        self.settings = (
            f"{settings}; balanced strategy, events, attempts and statistics on; drain: one agent,"
            f" {_DRAIN_SLOTS} slots, claims of {_AT_ONCE}; idle: one agent; kill: one agent, {_KILL_SLOTS} slots"
        )

    def fill(self, n: int) -> None:
        for first in range(0, n, _FILL):
            numbers = range(first, min(first + _FILL, n))
            self._open().call(Submit(tasks=[_task(payload(number)) for number in numbers]))

    def submit_each(self, payloads: Sequence[str]) -> float:
        distributor = self._open()
        start = time.perf_counter()
        for each in payloads:
            distributor.call(Submit(tasks=[_task(each)]))
        return time.perf_counter() - start

    def submit_batches(self, batches: Sequence[Sequence[str]]) -> float:
        distributor = self._open()
        start = time.perf_counter()
        # The next batch is made ready while the one before is written: two are on their way at a time.
        waiting: list[Future[Any]] = []
        for batch in batches:
            waiting.append(distributor.ask(Submit(tasks=[_task(each) for each in batch])))
            if len(waiting) > 2:
                waiting.pop(0).result()
        for future in waiting:
            future.result()
        return time.perf_counter() - start

    def drain(self, n: int, timeout: float) -> float:
        distributor = self._open()
        distributor.call(Register(agent=AgentSpec(name="drain", slots=_DRAIN_SLOTS), local=True, replace=True))
        start = time.perf_counter()
        done = 0
        outcomes: list[Future[Any]] = []
        claims = [distributor.ask(_claim()), distributor.ask(_claim())]
        while done < n:
            if time.perf_counter() - start > timeout:
                raise TimeoutError(f"{done} of {n} tasks were done in {timeout:.0f} s")
            claimed: Claimed = claims.pop(0).result(timeout)
            tasks = claimed.tasks[: n - done]
            outcomes.append(distributor.ask(Complete(outcomes=[_do(given) for given in tasks])))
            done += len(tasks)
            if done < n:
                claims.append(distributor.ask(_claim()))
        for future in outcomes:
            future.result()
        seconds = time.perf_counter() - start
        self._close()  # what the last claims took beyond n goes back with the node
        return seconds

    def idle_latencies(self, payloads: Sequence[str], gaps: Sequence[float], timeout: float) -> list[float]:
        distributor = self._open()
        distributor.call(SetPool(pool="idle"))
        distributor.call(SetQueue(queue="idle", policy=QueuePolicy(pool="idle")))
        distributor.call(Register(agent=AgentSpec(name="idle", slots=2, pool="idle"), local=True, replace=True))
        handler = _IdleHandler(distributor)
        end = time.perf_counter() + timeout
        latencies = []
        for each, gap in zip(payloads, gaps, strict=True):
            time.sleep(gap)
            handler.started.clear()
            start = time.perf_counter()
            distributor.call(Submit(tasks=[_task(each, queue="idle")]))
            if not handler.started.wait(max(0.0, end - time.perf_counter())):
                break
            latencies.append(handler.at - start)
        handler.stop()
        return latencies

    def start_agent(self, log: Path) -> AgentProcess:
        self._close()  # one process at a time owns a SQLite file
        return killing.start_agent_process("bench.rota_subject", self._where, log)

    def close(self) -> None:
        self._close()

    def _open(self) -> Distributor:
        if self._distributor is None:
            self._distributor = Distributor.open(self._where)
        return self._distributor

    def _close(self) -> None:
        if self._distributor is not None:
            self._distributor.close()
            self._distributor = None


class _IdleHandler:
    """An agent's loop on a thread of its own, as an in-process handler runs."""

    def __init__(self, distributor: Distributor) -> None:
        self.started = threading.Event()
        self.at = 0.0
        self._distributor = distributor
        self._stopping = False
        self._claim = self._listen()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def _listen(self) -> Future[Any]:
        return self._distributor.ask(Claim(agent="idle", wait=40.0))

    def _loop(self) -> None:
        while not self._stopping:
            claimed: Claimed = self._claim.result()
            if claimed.tasks:
                self.at = time.perf_counter()
                self.started.set()
                self._distributor.ask(Complete(outcomes=[_do(given) for given in claimed.tasks]))
            self._claim = self._listen()

    def stop(self) -> None:
        self._stopping = True


def run_agent(where: str, log: Path) -> None:
    """Does tasks until it is killed: what `killing.start_agent_process` runs in its own process."""
    distributor = _open_when_free(where)
    agent = AgentSpec(name="agent", slots=_KILL_SLOTS)
    distributor.call(Register(agent=agent, local=True, replace=True, instance=str(os.getpid())))
    threads = [threading.Thread(target=_one_slot, args=(distributor, log)) for _ in range(_KILL_SLOTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _open_when_free(where: str) -> Distributor:
    # The subject closes the file just before it starts this process; the lock is free within a moment.
    while True:
        try:
            return Distributor.open(where)
        except RotaError as error:
            if error.code != "owned":
                raise
            time.sleep(0.01)


def _one_slot(distributor: Distributor, log: Path) -> None:
    while True:
        claimed: Claimed = distributor.call(Claim(agent="agent", wait=40.0))
        for given in claimed.tasks:
            killing.do_task(given.payload, log)
            distributor.call(Complete(outcomes=[Done(task=given.task, token=given.token)]))


def _task(text: str, queue: str = "default") -> TaskSpec:
    return TaskSpec(title="no-op", payload=text, queue=queue)


def _claim() -> Claim:
    return Claim(agent="drain", n=_AT_ONCE, wait=5.0)


def _do(given: Given) -> Done:
    return Done(task=given.task, token=given.token)
