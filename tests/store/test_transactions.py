"""Transactions: all or nothing, one after another, and readers that see one state."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from rota.model.errors import RotaError
from rota.store.migrate import Migratable
from rota.store.protocol import Reader, Store
from rota.store.sql.fleet import GET_META, SET_META
from rota.store.sql.tasks import ADD_BODY
from rota.store.sql.waiting import ADD_READY, TAKE_READY
from rota.store.statement import One
from tests.store.places import Place
from tests.store.undone import trial


def kept(store: Store, key: str) -> str | None:
    with store.read() as reader:
        return value(reader, key)


def value(reader: Reader, key: str) -> str | None:
    found = reader.one(GET_META, key)
    return str(found[0][0]) if found else None


def test_what_ended_well_is_kept(store: Migratable) -> None:
    with store.write() as t:
        t.one(SET_META, "a", "1")
        assert value(t, "a") == "1"
    assert kept(store, "a") == "1"


def test_what_raised_is_undone(store: Migratable) -> None:
    with store.write() as t:
        t.one(SET_META, "a", "1")
    with trial(store) as t:
        t.one(SET_META, "a", "2")
        t.add(ADD_READY, [(1, 1, n, 0, 0, 0) for n in range(100)])
    assert kept(store, "a") == "1"
    with store.write() as t:
        assert t.each(TAKE_READY, [(1, 1, 5)]) == []
        t.one(SET_META, "a", "3")
    assert kept(store, "a") == "3"


def test_a_statement_that_fails_undoes_the_rest(store: Migratable) -> None:
    """Also one whose rows nobody waited for."""

    def ask_nonsense() -> None:
        with store.write() as t:
            t.one(SET_META, "a", "1")
            t.one(One("nonsense", "SELECT thing FROM nowhere"))

    def add_nonsense() -> None:
        with store.write() as t:
            t.one(SET_META, "a", "2")
            t.add(ADD_BODY, [(1, None, None)])

    with pytest.raises(Exception, match="nowhere"):
        ask_nonsense()
    with pytest.raises(Exception, match="description"):
        add_nonsense()
    with store.write() as t:
        assert value(t, "a") is None
        t.one(SET_META, "a", "3")
    assert kept(store, "a") == "3"


@pytest.mark.parametrize("writes", [True, False])
def test_an_error_that_was_passed_over(lasting_store: Migratable, writes: bool) -> None:
    """A turn that goes on after a failed statement either has all its other changes, or fails as a whole."""

    def turn() -> None:
        with lasting_store.write() as t:
            if writes:
                t.one(SET_META, "a", "1")
            with suppress(Exception):
                t.one(One("nonsense", "SELECT thing FROM nowhere"))

    if lasting_store.dialect == "postgres":
        with pytest.raises(Exception, match=r"had failed before|is aborted"):
            turn()
        assert kept(lasting_store, "a") is None
    else:
        turn()
        assert kept(lasting_store, "a") == ("1" if writes else None)


def test_numbers_never_come_twice(lasting_place: Place) -> None:
    given: list[int] = []
    for _ in range(3):
        store = lasting_place.start()
        with store.write() as t:
            given += t.new_ids(3)
            given += t.new_ids(500)
            assert list(t.new_ids(0)) == []
        with trial(store) as t:
            undone = list(t.new_ids(4))
        with store.write() as t:
            given += t.new_ids(1)
        assert undone[0] > given[-2]
        store.close()
    assert given == sorted(set(given))
    assert given[0] >= 1


def test_a_reader_sees_one_state(lasting_store: Migratable) -> None:
    store = lasting_store
    with store.write() as t:
        t.one(SET_META, "a", "1")
    with store.read() as reader:
        assert value(reader, "a") == "1"
        with store.write() as t:
            t.one(SET_META, "a", "2")
            assert value(reader, "a") == "1"
        assert value(reader, "a") == "1", "the view stays what it was"
        assert kept(store, "a") == "2", "a new one sees what was committed"


def test_a_reader_sees_nothing_unfinished(lasting_store: Migratable) -> None:
    with lasting_store.write() as t:
        t.one(SET_META, "a", "1")
        assert kept(lasting_store, "a") is None


def test_a_reader_can_not_write(lasting_store: Migratable) -> None:

    def write() -> None:
        with lasting_store.read() as reader:
            reader.one(SET_META, "a", "1")

    with pytest.raises(Exception, match=r"(?i)read.?only"):
        write()
    assert kept(lasting_store, "a") is None


def test_many_readers_at_once(lasting_store: Migratable) -> None:
    """More than there are connections: some wait, none fails."""
    all_in, seen = threading.Barrier(20), []

    def read() -> None:
        all_in.wait(30)
        for _ in range(20):
            seen.append(kept(lasting_store, "schema"))

    run_all([read] * 20)
    assert len(seen) == 400
    assert len(set(seen)) == 1


def test_turns_follow_each_other(lasting_store: Migratable) -> None:
    def count() -> None:
        for _ in range(25):
            with lasting_store.write() as t:
                t.one(SET_META, "n", str(int(value(t, "n") or 0) + 1))

    run_all([count] * 4)
    assert kept(lasting_store, "n") == "100"


def test_a_pool_is_locked_by_one(store: Migratable) -> None:
    with store.write() as t:
        assert t.lock_pool(1)
        assert t.lock_pool(1), "once more is no harm"
        assert t.lock_pool(2)


def test_a_closed_store_says_so(lasting_place: Place) -> None:
    store = lasting_place.start()
    store.close()
    if store.dialect == "postgres":
        with pytest.raises(RotaError, match="closed") as refused, store.write():
            pass
        assert refused.value.code == "stopped"
        with pytest.raises(RotaError, match="closed"), store.read():
            pass
        assert store.signals(5.0) == []


def run_all(actions: list[Callable[[], None]]) -> None:
    failed: list[BaseException] = []

    def run(action: Callable[[], None]) -> None:
        try:
            action()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
