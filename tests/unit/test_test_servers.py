"""The test servers themselves: what a crash test rests on must hold."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.servers.databases import DatabaseServer, with_database
from tests.servers.postgres import PostgresServer
from tests.servers.processes import await_end, existing, is_alive

ROOT = Path(__file__).parents[2]

ABANDON = """
import os, signal
from tests.servers.postgres import PostgresServer
from tests.servers.processes import await_end, existing, is_alive
server = PostgresServer()
print(server.pid, server.guard_pid, server.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_durable_server_keeps_what_was_committed_and_nothing_else_over_kill_9(
    durable_postgres: PostgresServer,
) -> None:
    dsn = durable_postgres.create_database()
    with psycopg.connect(dsn) as connection:
        connection.execute("create table note (text text not null)")
        connection.execute("insert into note values ('kept')")
    unfinished = psycopg.connect(dsn)
    unfinished.execute("insert into note values ('lost')")

    first_pid = durable_postgres.pid
    durable_postgres.kill9()

    with pytest.raises(psycopg.OperationalError):
        unfinished.execute("select 1")
    unfinished.close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)

    durable_postgres.restart()

    assert durable_postgres.pid != first_pid
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select text from note").fetchall() == [("kept",)]
        assert connection.execute("show fsync").fetchone() == ("on",)


def test_a_server_is_restarted_in_good_order(durable_postgres: PostgresServer) -> None:
    dsn = durable_postgres.create_database()
    with psycopg.connect(dsn) as connection:
        connection.execute("create table note (text text not null)")

    durable_postgres.restart()

    with psycopg.connect(dsn) as connection:
        assert connection.execute("select count(*) from note").fetchone() == (0,)


def test_kill_9_leaves_no_process(durable_postgres: PostgresServer) -> None:
    family = [psutil.Process(durable_postgres.pid)]
    family += family[0].children(recursive=True)
    assert len(family) > 1

    durable_postgres.kill9()

    assert [process for process in family if is_alive(process)] == []


def test_a_killed_test_run_leaves_neither_server_nor_folder() -> None:
    run = subprocess.run([sys.executable, "-c", ABANDON], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == -signal.SIGKILL, run.stderr
    server_pid, guard_pid, folder = run.stdout.split()

    assert await_end(existing(int(server_pid), int(guard_pid)), 30) == []
    assert not Path(folder).exists()


def test_each_database_is_new_and_empty(postgres_server: DatabaseServer, postgres_dsn: str) -> None:
    other = postgres_server.create_database()
    assert other != postgres_dsn
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute("create table mine ()")
    with psycopg.connect(other) as connection:
        assert connection.execute("select to_regclass('mine')").fetchone() == (None,)

        postgres_server.drop_database(other)

        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")


@pytest.mark.parametrize(
    "dsn",
    [
        "host=/tmp/a user=me dbname=old",
        "postgresql://me@/old?host=%2Ftmp%2Fa",
        "postgresql:///old?host=/tmp/a&user=me",
    ],
)
def test_the_dsn_of_another_database_keeps_all_but_the_name(dsn: str) -> None:
    same_but_name = {"host": "/tmp/a", "user": "me", "dbname": "a b/c"}
    assert conninfo_to_dict(with_database(dsn, "a b/c")) == same_but_name
