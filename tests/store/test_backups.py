"""Backups made while work goes on, and databases made from them."""

from __future__ import annotations

import gzip
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import apsw
import msgspec
import psycopg
import pytest

from rota.model.errors import RotaError
from rota.store import new_file, postgres_dump, sqlite_copy
from rota.store.migrate import Migratable, migrate
from rota.store.protocol import Reader
from rota.store.restore import restore
from rota.store.schema import MIGRATIONS
from rota.store.sql import audit, fleet, history
from rota.store.sql.archive import WHOLE_BODIES, WHOLE_TASKS
from rota.store.sql.tasks import SET_RESULTS
from rota.store.sql.waiting import ADD_DEPTH
from tests.servers.databases import DatabaseServer, temporary_database
from tests.store.places import FILE, POSTGRES, Place
from tests.store.recording import Recording
from tests.store.scenes.rows import NOW, ODD, add_tasks, task


@pytest.fixture
def target(lasting_place: Place, tmp_path: Path, postgres_server: DatabaseServer) -> Iterator[Place]:
    """An empty database of the same kind."""
    if lasting_place.kind == POSTGRES:
        with temporary_database(postgres_server) as dsn:
            yield Place(POSTGRES, dsn)
    else:
        yield Place(FILE, str(tmp_path / "restored" / "rota.db"))


def add(store: Migratable, first: int, n: int) -> None:
    with store.write() as t:
        add_tasks(Recording(t), [task(number, title=ODD) for number in range(first, first + n)])
        t.each(SET_RESULTS, [(number, ODD) for number in range(first, first + n)])
        t.add(ADD_DEPTH, [(1, n)])
        t.add(history.ADD_EVENT, [(NOW + first, "submit", None, f"[[{first},{first + n - 1},3]]", "{}")])


@contextmanager
def writing(store: Migratable, first: int) -> Iterator[None]:
    """Goes on writing, ten tasks a turn, until the block ends; some turns are done before it begins."""
    stop, under_way = threading.Event(), threading.Event()

    def write() -> None:
        number = first
        while not stop.is_set():
            add(store, number, 10)
            number += 10
            if number >= first + 30:
                under_way.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert under_way.wait(30)
    try:
        yield
    finally:
        stop.set()
        thread.join()


def content(reader: Reader) -> list[Any]:
    """All that was written, in the order of keys."""
    tasks = [row[0] for row in reader.one(audit.TASKS, 0, 1_000_000)]
    events = reader.one(history.EVENTS_SQLITE if reader.dialect == "sqlite" else audit.EVENTS, 0, 1_000_000)
    moves = [next(str(value) for value in row if str(value).startswith("[[")) for row in events]
    return [
        tasks,
        sorted(reader.each(WHOLE_TASKS, [(number,) for number in tasks])),
        sorted(reader.each(WHOLE_BODIES, [(number,) for number in tasks])),
        reader.one(audit.DEPTHS),
        moves,
    ]


def test_a_backup_holds_one_state(lasting_store: Migratable, target: Place, tmp_path: Path) -> None:
    """Every turn writes to five tables; whatever the moment of the backup, they agree in it."""
    path = str(tmp_path / "backup")
    add(lasting_store, 1, 500)
    with writing(lasting_store, 1_001):
        lasting_store.backup(path)
    restore(path, target.address)
    restored = target.open()
    assert migrate(restored) == len(MIGRATIONS)
    with restored.read() as reader, lasting_store.read() as original:
        tasks, rows, bodies, depths, moves = content(reader)
        assert len(tasks) >= 530
        assert len(rows) == len(bodies) == len(tasks) == depths[0][1]
        assert moves[-1] == f"[[{tasks[-1] - 9},{tasks[-1]},3]]"
        source = content(original)
        assert rows == source[1][: len(rows)]
        assert bodies == source[2][: len(bodies)]
    restored.close()


def test_a_dump_is_one_snapshot(empty_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns are committed between the tables of a dump, and none of them is in it."""
    store = Place(POSTGRES, empty_dsn).start()
    add(store, 1, 10)
    write_line, turns = postgres_dump._line, count(1)

    def add_and_write_line(file: gzip.GzipFile, value: msgspec.Struct) -> None:
        add(store, 1_000 * next(turns), 10)
        write_line(file, value)

    monkeypatch.setattr(postgres_dump, "_line", add_and_write_line)
    path = tmp_path / "backup"
    store.backup(str(path))
    assert next(turns) > 20
    store.close()
    text = gzip.decompress(path.read_bytes()).decode()
    assert "\n1\t" in text
    assert "\n1000\t" not in text


def test_a_restored_database_goes_on(lasting_store: Migratable, target: Place, tmp_path: Path) -> None:
    with lasting_store.write() as t:
        given = list(t.new_ids(100))
        t.one(fleet.SET_QUEUE, "mail", 1, "{}")
    add(lasting_store, 1, 20)
    path = str(tmp_path / "backup")
    lasting_store.backup(path)
    restore(path, target.address)
    restored = target.start()
    with restored.write() as t:
        assert t.new_ids(1)[0] > given[-1], "numbers that were given are not given again"
        assert t.one(fleet.SET_QUEUE, "new", 1, "{}")[0][0] > t.one(fleet.SET_QUEUE, "mail", 1, "{}")[0][0]
    add(restored, 1_001, 10)
    with restored.read() as reader:
        assert content(reader)[4] == ["[[1,20,3]]", "[[1001,1010,3]]"], "new events come after the restored ones"
    assert restored.check() == [] or restored.dialect == "postgres"
    restored.close()


def test_transactions_are_numbered_on(empty_dsn: str, tmp_path: Path, postgres_server: DatabaseServer) -> None:
    """A server counts its own transactions; in a restored database their numbers go on from the old ones."""
    store = Place(POSTGRES, empty_dsn).start()
    add(store, 1, 5)
    far = 5_000_000_000_000
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("UPDATE rota.event SET xid = xid + %s", [far])
    store.backup(str(tmp_path / "backup"))
    store.close()
    with temporary_database(postgres_server) as dsn:
        restore(str(tmp_path / "backup"), dsn)
        restored = Place(POSTGRES, dsn).start()
        add(restored, 11, 5)
        with restored.read() as reader:
            seen = reader.one(history.EVENTS_POSTGRES, "0", 0, 10)
            assert [row[4] for row in seen] == ["[[1,5,3]]", "[[11,15,3]]"]
            assert far < seen[0][6] < seen[1][6]
        with restored.write() as t:
            xmin, xmax, _running = str(t.horizon()).split(":")
            assert seen[1][6] < int(xmin) <= int(xmax)
        restored.close()


def test_a_database_with_content_is_not_overwritten(lasting_store: Migratable, target: Place, tmp_path: Path) -> None:
    path = str(tmp_path / "backup")
    lasting_store.backup(path)
    other = target.start() if target.kind == POSTGRES else None
    if other is None:
        Path(target.address).parent.mkdir()
        other = target.start()
    add(other, 1, 3)
    with pytest.raises(RotaError) as refused:
        restore(path, target.address)
    assert refused.value.code in ("not_empty", "invalid")
    with other.read() as reader:
        assert content(reader)[0] == [1, 2, 3]
    other.close()


def test_a_backup_never_replaces_a_file(lasting_store: Migratable, tmp_path: Path) -> None:
    path = tmp_path / "backup"
    path.write_text("precious")
    with pytest.raises(RotaError, match="exists"):
        lasting_store.backup(str(path))
    assert path.read_text() == "precious"
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".part"] == []


def test_a_backup_is_private_from_its_first_byte_and_touches_no_other_file(
    lasting_store: Migratable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    beside = folder / "backup.part"
    beside.write_text("precious")
    written = new_file.publish
    seen: list[int] = []

    def look_and_publish(part: Path, path: Path) -> None:
        seen.extend(stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir() if file != beside)
        written(part, path)

    def look_and_copy(source: apsw.Connection, part: Path, path: str) -> None:
        seen.extend(stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir() if file != beside)
        copy(source, part, path)
        seen.extend(stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir() if file != beside)

    copy = sqlite_copy._copy
    monkeypatch.setattr(sqlite_copy, "_copy", look_and_copy)
    monkeypatch.setattr(new_file, "publish", look_and_publish)
    before = os.umask(0)
    try:
        lasting_store.backup(str(folder / "backup"))
    finally:
        os.umask(before)
    assert seen
    assert set(seen) == {0o600}
    assert beside.read_text() == "precious"
    assert sorted(file.name for file in folder.iterdir()) == ["backup", "backup.part"]


def test_a_backup_into_a_folder_that_is_not_there(lasting_store: Migratable, tmp_path: Path) -> None:
    with pytest.raises(RotaError, match=r"there is no folder .*/no/such; make it") as refused:
        lasting_store.backup(str(tmp_path / "no" / "such" / "folder"))
    assert (refused.value.code, refused.value.field) == ("invalid", "path")


def test_a_closed_store_answers_no_more(lasting_store: Migratable, tmp_path: Path) -> None:
    add(lasting_store, 1, 3)
    with lasting_store.read() as reader:
        assert reader.one(audit.TASKS, 0, 10)
        lasting_store.close()
    for use in (lasting_store.read, lasting_store.write):
        with pytest.raises(RotaError) as refused, use():
            pass
        assert refused.value.code == "stopped"
    with pytest.raises(RotaError) as refused:
        lasting_store.backup(str(tmp_path / "late"))
    assert refused.value.code == "stopped"
    assert list(tmp_path.glob("late*")) == []


@pytest.mark.parametrize("damage", ["cut", "cut rows", "not gzip", "no table", "newer", "empty"])
def test_a_damaged_dump_restores_nothing(empty_dsn: str, tmp_path: Path, damage: str) -> None:
    store = Place(POSTGRES, empty_dsn).start()
    add(store, 1, 2_000)
    path = tmp_path / "backup"
    store.backup(str(path))
    store.close()
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning; DROP SCHEMA rota CASCADE")
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(
        {
            "cut": path.read_bytes()[:-2_000],
            "cut rows": gzip.compress(b"".join(lines[: len(lines) // 2])),
            "not gzip": b"\x1f\x8b" + b"nonsense" * 100,
            "no table": gzip.compress(b"".join([lines[0], lines[-1]])),
            "newer": gzip.compress(b"".join([lines[0].replace(b'"version":', b'"version":9'), *lines[1:]])),
            "empty": b"",
        }[damage]
    )
    with pytest.raises(RotaError) as refused:
        restore(str(path), empty_dsn)
    assert refused.value.code == ("newer_database" if damage == "newer" else "corrupt_database")
    left = Place(POSTGRES, empty_dsn).open()
    assert not left.has_tables()
    left.close()


def test_a_missing_backup(tmp_path: Path) -> None:
    with pytest.raises(RotaError):
        restore(str(tmp_path / "none"), str(tmp_path / "rota.db"))
