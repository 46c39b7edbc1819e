"""Files that cannot be read, or are not text: the same words for fleet.toml and for tasks."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rota.files.reading import LINE_BYTES
from rota.files.tasks import open_tasks
from rota.files.toml import load_fleet
from tests.files.refusal import assert_refused

Loader = Callable[[str], object]
KINDS: list[tuple[Loader, str]] = [
    (load_fleet, "fleet.toml"),
    (open_tasks, "tasks.jsonl"),
    (open_tasks, "tasks.csv"),
    (open_tasks, "tasks.md"),
]
each_kind = pytest.mark.parametrize(("load", "name"), KINDS, ids=[name for _, name in KINDS])


@each_kind
def test_missing(load: Loader, name: str, tmp_path: Path) -> None:
    file = str(tmp_path / name)
    assert_refused(lambda: load(file), file, "no such file")


@each_kind
def test_part_of_the_path_is_a_file(load: Loader, name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    file = str(tmp_path / "file" / name)
    assert_refused(lambda: load(file), file, "not a folder")


@each_kind
def test_folder(load: Loader, name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.mkdir()
    assert_refused(lambda: load(str(file)), str(file), "this is a folder")


@each_kind
def test_link_to_itself(load: Loader, name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.symlink_to(file)
    assert_refused(lambda: load(str(file)), str(file), "symbolic link")


@each_kind
def test_name_too_long(load: Loader, name: str, tmp_path: Path) -> None:
    file = str(tmp_path / f"{'x' * 300}{name}")
    assert_refused(lambda: load(file), file, "too long")


@each_kind
def test_what_cannot_be_a_name(load: Loader, name: str) -> None:
    assert_refused(lambda: load(f"a\0{name}"), f"a\\x00{name}", "cannot be the name of a file")
    assert_refused(lambda: load(f"\ud800{name}"), f"\\ud800{name}", "cannot be the name of a file")


@each_kind
def test_not_readable_by_this_user(load: Loader, name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text("\n")
    file.chmod(0)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65_534)  # root may read everything
    try:
        assert_refused(lambda: load(str(file)), str(file), "may not be read", "permissions")
    finally:
        os.seteuid(me)


@each_kind
def test_not_utf8(load: Loader, name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(b'\n# caf\xe9\n"')
    assert_refused(lambda: load(str(file)), f"{file}:2", "column 6", "0xe9", "UTF-8")


@each_kind
def test_utf16(load: Loader, name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text("title", encoding="utf-16")
    assert_refused(lambda: load(str(file)), f"{file}:1", "UTF-16", "save it as UTF-8")


@each_kind
def test_lone_surrogate_as_bytes(load: Loader, name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes("# \ud800".encode("utf-8", "surrogatepass"))
    assert_refused(lambda: load(str(file)), f"{file}:1", "column 3", "UTF-8")


@each_kind
def test_nul(load: Loader, name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(b"\n\n# \0")
    assert_refused(lambda: load(str(file)), f"{file}:3", "column 3", "NUL")


@each_kind
def test_a_name_that_is_not_utf8_can_still_be_shown(load: Loader, name: str, tmp_path: Path) -> None:
    file = os.fsdecode(os.fsencode(tmp_path) + b"/\xff" + name.encode())
    assert_refused(lambda: load(file), f"{tmp_path}/\\udcff{name}", "no such file")


def test_a_device_that_fails() -> None:
    """Address 0 of a process's memory can be opened, not read."""
    memory = "/proc/self/mem"
    if not Path(memory).exists():
        pytest.skip("this system has no such file")
    assert_refused(lambda: load_fleet(memory), memory, "cannot be read")
    assert_refused(lambda: open_tasks(memory, "csv"), memory, "cannot be read")


def test_an_endless_file() -> None:
    assert_refused(lambda: load_fleet("/dev/zero"), "/dev/zero", "larger than")


def test_a_line_that_is_too_long(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_bytes(b"\n" + b"x" * (LINE_BYTES + 1))
    assert_refused(lambda: open_tasks(str(file)), f"{file}:2", "longer than", code="too_large")


def test_a_pipe_is_read_once_and_copied(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.md"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("- [ ] one\n- [ ] two\n",))
    writer.start()
    with open_tasks(str(pipe)) as tasks:
        writer.join()
        assert tasks.count == 2
        assert [task.spec.title for task in tasks.tasks()] == ["one", "two"]
