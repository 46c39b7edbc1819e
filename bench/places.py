"""Where subjects keep tasks: a fresh SQLite file, or a fresh database on one PostgreSQL server that syncs."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.servers.databases import DatabaseServer

_STATED = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "shared_buffers",
    "max_wal_size",
)


def analyse(dsn: str) -> None:
    """Gives PostgreSQL's planner statistics of the tables as they are, as any longer day would."""
    import psycopg

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("vacuum analyze")


class Places:
    """For a `with` block. The PostgreSQL server starts when it is first needed and ends with the block.

    The environment variable TMPDIR moves all of it to another disk.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._server: DatabaseServer | None = None
        self._folder = ""

    def __enter__(self) -> "Places":
        self._folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="rota-bench-"))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def fresh(self, database: str) -> Iterator[str]:
        """A path or a DSN; what it names is removed afterwards."""
        if database == "sqlite":
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                yield str(Path(folder, "tasks.db"))
            return
        server = self._started()
        dsn = server.create_database()
        try:
            yield dsn
        finally:
            server.drop_database(dsn)

    def postgresql(self) -> str:
        """Version and settings as the server states them; empty when none was needed."""
        if self._server is None:
            return ""
        import psycopg

        with psycopg.connect(self._server.dsn) as connection:
            values = [connection.execute("select current_setting(%s)", [name]).fetchone() for name in _STATED]
        version, *settings = [str(value[0]) for value in values if value]
        return ", ".join([version, *(f"{name} {value}" for name, value in zip(_STATED[1:], settings, strict=True))])

    def _started(self) -> "DatabaseServer":
        if self._server is None:
            from tests.servers.databases import GivenServer
            from tests.servers.postgres import running_postgres

            given = os.environ.get("ROTA_TEST_POSTGRES")
            self._server = GivenServer(given) if given else self._stack.enter_context(running_postgres(durable=True))
        return self._server
