"""A PostgreSQL that can not be used: what is wrong is said, secrets are not."""

from __future__ import annotations

import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from rota.model.errors import RotaError
from rota.store.postgres import SAME_KEY, PostgresStore
from rota.store.postgres_connect import shown
from rota.store.protocol import Rerun
from rota.store.sql.relations import ADD_UNIQUE, UNIQUE_TASKS
from rota.store.statement import One
from tests.servers.databases import DatabaseServer
from tests.servers.postgres import PostgresServer, running_postgres
from tests.store.places import POSTGRES, Place

SECRET = "s3cr3t-word"


@pytest.fixture(scope="module")
def strict_server() -> Iterator[PostgresServer]:
    """A server that asks the account `locked` for its password."""
    with running_postgres() as server:
        rules = server.folder / "data" / "pg_hba.conf"
        rules.write_text(f"local all locked scram-sha-256\n{rules.read_text()}")
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE locked LOGIN PASSWORD '{SECRET}'; CREATE ROLE plain LOGIN")
            connection.execute("SELECT pg_reload_conf()")
        yield server


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rota.store.postgres_connect.PATIENCE_S", 0.2)


def refusal(dsn: str) -> RotaError:
    """The refusal to open or to use the database, which must not give away the password."""
    with pytest.raises(RotaError) as refused:
        Place(POSTGRES, dsn).start().close()
    told = "".join(traceback.format_exception(refused.value)) + repr(refused.value.as_dict())
    assert SECRET not in told
    return refused.value


def test_a_wrong_password(strict_server: PostgresServer) -> None:
    right = make_conninfo(strict_server.create_database(), user="locked", password=SECRET)
    with closing(PostgresStore(right)) as store:
        assert SECRET not in store.name
    found = refusal(make_conninfo(right, password=f"not-{SECRET}"))
    assert found.code == "database_refused"
    assert "password" in found.message


def test_no_password(strict_server: PostgresServer) -> None:
    assert refusal(make_conninfo(strict_server.dsn, user="locked")).code == "database_refused"


def test_an_account_without_rights(strict_server: PostgresServer) -> None:
    found = refusal(make_conninfo(strict_server.create_database(), user="plain"))
    assert found.code == "database_refused"
    assert "permission denied" in found.message


def test_an_unknown_database(postgres_server: DatabaseServer) -> None:
    found = refusal(make_conninfo(postgres_server.dsn, dbname="nowhere", password=SECRET))
    assert found.code == "database_refused"
    assert '"nowhere" does not exist' in found.message


def test_an_unknown_account(postgres_server: DatabaseServer) -> None:
    assert refusal(make_conninfo(postgres_server.dsn, user="nobody-at-all")).code == "database_refused"


def test_no_server(tmp_path: Path) -> None:
    found = refusal(make_conninfo(host=str(tmp_path), user="me", password=SECRET, dbname="work"))
    assert found.code == "unavailable"
    assert f"postgresql://me@/work?host={tmp_path}" in found.message


@pytest.mark.parametrize(
    "dsn",
    [
        f"postgresql://me:{SECRET}@host:port/work",
        f"postgresql://me:{SECRET}@host/work?colour=red",
        f"host=x password={SECRET} colour=red",
        f"postgresql//me:{SECRET}@host/work",
        f"postgresql://me:{SECRET}@host:99999999/work",
        "postgresql://%zz",
    ],
)
def test_an_address_that_is_none(dsn: str) -> None:
    assert refusal(dsn).code == "database_refused"


@pytest.mark.parametrize(
    ("dsn", "name"),
    [
        (f"postgresql://me:{SECRET}@host:5433/work", "postgresql://me@host:5433/work"),
        (f"postgres://me:{SECRET}@host/work?sslmode=require&sslpassword={SECRET}", "postgresql://me@host/work"),
        (f"host=/run/pg user=me dbname='my work' password={SECRET}", "postgresql://me@/my%20work?host=/run/pg"),
        (f"user=me password={SECRET} passfile=/x/{SECRET}", "postgresql://me@/"),
        ("postgresql:///", "postgresql:///"),
    ],
)
def test_a_name_has_no_secrets(dsn: str, name: str) -> None:
    assert shown(dsn) == name


def test_an_old_server(empty_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rota.store.postgres_connect.OLDEST", 990_000)
    found = refusal(empty_dsn)
    assert found.code == "database_refused"
    assert "Rota needs 99 or newer" in found.message


def test_another_encoding(postgres_server: DatabaseServer) -> None:
    with psycopg.connect(postgres_server.dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
        try:
            found = refusal(make_conninfo(postgres_server.dsn, dbname="latin"))
        finally:
            connection.execute("DROP DATABASE latin WITH (FORCE)")
    assert found.code == "database_refused"
    assert "LATIN1" in found.message


def test_a_database_that_takes_no_writes(postgres_server: DatabaseServer) -> None:
    dsn = postgres_server.create_database()
    with psycopg.connect(postgres_server.dsn, autocommit=True) as connection:
        name = sql.Identifier(str(conninfo_to_dict(dsn)["dbname"]))
        connection.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
    found = refusal(dsn)
    postgres_server.drop_database(dsn)
    assert found.code == "read_only"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("53100", "full_disk"),
        ("53200", "unavailable"),
        ("57014", "unavailable"),
        ("25006", "read_only"),
        ("42501", "database_refused"),
        ("XX001", "corrupt_database"),
        ("58030", "unavailable"),
    ],
)
def test_an_error_in_a_turn(empty_dsn: str, state: str, code: str) -> None:
    """Whatever the server raises, in a turn or at its end, the next turn finds a usable store."""
    raising = One("raising", f"DO $$ BEGIN RAISE EXCEPTION 'out of luck' USING ERRCODE = '{state}'; END $$")
    store = Place(POSTGRES, empty_dsn).start()
    with pytest.raises(RotaError, match="out of luck") as refused, store.write() as t:
        t.one(raising)
    assert refused.value.code == code
    assert store.name in refused.value.message
    with store.write() as t:
        assert t.each(UNIQUE_TASKS, [("a",)]) == []
    with pytest.raises(RotaError, match="out of luck"), store.read() as reader:
        reader.one(raising)
    store.close()


@pytest.mark.parametrize("state", ["40001", "40P01", "23505", "55P03"])
def test_an_error_that_passes(empty_dsn: str, state: str) -> None:
    store = Place(POSTGRES, empty_dsn).start()
    raising = One("raising", f"DO $$ BEGIN RAISE EXCEPTION 'bad luck' USING ERRCODE = '{state}'; END $$")
    with pytest.raises(Rerun) as again, store.write() as t:
        t.one(raising)
    assert not again.value.committed
    store.close()


def test_an_error_of_ours(empty_dsn: str) -> None:
    """It is reported as it is: running the turn again would not help, and refusing would hide it."""
    store = Place(POSTGRES, empty_dsn).start()
    with pytest.raises(psycopg.errors.UndefinedTable), store.write() as t:
        t.one(One("wrong", "SELECT thing FROM nowhere"))
    store.close()


def test_two_nodes_use_one_key(empty_dsn: str) -> None:
    """The second waits for the first, and is run again: then it finds what the first wrote."""
    first, second = (Place(POSTGRES, empty_dsn).start() for _ in range(2))
    ends: list[object] = []

    def turn() -> None:
        try:
            with second.write() as t:
                t.add(ADD_UNIQUE, [("a", 2)])
        except Rerun as again:
            ends.append(again.reason)

    with first.write() as t:
        t.add(ADD_UNIQUE, [("a", 1)])
        t.each(UNIQUE_TASKS, [("a",)])
        waiting = threading.Thread(target=turn)
        waiting.start()
        with psycopg.connect(empty_dsn, autocommit=True) as observer:
            while not observer.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall():
                observer.execute("SELECT pg_sleep(0.01)")
    waiting.join(30)
    assert ends == ["another node used the same key in the same moment"]
    with second.write() as t:
        assert t.each(UNIQUE_TASKS, [("a",)]) == [("a", 1)]
    first.close()
    second.close()


def test_a_key_that_stays_in_use_is_a_mistake_of_ours(empty_dsn: str) -> None:
    """It is not run again for ever."""
    store = Place(POSTGRES, empty_dsn).start()

    def turn() -> None:
        with store.write() as t:
            t.add(ADD_UNIQUE, [("a", 1), ("a", 2)])

    for _ in range(SAME_KEY):
        with pytest.raises(Rerun):
            turn()
    with pytest.raises(psycopg.errors.UniqueViolation):
        turn()
    store.close()


def test_without_the_driver(empty_dsn: str) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from rota.model.errors import RotaError\n"
        "from rota.operations.distributor import Distributor\n"
        "try: Distributor.open(sys.argv[1])\n"
        "except RotaError as error: print(error.code, error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, empty_dsn], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("no_driver PostgreSQL needs the extra rota[postgres]")


def test_check(empty_dsn: str) -> None:
    store = Place(POSTGRES, empty_dsn).start()
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        unsafe = connection.execute("SELECT current_setting('fsync') = 'off'").fetchall()[0][0]
        assert any("fsync is off" in text for text in store.check()) == unsafe
        before = len(store.check())
        connection.execute("UPDATE rota.meta SET value = '99' WHERE key = 'schema'")
        connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'rota.task_batch'::regclass")
    wrong = store.check()
    assert len(wrong) == before + 2
    assert any("version 99" in text for text in wrong)
    assert any("task_batch is not valid" in text for text in wrong)
    store.close()
