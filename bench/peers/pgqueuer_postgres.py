"""PgQueuer on PostgreSQL: an asyncio loop that takes rows and writes outcomes in batches."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import uvloop
from pgqueuer import Job, PgQueuer, Queries

from bench import killing
from bench.cells import payload
from bench.places import analyse
from bench.progress import Countdown, shown
from bench.subject import AgentProcess

_DRAIN_BATCH = 100  # default 10; its guide says to raise it for short tasks
_KILL_TASKS = 20  # at once: the least it allows with its default batch of 10

T = TypeVar("T")


class PgQueuerPostgres:
    settings = (
        "asyncpg, uvloop, logged tables (durability: durable), its autovacuum settings; submit in batches:"
        f" enqueue(lists); drain: 2 managers in 1 process, batch_size={_DRAIN_BATCH}; idle, kill: batch_size=10;"
        f" kill: max_concurrent_tasks={_KILL_TASKS}, heartbeat_timeout 30 s as by default"
    )

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        _run(self._install())

    def fill(self, n: int) -> None:
        payloads = [payload(number) for number in range(n)]
        self.submit_batches([payloads[first : first + 5_000] for first in range(0, n, 5_000)])
        analyse(self._dsn)

    def submit_each(self, payloads: Sequence[str]) -> float:
        async def submit(queries: Queries) -> None:
            for each in payloads:
                await queries.enqueue("work", each.encode())

        return _run(self._timed(submit))

    def submit_batches(self, batches: Sequence[Sequence[str]]) -> float:
        async def submit(queries: Queries) -> None:
            for batch in batches:
                await queries.enqueue(["work"] * len(batch), [each.encode() for each in batch], [0] * len(batch))

        return _run(self._timed(submit))

    def drain(self, n: int, timeout: float) -> float:
        return _run(self._drain(n, timeout))

    def idle_latencies(self, payloads: Sequence[str], gaps: Sequence[float], timeout: float) -> list[float]:
        return _run(self._idle_latencies(payloads, gaps, timeout))

    def start_agent(self, log: Path) -> AgentProcess:
        return killing.start_agent_process(__name__, self._dsn, log)

    def close(self) -> None:
        """Nothing stays open: each method makes its own connections."""

    async def _install(self) -> None:
        async with _queries(self._dsn) as queries:
            if not await queries.schema_is_installed():
                await queries.install()
                await queries.optimize_autovacuum()

    async def _timed(self, submit: Callable[[Queries], Awaitable[None]]) -> float:
        async with _queries(self._dsn) as queries:
            start = time.perf_counter()
            await submit(queries)
            return time.perf_counter() - start

    async def _drain(self, n: int, timeout: float) -> float:
        async with _manager(self._dsn) as one, _manager(self._dsn) as other:
            managers = (one, other)  # two beat one, whose loop waits for the database in turn; five were slower

            def stop() -> None:
                for manager in managers:
                    manager.shutdown.set()

            countdown = Countdown(n, stop)

            async def work(_: Job) -> None:
                countdown.hit()

            for manager in managers:
                manager.entrypoint("work")(work)
            runs = [manager.run(batch_size=_DRAIN_BATCH) for manager in managers]
            try:
                async with asyncio.timeout(timeout):
                    with shown(countdown):
                        start = time.perf_counter()
                        await asyncio.gather(*runs)  # ends when the buffered outcomes are stored
                        return time.perf_counter() - start
            except TimeoutError:
                raise TimeoutError(f"{countdown} in {timeout:.0f} s") from None

    async def _idle_latencies(self, payloads: Sequence[str], gaps: Sequence[float], timeout: float) -> list[float]:
        started: asyncio.Queue[float] = asyncio.Queue()

        async def work(_: Job) -> None:
            started.put_nowait(time.perf_counter())

        latencies: list[float] = []
        async with _manager(self._dsn) as manager, _queries(self._dsn) as queries:
            manager.entrypoint("idle")(work)
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout), asyncio.TaskGroup() as group:
                    group.create_task(manager.run())
                    for each, gap in zip(payloads, gaps, strict=True):
                        await asyncio.sleep(gap)
                        before = time.perf_counter()
                        await queries.enqueue("idle", each.encode())
                        latencies.append(await started.get() - before)
                    manager.shutdown.set()
        return latencies


def open_subject(where: str) -> PgQueuerPostgres:
    return PgQueuerPostgres(where)


def run_agent(where: str, log: Path) -> None:
    async def work(job: Job) -> None:
        await killing.do_task_async((job.payload or b"").decode(), log)

    async def run() -> None:
        async with _manager(where) as manager:
            manager.entrypoint("work")(work)
            await manager.run(max_concurrent_tasks=_KILL_TASKS)

    _run(run())


def _run(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        return loop.run(main)


@asynccontextmanager
async def _connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def _queries(dsn: str) -> AsyncIterator[Queries]:
    async with _connection(dsn) as connection:
        yield Queries.from_asyncpg_connection(connection)


@asynccontextmanager
async def _manager(dsn: str) -> AsyncIterator[PgQueuer]:
    async with _connection(dsn) as connection:
        yield PgQueuer.from_asyncpg_connection(connection)
