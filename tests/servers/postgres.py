"""A real PostgreSQL server for tests, without Docker and without root."""

from __future__ import annotations

import signal
import subprocess
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg

from tests.servers import databases
from tests.servers.account import account
from tests.servers.folder import ServerFolder
from tests.servers.processes import await_end
from tests.servers.programs import postgres_programs

START_SECONDS = 60
STOP_SECONDS = 60

COMMON_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "32MB",
    # In the data folder, so that a killed server leaves nothing in the machine's shared memory.
    "dynamic_shared_memory_type": "mmap",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
DURABLE_SETTINGS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off"}


class PostgresServer:
    """A server of our own in a temporary folder, reached by a Unix socket alone, so any number can run.

    A durable one syncs every commit, for tests that kill it; the others sync nothing and are faster.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._programs = postgres_programs()
        self._folder = ServerFolder()
        try:
            self._initialise()
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def dsn(self) -> str:
        """A URL of the server's own database, as superuser."""
        return databases.with_database(f"host={self.folder} user=postgres", "postgres")

    @property
    def pid(self) -> int:
        """The process that all others of the server descend from."""
        if self._process is None:
            raise RuntimeError("This PostgreSQL server is stopped: call start() first.")
        return self._process.pid

    @property
    def guard_pid(self) -> int:
        """The process that cleans up should ours be killed."""
        return self._folder.guard_pid

    @property
    def folder(self) -> Path:
        """All that the server has on disk; its log is `log` in there."""
        return self._folder.path

    def create_database(self) -> str:
        """Makes an empty database and answers its DSN."""
        return databases.create_database(self.dsn)

    def drop_database(self, dsn: str) -> None:
        """Removes the database, and whoever is still connected to it."""
        databases.drop_database(self.dsn, dsn)

    def start(self) -> None:
        """Starts the server, after a crash with its recovery, and returns when it answers."""
        settings = COMMON_SETTINGS | (DURABLE_SETTINGS if self.durable else FAST_SETTINGS)
        options = [f"--{name}={value}" for name, value in settings.items()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, "-k", self.folder, *options],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop the server
                **account(),
            )
        self._folder.holds(self._process.pid)
        self._await_answer(self._process)

    def stop(self) -> None:
        """Stops the server in good order, cutting its connections. Does nothing when it is stopped."""
        self._end(signal.SIGINT)

    def restart(self) -> None:
        """Stops the server in good order, unless it is dead already, and starts it again on the same data."""
        self.stop()
        self.start()

    def kill9(self) -> None:
        """Kills all processes of the server at once, without any chance to tidy up."""
        postmaster = psutil.Process(self.pid)
        postmaster.suspend()  # it must not make new ones meanwhile
        doomed = [*postmaster.children(recursive=True), postmaster]
        for process in doomed:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._end(signal.SIGKILL)
        await_end(doomed, STOP_SECONDS)

    def close(self) -> None:
        """Ends the server without ceremony and removes its folder."""
        self._end(signal.SIGQUIT)
        self._remove_shared_memory()
        self._folder.close()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _initialise(self) -> None:
        done = subprocess.run(
            [
                *(self._programs / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust"),
                *("-E", "UTF8", "--locale=C", "--no-sync"),
            ],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            **account(),
        )
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        step = 0.02
        for _ in range(round(START_SECONDS / step)):
            with suppress(psycopg.OperationalError), psycopg.connect(self.dsn):
                return
            with suppress(subprocess.TimeoutExpired):
                process.wait(step)
                self._end(signal.SIGKILL)
                raise RuntimeError(f"PostgreSQL did not start:\n{self._last_words()}")
        raise RuntimeError(f"PostgreSQL does not answer after {START_SECONDS} s:\n{self._last_words()}")

    def _last_words(self) -> str:
        with self._log.open(errors="replace") as lines:
            return "".join(deque(lines, maxlen=20))

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        # Through Popen, which knows whether the process was reaped: its number may be another's by now.
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._folder.holds(None)

    def _remove_shared_memory(self) -> None:
        """A server that was killed and not started again leaves a System V segment; its pid file names it."""
        with suppress(FileNotFoundError, IndexError):
            _key, segment = (self._data / "postmaster.pid").read_text().splitlines()[6].split()
            subprocess.run(["ipcrm", "-m", segment], capture_output=True, check=False)


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A server that lasts as long as the `with` block."""
    server = PostgresServer(durable=durable)
    try:
        yield server
    finally:
        server.close()
