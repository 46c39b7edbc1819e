"""The disk that loses what was not synced: what it keeps, loses, mixes up, and what SQLite does on it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from random import Random

import apsw
import pytest

from tests.durability.disk import SECTOR, Disk, PowerOff
from tests.durability.unsynced_vfs import put_down, unsynced


def test_what_was_synced_is_kept_and_the_rest_is_not() -> None:
    disk = Disk()
    disk.create("a")
    disk.write("a", 0, b"kept")
    disk.sync("a", sync_folder=True)
    disk.write("a", 2, b"LOST")
    disk.truncate("a", 1)
    assert disk.cut("nothing", Random(0)) == {"a": b"kept"}


def test_a_new_name_needs_a_sync_of_the_folder() -> None:
    disk = Disk({"old": b""})
    disk.create("new")
    disk.sync("new", sync_folder=False)
    assert set(disk.cut("nothing", Random(0))) == {"old"}
    found = [set(disk.cut("some", Random(seed))) for seed in range(20)]
    assert {"old"} in found
    assert {"old", "new"} in found


def test_a_deleted_file_comes_back_unless_the_folder_was_synced() -> None:
    disk = Disk({"a": b"1", "b": b"2"})
    disk.delete("a", sync_folder=False)
    assert disk.cut("nothing", Random(0)) == {"a": b"1", "b": b"2"}
    disk = Disk({"a": b"1", "b": b"2"})
    disk.delete("a", sync_folder=True)
    assert disk.cut("nothing", Random(0)) == {"b": b"2"}


def test_some_of_the_unsynced_survives_in_any_order_and_sector_by_sector() -> None:
    disk = Disk({"a": bytes(3 * SECTOR)})
    disk.write("a", 10, b"x" * (2 * SECTOR))
    disk.write("a", 3 * SECTOR, b"y" * SECTOR)
    found = [disk.cut("some", Random(seed))["a"] for seed in range(200)]
    first, last = found[0][:10], bytes(SECTOR)
    assert {text[:10] for text in found} == {first}, "what lies beside a write is not touched"
    kept = {(text[10] == ord("x"), text[SECTOR] == ord("x"), text[3 * SECTOR :] not in (b"", last)) for text in found}
    assert len(kept) == 8, "every part is lost or kept by itself"
    scrambled = [text for text in found if text[10:SECTOR] not in (bytes(SECTOR - 10), b"x" * (SECTOR - 10))]
    assert scrambled


def test_a_file_that_was_written_beyond_its_end_has_zeros_in_the_hole() -> None:
    disk = Disk({"a": b"1"})
    disk.write("a", 4, b"5")
    disk.sync("a", sync_folder=False)
    assert disk.cut("nothing", Random(0)) == {"a": b"1\0\0\x005"}


def test_the_power_is_cut_before_the_operation_that_was_named_and_stays_off() -> None:
    disk = Disk({"a": b""}, cut_before=2)
    disk.write("a", 0, b"1")
    for _ in range(2):
        with pytest.raises(PowerOff):
            disk.sync("a", sync_folder=False)
    assert disk.syncs == []
    assert disk.cut("nothing", Random(0)) == {"a": b""}


@pytest.mark.parametrize("journal", ["wal", "delete", "truncate"])
def test_sqlite_keeps_its_promise_on_it_whatever_the_journal(journal: str, tmp_path: Path) -> None:
    """SQLite's own promise, so that a break of it is the harness's mistake and not ours to search in the engine."""
    (tmp_path / "live").mkdir()
    with unsynced(tmp_path / "live") as vfs:
        connection = apsw.Connection(str(tmp_path / "live" / "a.db"), vfs=vfs.name)
        connection.pragma("journal_mode", journal)
        connection.pragma("synchronous", "extra")
        connection.execute("CREATE TABLE t (x)")
        for x in range(20):
            connection.execute("INSERT INTO t VALUES (?)", (x,))
        connection.execute("BEGIN")
        connection.execute("INSERT INTO t VALUES (20)")
        for seed in range(20):
            folder = tmp_path / f"{seed}"
            folder.mkdir()
            put_down(folder, vfs.disk.cut("some" if seed else "nothing", Random(seed)))
            found = apsw.Connection(str(folder / "a.db"))
            assert [x for (x,) in found.execute("SELECT x FROM t")] == list(range(20))
            assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            found.close()
        with pytest.raises(PowerOff):
            connection.execute("COMMIT")
        with suppress(PowerOff):
            connection.close()
