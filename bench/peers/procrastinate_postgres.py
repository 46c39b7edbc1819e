"""Procrastinate on PostgreSQL: an asyncio loop that takes one row at a time and runs several at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from procrastinate import App, PsycopgConnector

from bench import killing
from bench.cells import payload
from bench.places import analyse
from bench.progress import Countdown, shown
from bench.subject import AgentProcess

_DRAIN_TASKS = 10  # at once
_KILL_TASKS = 4
_CONNECTIONS = 10

Handler = Callable[[str], Awaitable[None]]


class ProcrastinatePostgres:
    settings = (
        f"psycopg, pool of up to {_CONNECTIONS} connections; submit in batches: batch_defer_async; drain:"
        f" 1 process, concurrency={_DRAIN_TASKS}, done tasks kept as by default; idle: LISTEN and a poll every"
        f" 5 s, as by default; kill: concurrency={_KILL_TASKS}, defaults: a stalled task is retried only by"
        " a periodic task that its user has to add"
    )

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        asyncio.run(self._install())

    def fill(self, n: int) -> None:
        payloads = [payload(number) for number in range(n)]
        self.submit_batches([payloads[first : first + 5_000] for first in range(0, n, 5_000)])
        analyse(self._dsn)

    def submit_each(self, payloads: Sequence[str]) -> float:
        async def submit(task: Any) -> None:
            for each in payloads:
                await task.defer_async(each=each)

        return asyncio.run(self._timed(submit))

    def submit_batches(self, batches: Sequence[Sequence[str]]) -> float:
        async def submit(task: Any) -> None:
            for batch in batches:
                await task.batch_defer_async(*({"each": each} for each in batch))

        return asyncio.run(self._timed(submit))

    def drain(self, n: int, timeout: float) -> float:
        return asyncio.run(self._drain(n, timeout))

    def idle_latencies(self, payloads: Sequence[str], gaps: Sequence[float], timeout: float) -> list[float]:
        return asyncio.run(self._idle_latencies(payloads, gaps, timeout))

    def start_agent(self, log: Path) -> AgentProcess:
        return killing.start_agent_process(__name__, self._dsn, log)

    def close(self) -> None:
        """Nothing stays open: each method opens its own app."""

    async def _install(self) -> None:
        app, _ = _app(self._dsn, "work", _nothing)
        async with app.open_async():
            if not await app.check_connection_async():
                await app.schema_manager.apply_schema_async()

    async def _timed(self, submit: Callable[[Any], Awaitable[None]]) -> float:
        app, task = _app(self._dsn, "work", _nothing)
        async with app.open_async():
            start = time.perf_counter()
            await submit(task)
            return time.perf_counter() - start

    async def _drain(self, n: int, timeout: float) -> float:
        reached = asyncio.Event()
        countdown = Countdown(n, reached.set)

        async def handler(_: str) -> None:
            countdown.hit()

        app, _ = _app(self._dsn, "work", handler)
        async with app.open_async():
            start = time.perf_counter()
            try:
                with shown(countdown):
                    async with asyncio.timeout(timeout), asyncio.TaskGroup() as group:
                        agent = group.create_task(_agent(app, "work", _DRAIN_TASKS))
                        await reached.wait()
                        agent.cancel()  # it ends when the outcomes of what runs are stored
            except TimeoutError:
                raise TimeoutError(f"{countdown} in {timeout:.0f} s") from None
            return time.perf_counter() - start

    async def _idle_latencies(self, payloads: Sequence[str], gaps: Sequence[float], timeout: float) -> list[float]:
        started: asyncio.Queue[float] = asyncio.Queue()

        async def handler(_: str) -> None:
            started.put_nowait(time.perf_counter())

        app, task = _app(self._dsn, "idle", handler)
        latencies: list[float] = []
        async with app.open_async():
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout), asyncio.TaskGroup() as group:
                    agent = group.create_task(_agent(app, "idle", 1))
                    for each, gap in zip(payloads, gaps, strict=True):
                        await asyncio.sleep(gap)
                        before = time.perf_counter()
                        await task.defer_async(each=each)
                        latencies.append(await started.get() - before)
                    agent.cancel()
        return latencies


def open_subject(where: str) -> ProcrastinatePostgres:
    return ProcrastinatePostgres(where)


def run_agent(where: str, log: Path) -> None:
    async def handler(each: str) -> None:
        await killing.do_task_async(each, log)

    app, _ = _app(where, "work", handler)
    app.run_worker(queues=["work"], concurrency=_KILL_TASKS)


def _app(dsn: str, queue: str, handler: Handler) -> tuple[App, Any]:
    """An app and its one task, which goes by the same name whatever it does."""
    app = App(connector=PsycopgConnector(conninfo=dsn, min_size=4, max_size=_CONNECTIONS))

    async def work(each: str) -> None:
        await handler(each)

    return app, app.task(name="work", queue=queue)(work)


async def _nothing(_: str) -> None: ...


async def _agent(app: App, queue: str, tasks: int) -> None:
    await app.run_worker_async(queues=[queue], concurrency=tasks, install_signal_handlers=False)
