"""Huey on SQLite: threads that poll one table. A task is forgotten when handed out, not when done."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from huey import SqliteHuey

from bench import killing
from bench.cells import payload
from bench.progress import Countdown, shown
from bench.subject import AgentProcess

_DRAIN_THREADS = 1  # more only wait for the file's one write lock: 2, 4 and 8 were slower here
_KILL_THREADS = 4
_POLL = 0.01  # seconds; by default 0.1, growing to 10 while nothing comes


class HueySqlite:
    def __init__(self, path: str) -> None:
        self._path = path
        synchronous = _huey(path, "work").storage.sql("pragma synchronous", results=True)[0][0]
        self.settings = (
            f"SqliteHuey(fsync=True): WAL, synchronous={synchronous}; it submits no batches; drain:"
            f" {_DRAIN_THREADS} thread; idle: 1 thread, polling every {_POLL * 1e3:.0f} ms (default: 100 ms,"
            f" growing to 10 s); kill: {_KILL_THREADS} threads"
        )

    def fill(self, n: int) -> None:
        huey, task = _task(self._path, "work", _nothing)
        rows = ((huey.name, huey.serialize_task(task.s(payload(number))), 0) for number in range(n))
        with huey.storage.db(commit=True) as cursor:  # one transaction, where Huey itself makes one a task
            cursor.executemany("insert into task (queue, data, priority) values (?, ?, ?)", rows)

    def submit_each(self, payloads: Sequence[str]) -> float:
        _, task = _task(self._path, "work", _nothing)
        start = time.perf_counter()
        for each in payloads:
            task(each)
        return time.perf_counter() - start

    def submit_batches(self, batches: Sequence[Sequence[str]]) -> float:
        _, task = _task(self._path, "work", _nothing)
        start = time.perf_counter()
        for batch in batches:
            task.map(batch)
        return time.perf_counter() - start

    def drain(self, n: int, timeout: float) -> float:
        reached = threading.Event()
        countdown = Countdown(n, reached.set)
        huey, _ = _task(self._path, "work", lambda _: countdown.hit())
        with shown(countdown):
            start = time.perf_counter()
            with _consumer(huey, _DRAIN_THREADS):
                if not reached.wait(timeout):
                    raise TimeoutError(f"{countdown} in {timeout:.0f} s")
                return time.perf_counter() - start  # a task without a result leaves nothing to store

    def idle_latencies(self, payloads: Sequence[str], gaps: Sequence[float], timeout: float) -> list[float]:
        started: queue.SimpleQueue[float] = queue.SimpleQueue()
        huey, task = _task(self._path, "idle", lambda _: started.put(time.perf_counter()))
        latencies: list[float] = []
        end = time.perf_counter() + timeout
        with _consumer(huey, 1), suppress(queue.Empty):
            for each, gap in zip(payloads, gaps, strict=True):
                time.sleep(gap)
                before = time.perf_counter()
                task(each)
                latencies.append(started.get(timeout=max(0.0, end - before)) - before)
        return latencies

    def start_agent(self, log: Path) -> AgentProcess:
        return killing.start_agent_process(__name__, self._path, log)

    def close(self) -> None:
        """Nothing stays open: each method makes its own Huey."""


def open_subject(where: str) -> HueySqlite:
    return HueySqlite(where)


def run_agent(where: str, log: Path) -> None:
    huey, _ = _task(where, "work", lambda each: killing.do_task(each, log))
    huey.create_consumer(workers=_KILL_THREADS, periodic=False).run()


def _huey(path: str, queue_name: str) -> Any:
    return SqliteHuey(queue_name, filename=path, fsync=True)


def _task(path: str, queue_name: str, handler: Callable[[str], object]) -> tuple[Any, Any]:
    """A Huey and its one task, which goes by the same name whatever it does."""
    huey = _huey(path, queue_name)

    def work(each: str) -> None:
        handler(each)

    return huey, huey.task(name="work")(work)


def _nothing(_: str) -> None: ...


@contextmanager
def _consumer(huey: Any, threads: int) -> Iterator[None]:
    consumer = huey.create_consumer(workers=threads, periodic=False, initial_delay=_POLL, max_delay=_POLL)
    consumer.start()
    try:
        yield
    finally:
        consumer.stop(graceful=True)
