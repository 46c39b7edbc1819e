"""The place of a SQLite file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rota.doctor.finding import Finding
from rota.doctor.machine import EARLIEST, clock, sqlite
from rota.doctor.place import LARGE_LOG, file_system, free_space, modes, owner
from rota.store.owner import OwnerLock

MOUNTS = """\
/dev/vda1 / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
host:/export /srv/shared nfs4 rw 0 0
/dev/vdb1 /srv/shared/local xfs rw 0 0
host:/a\\040b /mnt/with\\040space cifs rw 0 0
sshfs#x /over fuse.sshfs rw 0 0
/dev/vdc1 /over ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "status", "kind"),
    [
        ("/opt/ann", "ok", "ext4"),
        ("/run/rota", "warn", "tmpfs"),
        ("/srv/shared/data", "fail", "nfs4"),
        ("/srv/shared/local/data", "ok", "xfs"),
        ("/srv/sharedlike", "ok", "ext4"),
        ("/mnt/with space/x", "fail", "cifs"),
        ("/over", "ok", "ext4"),
    ],
)
def test_the_file_system_is_that_of_the_deepest_and_newest_mount(folder: str, status: str, kind: str) -> None:
    found = file_system(Path(folder), MOUNTS)
    assert found.status == status
    assert kind in found.text
    assert bool(found.fix) == (status != "ok")


def test_where_mounts_are_not_told_nothing_is_claimed() -> None:
    assert file_system(Path("/anywhere"), "").status == "ok"


def test_free_space_is_compared_with_the_size(tmp_path: Path) -> None:
    assert free_space(tmp_path, 10**18).status in ("warn", "fail")


def by_name(found: list[Finding], name: str) -> Finding:
    (one,) = [finding for finding in found if finding.name == name]
    return one


@pytest.mark.parametrize(("mode", "status"), [(0o600, "ok"), (0o640, "ok"), (0o644, "warn"), (0o666, "fail")])
def test_who_may_read_and_change_the_file(tmp_path: Path, mode: int, status: str) -> None:
    file = tmp_path / "rota.db"
    file.touch()
    file.chmod(mode)
    assert by_name(modes(file), "file").status == status


def test_a_folder_in_which_anybody_may_replace_files(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    assert by_name(modes(tmp_path / "rota.db"), "folder").status == "warn"
    tmp_path.chmod(0o1777)
    assert by_name(modes(tmp_path / "rota.db"), "folder").status == "ok"


def test_a_file_that_is_not_there_yet_is_judged_by_the_folder_above(tmp_path: Path) -> None:
    assert str(tmp_path) in by_name(modes(tmp_path / "a" / "b" / "rota.db"), "folder").text


def test_who_owns_the_file(tmp_path: Path) -> None:
    file = tmp_path / "rota.db"
    assert by_name(owner(file), "owner").text == "not in use"
    lock = OwnerLock(str(file))
    assert by_name(owner(file), "owner").text == f"process {os.getpid()}"
    lock.release()
    assert by_name(owner(file), "owner").text == "not in use"


def test_a_log_that_was_left_behind(tmp_path: Path) -> None:
    file = tmp_path / "rota.db"
    file.touch()
    log = tmp_path / "rota.db-wal"
    log.touch()
    assert by_name(owner(file), "log").status == "ok"
    os.truncate(log, LARGE_LOG + 1)
    assert by_name(owner(file), "log").status == "warn"


@pytest.mark.parametrize(
    ("version", "status"), [("3.51.2", "fail"), ("3.51.3", "ok"), ("3.54.1", "ok"), ("3.40", "fail")]
)
def test_a_sqlite_that_can_damage_a_database(version: str, status: str) -> None:
    assert sqlite(version).status == status


def test_a_clock_that_was_never_set() -> None:
    assert clock(0).status == "fail"
    assert clock(EARLIEST).status == "ok"
