"""Bringing databases to this version."""

from __future__ import annotations

import threading

import psycopg
import pytest

from rota.model.errors import RotaError
from rota.store.migrate import TRIES, Migratable, migrate
from rota.store.protocol import Rerun
from rota.store.schema import MIGRATIONS
from rota.store.sql.fleet import GET_META, POOLS, SET_META
from tests.store.places import POSTGRES, Place


def test_an_empty_database_gets_all_tables(place: Place) -> None:
    store = place.open()
    assert not store.has_tables()
    assert migrate(store) == 0
    assert store.has_tables()
    assert migrate(store) == len(MIGRATIONS)
    with store.write() as t:
        assert t.one(GET_META, "schema") == [(str(len(MIGRATIONS)),)]
        assert t.one(POOLS) == [(1, "default", "{}")]
    store.close()


def test_a_newer_database_is_left_alone(place: Place) -> None:
    store = place.start()
    with store.write() as t:
        t.one(SET_META, "schema", str(len(MIGRATIONS) + 1))
    with pytest.raises(RotaError, match=f"knows versions up to {len(MIGRATIONS)}") as refused:
        migrate(store)
    assert refused.value.code == "newer_database"
    with store.write() as t:
        assert t.one(GET_META, "schema") == [(str(len(MIGRATIONS) + 1),)]
    store.close()


def test_each_step_is_taken_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place_store = place.start()
    step = "CREATE TABLE extra (id {serial}, word text NOT NULL); INSERT INTO extra (word) VALUES ('x')"
    monkeypatch.setattr("rota.store.migrate.MIGRATIONS", (*MIGRATIONS, step))
    assert migrate(place_store) == len(MIGRATIONS)
    assert migrate(place_store) == len(MIGRATIONS) + 1
    place_store.close()


def test_a_step_that_fails_changes_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    store = place.start()
    steps = ("CREATE TABLE extra (id {serial}); INSERT INTO nowhere (x) VALUES (1)",)
    monkeypatch.setattr("rota.store.migrate.MIGRATIONS", (*MIGRATIONS, *steps))
    with pytest.raises(Exception, match="nowhere"):
        migrate(store)
    monkeypatch.setattr("rota.store.migrate.MIGRATIONS", (*MIGRATIONS, "CREATE TABLE extra (id {serial})"))
    assert migrate(store) == len(MIGRATIONS)
    store.close()


def test_nodes_that_start_together(empty_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One makes the tables, the others wait for it; none has to try again."""
    monkeypatch.setattr("rota.store.migrate.TRIES", 1)
    found: list[int | BaseException] = []
    together = threading.Barrier(4)

    def start() -> None:
        store = Place(POSTGRES, empty_dsn).open()
        together.wait(30)
        try:
            found.append(migrate(store))
        except BaseException as error:
            found.append(error)
        store.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == ["0", *[str(len(MIGRATIONS))] * 3]


def test_a_migration_is_run_again_when_that_may_help(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Place("memory", ":memory:").open()
    lock, tries = store.lock_schema, 0

    def lose_twice() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Rerun("the connection was lost")
        lock()

    monkeypatch.setattr(store, "lock_schema", lose_twice)
    assert migrate(store) == 0
    assert tries == 3


def test_a_migration_is_not_run_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Place("memory", ":memory:").open()
    tries = []

    def lose() -> None:
        tries.append(1)
        raise Rerun("the connection was lost")

    monkeypatch.setattr(store, "lock_schema", lose)
    with pytest.raises(RotaError, match="connection was lost") as refused:
        migrate(store)
    assert refused.value.code == "unavailable"
    assert len(tries) == TRIES


def test_tables_of_others_stay_as_they_are(empty_dsn: str) -> None:
    """Rota has a schema of its own, so a name that somebody else uses is no matter."""
    with psycopg.connect(empty_dsn, autocommit=True) as other:
        other.execute("CREATE TABLE public.task (x int); INSERT INTO public.task VALUES (1)")
        try:
            store: Migratable = Place(POSTGRES, empty_dsn).start()
            assert store.has_tables()
            store.close()
            assert other.execute("SELECT x FROM public.task").fetchall() == [(1,)]
        finally:
            other.execute("DROP TABLE public.task")


def test_a_schema_of_somebody_else_is_refused(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as other:
        other.execute("CREATE SCHEMA rota; CREATE TABLE rota.meta (key text, value text)")
    store = Place(POSTGRES, empty_dsn).open()
    with pytest.raises(RotaError, match="not Rota's") as refused:
        migrate(store)
    assert refused.value.code == "corrupt_database"
    store.close()
