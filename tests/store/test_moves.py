"""A database carried over to each kind of place: all of it, with what is in work, and never two that go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
import psycopg
import pytest

from rota.audit.audit import audit
from rota.engine.timers import NODE_LOST_S
from rota.model.agent import AgentSpec
from rota.model.commands.archive import Archive, ListArchives
from rota.model.commands.fleet import Register
from rota.model.commands.keys import CreateKey, ListKeys
from rota.model.commands.limits import ListLimits, SetLimit
from rota.model.commands.read import GetTask, ListEvents, ListTasks
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Complete, Done, Fail, Failed
from rota.model.errors import RotaError
from rota.model.limit import LimitSpec
from rota.model.task import Given, TaskSpec
from rota.operations.distributor import Distributor
from rota.store import schema
from rota.store.move import postgres as postgres_end
from rota.store.move.carry import OWN
from rota.store.move.move import Moved, move
from rota.store.move.sqlite import SqliteEnd
from rota.store.owner import OwnerLock
from rota.store.sql.fleet import SET_META
from rota.store.view import view
from rota.testing import TestDistributor
from tests.servers.databases import DatabaseServer, temporary_database
from tests.store.places import FILE, POSTGRES, Place
from tests.store.scenes.rows import ODD

EXTRA = """
CREATE TABLE extra (id {serial}, word text NOT NULL, "order" double precision);
CREATE TABLE extra_key (word text NOT NULL PRIMARY KEY) {clustered};
"""
"""A migration of a later day."""
Content = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def other_dsn(postgres_server: DatabaseServer) -> Iterator[str]:
    """A second database, as `store_dsn` is the first."""
    with temporary_database(postgres_server) as dsn:
        yield dsn


def nowhere(kind: str, request: pytest.FixtureRequest, folder: Path) -> Place:
    """A place where nothing is yet."""
    if kind == FILE:
        return Place(FILE, str(folder / "new" / "rota.db"))
    dsn: str = request.getfixturevalue("other_dsn")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning; DROP SCHEMA IF EXISTS rota CASCADE")
    return Place(POSTGRES, dsn)


@pytest.fixture(params=[FILE, POSTGRES])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where it goes: each kind."""
    return nowhere(request.param, request, tmp_path)


@pytest.fixture
def elsewhere(lasting_place: Place, request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where it goes: the other kind."""
    return nowhere(FILE if lasting_place.kind == POSTGRES else POSTGRES, request, tmp_path)


def carry(source: Place, target: Place) -> Moved:
    return move(source.address, target.address, lambda _done, _total: None)


def run(place: Place, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Plain SQL, `?` for values."""
    return run_all(place, [(query, values)])[0]


def run_all(place: Place, statements: Iterable[tuple[str, Sequence[Any]]]) -> list[list[tuple[Any, ...]]]:
    """Several of them; the rows of each."""
    if place.kind == FILE:
        connection = apsw.Connection(place.address)
        try:
            with connection:
                return [list(connection.execute(query, values)) for query, values in statements]
        finally:
            connection.close()
    with psycopg.connect(place.address) as session:
        session.execute("SET search_path = rota")
        cursors = [session.execute(query.replace("?", "%s").encode(), values) for query, values in statements]
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]


def tables_of(place: Place) -> dict[str, list[tuple[str, str, bool]]]:
    """Name, kind and whether it must be there, of the columns of each table."""
    if place.kind == FILE:
        query = (
            'SELECT t.name, c.name, lower(c.type), c."notnull" FROM sqlite_master AS t, pragma_table_info(t.name) AS c'
            " WHERE t.type = 'table'"
        )
    else:
        query = (
            "SELECT table_name, column_name, data_type, is_nullable = 'NO' FROM information_schema.columns"
            " WHERE table_schema = 'rota' AND table_name <> 'commit_mark' ORDER BY ordinal_position"
        )
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for table, column, kind, needed in run(place, query):
        found.setdefault(table, []).append((column, kind, bool(needed)))
    return found


def fill(place: Place, rows: int = 3) -> None:
    """Rows in every table, whatever they mean; in the last one nothing that need not be there."""
    statements = []
    for table, all_columns in tables_of(place).items():
        columns = [column for column in all_columns if column[0] != "xid"]
        names = ", ".join(f'"{name}"' for name, _kind, _needed in columns)
        places = ", ".join("?" * len(columns))
        for row in range(2, rows + 2):
            values = [_value(kind, row, needed=needed or row < rows + 1) for _name, kind, needed in columns]
            statements.append((f'INSERT INTO "{table}" ({names}) VALUES ({places})', values))
    run_all(place, statements)


def _value(kind: str, row: int, *, needed: bool) -> Any:
    if not needed:
        return None
    if kind == "text":
        return f"{ODD} {row}"
    return row + 0.1 if kind == "double precision" else row


def content(place: Place) -> Content:
    """All rows of all tables but what each database has for itself."""
    tables = tables_of(place)
    names = [", ".join(sorted(f'"{name}"' for name, _, _ in tables[table] if name != "xid")) for table in tables]
    found = run_all(place, [(f'SELECT {names[at]} FROM "{table}"', ()) for at, table in enumerate(tables)])
    kept = dict(zip(tables, found, strict=True))
    kept["meta"] = [row for row in kept["meta"] if row[0] not in OWN]
    return {table: sorted(rows, key=repr) for table, rows in kept.items()}


def test_every_table_is_carried(lasting_place: Place, target: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    later = (*schema.MIGRATIONS, EXTRA)
    for module in ("migrate", "view", "move.sqlite", "move.postgres"):
        monkeypatch.setattr(f"rota.store.{module}.MIGRATIONS", later)
    monkeypatch.setattr("rota.store.postgres_dump.MIGRATIONS", later)
    lasting_place.start().close()
    fill(lasting_place)
    before = content(lasting_place)
    moved = carry(lasting_place, target)
    arrived = content(target)
    assert arrived.keys() == before.keys() >= {"task", "lease", "extra", "extra_key"}
    for table, rows in before.items():
        assert arrived[table] == rows, table
        assert len(rows) >= 3, table
    assert {one.table: one.rows for one in moved.tables} == {table: len(rows) for table, rows in before.items()}
    assert content(lasting_place) == before, "the source is as it was"
    run(target, "INSERT INTO extra (word) VALUES ('next')")
    assert run(target, "SELECT max(id) FROM extra") == [(max(row[0] for row in before["extra"]) + 1,)]


def test_work_goes_on_with_its_leases_and_tokens(lasting_place: Place, target: Place, tmp_path: Path) -> None:
    held, before, cursor, at = _begun(lasting_place.address, tmp_path)
    carry(lasting_place, target)
    with TestDistributor(target.address, seed=1, start=at) as rota:
        assert [rota.call(request) for request in _LOOKS] == before
        assert kinds_after(rota, cursor) == []
        (new,) = rota.call(Submit(tasks=[TaskSpec(title="new", kind="build")])).ids
        assert int(new.removeprefix("task-")) > int(held.task.removeprefix("task-"))
        assert rota.call(Claim(agent="ann", n=5, wait=0)).tasks == [], "the limit counts the lease that was carried"
        rota.call(Complete(outcomes=[Done(task=held.task, token=held.token, result="done elsewhere")]))
        assert rota.call(GetTask(task=held.task)).result == "done elsewhere"
        again = rota.call(Claim(agent="ann", wait=45)).tasks
        assert again, "the timer of a retry came along"
        assert kinds_after(rota, cursor)[:3] == ["submit", "complete", "plan"]
    with view(target.address) as reader:
        assert audit(reader).violations == []


_LOOKS = (ListTasks(), ListLimits(), ListKeys(), ListArchives())


def _begun(address: str, folder: Path) -> tuple[Given, list[Any], str, str]:
    """A database with something of everything: a task in hands, what is shown of it, a cursor, and the time."""
    with TestDistributor(address) as rota:
        rota.call(Register(agent=AgentSpec(name="ann", slots=3)))
        rota.call(SetLimit(limit=LimitSpec(key="kind:build", capacity=1)))
        rota.call(CreateKey(name="ci", scopes=["read"]))
        rota.call(Submit(tasks=[TaskSpec(title="old")]))
        (old,) = rota.call(Claim(agent="ann")).tasks
        rota.call(Complete(outcomes=[Done(task=old.task, token=old.token)]))
        rota.clock.advance("30d")
        rota.call(Archive(folder=str(folder)))
        first, second, third = (TaskSpec(title=title, kind="build") for title in ("first", "second", "third"))
        ids = rota.call(Submit(tasks=[first])).ids
        rota.call(Submit(tasks=[second, TaskSpec(title="child", after=ids), TaskSpec(title="later", start="1h")]))
        (failing,) = rota.call(Claim(agent="ann")).tasks
        rota.call(Fail(outcomes=[Failed(task=failing.task, token=failing.token, error="once")]))
        rota.call(Submit(tasks=[third]))
        (held,) = rota.call(Claim(agent="ann")).tasks
        looks = [rota.call(request) for request in _LOOKS]
        return held, looks, _last_cursor(rota), str(rota.clock)


def kinds_after(rota: Distributor | TestDistributor, cursor: str) -> list[str]:
    """What happened after the cursor, but that nodes come and go."""
    events = rota.call(ListEvents(cursor=cursor)).events
    return [event.kind for event in events if not event.kind.startswith("node_")]


def _last_cursor(rota: TestDistributor) -> str:
    page = rota.call(ListEvents(limit=1_000))
    assert page.events
    return str(page.cursor)


def test_a_cursor_of_postgresql_loses_nothing_on_sqlite(empty_dsn: str, tmp_path: Path) -> None:
    """Transactions overlapped: the second event was seen last."""
    source, target = Place(POSTGRES, empty_dsn), Place(FILE, str(tmp_path / "rota.db"))
    source.start().close()
    for transaction in (10, 12, 11):
        run(source, "INSERT INTO event (at, kind, moves, data, xid) VALUES (1, 'hold', '[]', '{}', ?)", [transaction])
    carry(source, target)
    with Distributor.open(target.address) as rota:
        assert [event.seq for event in rota.call(ListEvents(cursor="11.3")).events][:2] == ["2", "3"]
        (new,) = rota.call(Submit(tasks=[TaskSpec(title="new")])).ids
        assert kinds_after(rota, "12.2") == ["submit"]
        assert new == "task-1"


def test_nobody_goes_on_with_the_source(lasting_place: Place, elsewhere: Place, tmp_path: Path) -> None:
    asleep = lasting_place.start()
    if lasting_place.kind == FILE:
        asleep.close()
    carry(lasting_place, elsewhere)
    with pytest.raises(RotaError, match="was moved to") as refused:
        Distributor.open(lasting_place.address)
    assert refused.value.code == "moved"
    with view(lasting_place.address) as reader:
        assert audit(reader).clean, "it can be looked at"
    with pytest.raises(RotaError) as refused:
        carry(lasting_place, Place(FILE, str(tmp_path / "other.db")))
    assert refused.value.code == "moved"
    assert not (tmp_path / "other.db").exists()
    assert carry(lasting_place, elsewhere).before, "the same command once more"
    if lasting_place.kind == POSTGRES:
        with pytest.raises(RotaError, match="takes no tasks any more: it was moved to") as refused, asleep.write() as t:
            t.one(SET_META, "anything", "1")
        assert refused.value.code == "moved"
        asleep.close()


def test_a_move_that_was_cut_off_is_finished_by_the_next(
    lasting_place: Place, elsewhere: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the worst moment: the source is marked, and the target is not there yet."""
    lasting_place.start().close()
    fill(lasting_place, rows=1)
    before = content(lasting_place)

    def cut_off(_end: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SqliteEnd, "keep", cut_off)
        patch.setattr(postgres_end.PostgresEnd, "keep", cut_off)
        with pytest.raises(KeyboardInterrupt):
            carry(lasting_place, elsewhere)
    with pytest.raises(RotaError, match="was moved to"):
        Distributor.open(lasting_place.address)
    assert not carry(lasting_place, elsewhere).before
    assert content(elsewhere) == before
    assert carry(lasting_place, elsewhere).before


def test_what_does_not_arrive_is_noticed(
    lasting_place: Place, elsewhere: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasting_place.start().close()
    fill(lasting_place)
    kind = SqliteEnd if elsewhere.kind == FILE else postgres_end.PostgresEnd
    filled: Any = kind.fill

    def changed(end: Any, table: str, columns: Sequence[str], batches: Iterator[list[Any]]) -> None:
        twisted = ([row[::-1] for row in rows] if table == "depth" else rows for rows in batches)
        filled(end, table, columns, twisted)

    run(lasting_place, "UPDATE depth SET n = n + 100")
    with monkeypatch.context() as patch:
        patch.setattr(kind, "fill", changed)
        with pytest.raises(RotaError, match="rows of depth") as refused:
            carry(lasting_place, elsewhere)
    assert refused.value.code == "corrupt_database"
    assert not carry(lasting_place, elsewhere).before, "neither was marked, nothing of the target was there"


def test_a_target_that_is_not_empty_is_refused(lasting_place: Place, elsewhere: Place) -> None:
    lasting_place.start().close()
    if elsewhere.kind == FILE:
        Path(elsewhere.address).parent.mkdir()
    elsewhere.start().close()
    with pytest.raises(RotaError) as refused:
        carry(lasting_place, elsewhere)
    assert refused.value.code in ("not_empty", "invalid")
    Distributor.open(lasting_place.address).close()


def test_a_source_in_use_is_refused(lasting_place: Place, tmp_path: Path) -> None:
    target = Place(FILE, str(tmp_path / "new.db"))
    with Distributor.open(lasting_place.address):
        with pytest.raises(RotaError) as refused:
            carry(lasting_place, target)
        assert refused.value.code == "owned"
    assert not Path(target.address).exists()
    carry(lasting_place, target)
    OwnerLock(target.address).release()


def test_another_version_is_refused(lasting_place: Place, tmp_path: Path) -> None:
    lasting_place.start().close()
    for other, code in ((-1, "unavailable"), (1, "newer_database")):
        run(lasting_place, "UPDATE meta SET value = ? WHERE key = 'schema'", [str(len(schema.MIGRATIONS) + other)])
        with pytest.raises(RotaError, match="version") as refused:
            carry(lasting_place, Place(FILE, str(tmp_path / "new.db")))
        assert refused.value.code == code
    assert not (tmp_path / "new.db").exists()


def test_what_is_no_database_is_refused(tmp_path: Path, empty_dsn: str) -> None:
    text = tmp_path / "text.db"
    text.write_text("a letter, no database" * 99)
    missing, target = Place(FILE, str(tmp_path / "missing.db")), Place(FILE, str(tmp_path / "new.db"))
    for source in (missing, Place(FILE, str(text)), Place(POSTGRES, empty_dsn)):
        with pytest.raises(RotaError) as refused:
            carry(source, target)
        assert refused.value.code in ("no_database", "corrupt_database")
    assert not Path(target.address).exists()
    assert text.read_text().startswith("a letter")


def test_nodes_count_as_at_work_as_long_as_others_wait_for_them() -> None:
    assert postgres_end.LIVE_S == NODE_LOST_S
