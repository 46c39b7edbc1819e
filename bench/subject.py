"""Whom the benchmark measures: what a subject has to offer, and the table of all subjects.

A subject is a module with `open_subject(where: str) -> Subject`. `where` is the path of a SQLite file or the
DSN of a PostgreSQL database. It is empty the first time; later another process may open the same place again.
A module whose `start_agent` is `bench.killing.start_agent_process(__name__, where, log)` also has
`run_agent(where: str, log: Path)`, which does tasks until it is killed.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec


class AgentProcess(Protocol):
    """A process that does tasks. A `subprocess.Popen` is one."""

    def kill(self) -> None:
        """SIGKILL, now."""

    def wait(self, timeout: float | None = None) -> int: ...


class Subject(Protocol):
    """One distributor on one database, in a process of its own.

    Each method times itself, so that an asynchronous library runs in its own loop with nothing between.
    Times are in seconds by `time.perf_counter`. All tasks go to one queue, "work", unless said otherwise; a
    task is durable when the call that submitted it returns. A method that waits gives up with `TimeoutError`.
    """

    settings: str  # how the library is used, durability included; printed below the table

    def fill(self, n: int) -> None:
        """Submits n tasks as fast as it can, with `bench.cells.payload`.

        On PostgreSQL it ends with `bench.places.analyse`, lest anybody be measured on plans for empty tables.
        """

    def submit_each(self, payloads: Sequence[str]) -> float:
        """Submits one after the other; returns the seconds all of it took."""
        ...

    def submit_batches(self, batches: Sequence[Sequence[str]]) -> float:
        """Submits batch after batch, each at once if the library can; returns the seconds all of it took."""
        ...

    def drain(self, n: int, timeout: float) -> float:
        """Does the first n waiting tasks in process, by a handler that does nothing.

        Returns the seconds from the start of the agents until the n-th outcome is stored.
        """
        ...

    def idle_latencies(self, payloads: Sequence[str], gaps: Sequence[float], timeout: float) -> list[float]:
        """One task at a time to a queue "idle" that an agent listens to and that is empty.

        Waits `gaps[i]` seconds before it submits `payloads[i]`. Returns for each the seconds from just before
        the submit call to the first line of the handler; fewer when the time is over. What waits in "work" is
        not for this agent.
        """
        ...

    def start_agent(self, log: Path) -> AgentProcess:
        """Starts a process that does the tasks of "work" by `bench.killing.do_task` until it is killed."""
        ...

    def close(self) -> None: ...


CELLS = ("memory", "idle", "drain", "submit-one", "submit-batch", "kill")  # in the order in which they run
_PEERS_CELLS = CELLS[1:]


class Entry(msgspec.Struct, frozen=True):
    """A line of the table: which subject, and which backlogs it is measured at."""

    name: str
    database: str  # "sqlite" or "postgresql"
    module: str
    needs: tuple[str, ...] = ()  # packages to import; one that is missing means "not installed"
    backlogs: tuple[int, ...] = (0,)
    backlogs_quick: tuple[int, ...] = (0,)
    cells: tuple[str, ...] = _PEERS_CELLS

    def missing(self) -> list[str]:
        """What would have to be installed to measure this."""
        return [name for name in (*self.needs, self.module) if not _can_import(name)]


def _can_import(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


OURS = "rota"
_OUR_BACKLOGS = (0, 1_000, 100_000, 1_000_000)

SUBJECTS = (
    Entry(OURS, "sqlite", "bench.rota_sqlite", ("apsw",), _OUR_BACKLOGS, (0, 1_000), CELLS),
    Entry(OURS, "postgresql", "bench.rota_postgres", ("psycopg",), _OUR_BACKLOGS, (0, 1_000), CELLS),
    Entry("huey", "sqlite", "bench.peers.huey_sqlite", ("huey",), (0, 100_000)),
    Entry("procrastinate", "postgresql", "bench.peers.procrastinate_postgres", ("procrastinate",), (0, 100_000)),
    Entry("pgqueuer", "postgresql", "bench.peers.pgqueuer_postgres", ("pgqueuer", "asyncpg", "uvloop"), (0, 100_000)),
)
