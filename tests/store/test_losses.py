"""PostgreSQL that goes away: what was not committed is done again, what was committed is never done twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest

from rota.model.errors import RotaError
from rota.store.migrate import Migratable
from rota.store.protocol import Rerun, Store
from rota.store.sql.fleet import GET_META, SET_META
from rota.store.sql.tasks import LOCK_TASKS
from rota.store.statement import One
from tests.servers.postgres import PostgresServer, running_postgres
from tests.store.places import POSTGRES, Place
from tests.store.recording import Recording
from tests.store.scenes.rows import add_tasks, task
from tests.store.test_transactions import kept
from tests.store.wire import Wire

BACKEND = One("backend", "SELECT pg_backend_pid()")


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that syncs and may be stopped."""
    with running_postgres(durable=True) as server:
        yield server


@pytest.fixture
def wire(empty_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    wire = Wire(empty_dsn, tmp_path_factory.mktemp("w"))
    yield wire
    wire.close()


@pytest.fixture
def store(empty_dsn: str) -> Iterator[Migratable]:
    store = Place(POSTGRES, empty_dsn).start()
    yield store
    store.close()


def terminate(dsn: str, backend: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 10000)", [backend])


def write(store: Store, value: str) -> None:
    with store.write() as t:
        t.one(SET_META, "a", value)


def test_a_connection_lost_in_a_turn(store: Migratable, empty_dsn: str) -> None:
    def turn() -> None:
        with store.write() as t:
            t.one(SET_META, "a", "1")
            terminate(empty_dsn, t.one(BACKEND)[0][0])
            t.one(GET_META, "a")

    with pytest.raises(Rerun, match="connection") as again:
        turn()
    assert not again.value.committed
    assert kept(store, "a") is None
    write(store, "2")
    assert kept(store, "a") == "2"


def test_a_connection_lost_before_the_commit_was_sent(store: Migratable, empty_dsn: str) -> None:
    def turn() -> None:
        with store.write() as t:
            backend = t.one(BACKEND)[0][0]
            t.one(SET_META, "a", "1")
            terminate(empty_dsn, backend)

    with pytest.raises(Rerun) as again:
        turn()
    assert not again.value.committed
    assert kept(store, "a") is None


def test_a_connection_lost_between_turns(store: Migratable, empty_dsn: str) -> None:
    """Nobody notices."""
    for value in ("1", "2"):
        with store.write() as t:
            backend = t.one(BACKEND)[0][0]
        terminate(empty_dsn, backend)
        write(store, value)
    assert kept(store, "a") == "2"


def test_a_commit_that_never_arrived(wire: Wire) -> None:
    store = Place(POSTGRES, wire.dsn).start()
    wire.cut_request(b"UPDATE commit_mark")
    with pytest.raises(Rerun) as again:
        write(store, "1")
    assert wire.was_cut.is_set()
    assert not again.value.committed
    assert kept(store, "a") is None
    write(store, "1")
    assert kept(store, "a") == "1"
    store.close()


def test_a_commit_whose_answer_was_lost(wire: Wire) -> None:
    store = Place(POSTGRES, wire.dsn).start()
    for value in ("1", "2"):
        wire.cut_answer(b"COMMIT\0")
        with pytest.raises(Rerun) as again:
            write(store, value)
        assert wire.was_cut.is_set()
        assert again.value.committed
        assert kept(store, "a") == value
    write(store, "3")
    assert kept(store, "a") == "3"
    store.close()


def test_a_commit_that_changed_nothing(wire: Wire) -> None:
    """Its fate is no matter; the turn is done again."""
    store = Place(POSTGRES, wire.dsn).start()
    wire.cut_answer(b"COMMIT\0")
    with pytest.raises(Rerun) as again, store.write() as t:
        t.one(GET_META, "a")
    assert not again.value.committed
    store.close()


def test_a_commit_that_is_still_going_on(own_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The server waits for a standby that does not exist, so the commit hangs; its fate is awaited, not guessed."""
    wire = Wire(own_server.create_database(), tmp_path_factory.mktemp("w"))
    store = Place(POSTGRES, wire.dsn).start()
    write(store, "0")
    hang(own_server, "nobody")
    fates: list[bool] = []

    def turn() -> None:
        try:
            write(store, "1")
        except Rerun as again:
            fates.append(again.committed)

    with psycopg.connect(own_server.dsn, autocommit=True) as observer:
        turning = threading.Thread(target=turn)
        turning.start()
        hanging = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        await_row(observer, hanging)
        wire.cut_all()
        await_row(
            observer, "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'"
        )
        assert fates == [], "nothing is known yet"
        hang(own_server, "")
        turning.join(30)
    assert fates == [True]
    assert kept(store, "a") == "1"
    store.close()
    wire.close()


def hang(server: PostgresServer, standby: str) -> None:
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
        connection.execute("SELECT pg_reload_conf()")


def await_row(connection: psycopg.Connection[tuple[object, ...]], query: str) -> None:
    for _ in range(3_000):
        if connection.execute(query).fetchall():
            return
        connection.execute("SELECT pg_sleep(0.01)")
    raise AssertionError(f"never seen: {query}")


def test_a_reader_that_lost_its_connection(store: Migratable, empty_dsn: str) -> None:
    def read() -> None:
        with store.read() as reader:
            terminate(empty_dsn, reader.one(BACKEND)[0][0])
            reader.one(GET_META, "a")

    with pytest.raises(RotaError, match="lost while reading") as refused:
        read()
    assert refused.value.code == "unavailable"
    write(store, "1")
    assert kept(store, "a") == "1"


def test_a_reader_that_was_cut_off_while_idle(store: Migratable, empty_dsn: str) -> None:
    """Nobody notices."""
    write(store, "1")
    with store.read() as reader:
        backend = reader.one(BACKEND)[0][0]
    terminate(empty_dsn, backend)
    assert kept(store, "a") == "1"


def test_a_deadlock_is_a_rerun_for_one_of_two(store: Migratable, empty_dsn: str) -> None:
    other = Place(POSTGRES, empty_dsn).open()
    with store.write() as t:
        add_tasks(Recording(t), [task(1), task(2)])
    both = threading.Barrier(2)
    ends: list[str] = []

    def turn(at: Store, first: int, second: int) -> None:
        try:
            with at.write() as t:
                t.each(LOCK_TASKS, [(first,)])
                both.wait(30)
                t.each(LOCK_TASKS, [(second,)])
                ends.append("done")
        except Rerun as again:
            ends.append(again.reason)

    threads = [threading.Thread(target=turn, args=args) for args in ((store, 1, 2), (other, 2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ends) == ["a deadlock", "done"]
    other.close()


def test_a_server_that_restarts(own_server: PostgresServer) -> None:
    store = Place(POSTGRES, own_server.create_database()).start()
    write(store, "1")
    own_server.restart()
    write(store, "2")
    own_server.stop()
    late = threading.Timer(1.0, own_server.start)
    late.start()
    write(store, "3")
    assert kept(store, "a") == "3"
    late.join()
    own_server.kill9()
    own_server.start()
    assert kept(store, "a") == "3"
    store.close()


def test_a_server_that_stays_away(own_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rota.store.postgres_connect.PATIENCE_S", 0.3)
    store = Place(POSTGRES, own_server.create_database()).start()
    own_server.stop()
    with pytest.raises(RotaError, match="can not be used") as refused:
        write(store, "1")
    assert refused.value.code == "unavailable"
    with pytest.raises(RotaError, match="can not be used") as refused:
        kept(store, "a")
    assert refused.value.code == "unavailable"
    own_server.start()
    write(store, "1")
    assert kept(store, "a") == "1"
    store.close()
