"""A database carried over to each kind of place: all of it, with what is in work, and never two that go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


@pytest.fixture(params=[FILE, POSTGRES])
def target(request: pytest.FixtureRequest, tmp_path: Path, postgres_server: DatabaseServer) -> Iterator[Place]:
    """Where nothing is yet."""
    if request.param == FILE:
        yield Place(FILE, str(tmp_path / "new" / "rota.db"))
        return
    with temporary_database(postgres_server) as dsn:
        yield Place(POSTGRES, dsn)


def carry(source: Place, target: Place) -> Moved:
    return move(source.address, target.address, lambda _done, _total: None)


def run(place: Place, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Plain SQL, `?` for values."""
    if place.kind == FILE:
        connection = apsw.Connection(place.address)
        try:
            return list(connection.execute(query, values))
        finally:
            connection.close()
    with psycopg.connect(place.address, autocommit=True) as connection_:
        connection_.execute("SET search_path = rota")
        cursor = connection_.execute(query.replace("?", "%s").encode(), values)
        return cursor.fetchall() if cursor.description else []


def tables_of(place: Place) -> dict[str, list[tuple[str, str, bool]]]:
    """Name, kind and whether it must be there, of the columns of each table."""
    if place.kind == FILE:
        query = (
            "SELECT t.name, c.name, lower(c.type), c.\"notnull\" FROM sqlite_master AS t, pragma_table_info(t.name) AS c"
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
    for table, all_columns in tables_of(place).items():
        columns = [column for column in all_columns if column[0] != "xid"]
        names = ", ".join(f'"{name}"' for name, _kind, _needed in columns)
        places = ", ".join("?" * len(columns))
        for row in range(2, rows + 2):
            values = [_value(kind, row, needed=needed or row < rows + 1) for _name, kind, needed in columns]
            run(place, f'INSERT INTO "{table}" ({names}) VALUES ({places})', values)


def _value(kind: str, row: int, *, needed: bool) -> Any:
    if not needed:
        return None
    if kind == "text":
        return f"{ODD} {row}"
    return row + 0.1 if kind == "double precision" else row


def content(place: Place) -> Content:
    """All rows of all tables but what each database has for itself."""
    found = {}
    for table, columns in tables_of(place).items():
        names = ", ".join(sorted(f'"{name}"' for name, _kind, _needed in columns if name != "xid"))
        rows = run(place, f'SELECT {names} FROM "{table}"')
        found[table] = sorted((row for row in rows if table != "meta" or row[0] not in OWN), key=repr)
    return found


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
    with TestDistributor(target.address, start=at) as rota:
        assert [rota.call(request) for request in _LOOKS] == before
        assert rota.call(ListEvents(cursor=cursor)).events == []
        (new,) = rota.call(Submit(tasks=[TaskSpec(title="new", priority="low")])).ids
        assert int(new.removeprefix("task-")) > int(held.task.removeprefix("task-"))
        assert rota.call(Claim(agent="ann", n=5, wait=0)).tasks == [], "the limit counts the lease that was carried"
        rota.call(Complete(outcomes=[Done(task=held.task, token=held.token, result="done elsewhere")]))
        assert rota.call(GetTask(task=held.task)).result == "done elsewhere"
        again = rota.call(Claim(agent="ann", wait=45)).tasks
        assert again, "the timer of a retry came along"
        seen = rota.call(ListEvents(cursor=cursor)).events
        assert [event.kind for event in seen if event.kind == "submit"] == ["submit"]
        with rota.reader() as reader:
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
        return held, looks, _last_cursor(rota), rota.clock.text


def _last_cursor(rota: TestDistributor) -> str:
    page = rota.call(ListEvents(limit=1_000))
    assert page.events
    return str(page.cursor)
