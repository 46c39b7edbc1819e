"""Files that can not be read or written: the words of taskqueue-mcp, and the file stays as it is."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from tests.mcp.file_mode.calling import answer, done, failure, project, stored

RELOAD = "Failed to reload tasks from disk"
READ = "Failed to read tasks file: "
CALLS: list[tuple[str, dict[str, object]]] = [
    ("list_projects", {}),
    ("get_next_task", {"projectId": "proj-1"}),
    ("create_project", {"initialPrompt": "x", "tasks": []}),
    ("update_task", {"projectId": "proj-1", "taskId": "task-1", "title": "x"}),
    ("delete_project", {"projectId": "proj-1"}),
]
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{broken", b'{"projects": [', b'{"projects": []', b"\xff\xfe", b'{"projects": ["\xff"]}', b"[1,]", b"nul",
        b'{"projects": [], "x": NaN}', b'{"projects": [], "x": 1e999}', b'\xef\xbb\xbf{"projects": []}',
        b"[" * 200_000, b'{"projects": [], "x": ' + b"9" * 5_000 + b"}", b'{"projects": []}{}',
    ],
    ids=lambda content: repr(content[:20]),
)  # fmt: skip
def test_what_is_no_json_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for tool, arguments in CALLS:
        assert failure(path, tool, **arguments).startswith(READ)
    assert path.read_bytes() == content
    assert os.listdir(path.parent) == [path.name]
    path.unlink()
    assert project(path) == "proj-1"


@pytest.mark.parametrize(
    "content",
    [
        "[]", "7", "null", "{}", '{"projects": {}}', '{"projects": [1]}', '{"projects": [{"projectId": "proj-1"}]}',
        '{"projects": [{"tasks": []}]}', '{"projects": [{"projectId": 1, "tasks": []}]}',
        '{"projects": [{"projectId": "proj-1", "tasks": [{"title": "no id"}]}]}',
        '{"projects": [{"projectId": "proj-1", "tasks": ["x"]}]}',
    ],
)  # fmt: skip
def test_json_of_another_shape_is_left_alone(path: Path, content: str) -> None:
    path.write_text(content)
    for tool, arguments in CALLS:
        assert failure(path, tool, **arguments) == RELOAD
    assert path.read_text() == content


def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "tasks.json"
    for tool, arguments in CALLS:
        assert failure(path, tool, **arguments) == RELOAD
    assert os.listdir(tmp_path) == []
    under_a_file = tmp_path / "file"
    under_a_file.touch()
    assert failure(under_a_file / "tasks.json", "list_projects") == RELOAD


def test_a_missing_file_holds_nothing_and_is_made_by_the_first_change(path: Path) -> None:
    assert done(path, "list_projects")["projects"] == []
    assert failure(path, "delete_project", projectId="proj-1") == "Project not found: proj-1"
    assert not path.exists()
    project(path)
    assert path.exists()


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    assert failure(Path(f"{tmp_path}/a\0b"), "list_projects") == RELOAD
    assert failure(tmp_path / ("x" * 400), "list_projects") == RELOAD


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    folder, pipe, loop = tmp_path / "folder", tmp_path / "pipe", tmp_path / "loop"
    folder.mkdir()
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    assert failure(folder, "list_projects") == f"{READ}EISDIR: illegal operation on a directory, read, open '{folder}'"
    assert failure(pipe, "list_projects") == f"{READ}EINVAL: not a regular file, open '{pipe}'"
    assert failure(loop, "list_projects").startswith(f"{READ}ELOOP: ")
    for path in (folder, pipe, loop):
        assert failure(path, "create_project", initialPrompt="x", tasks=[]).startswith(READ)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_lock_that_is_a_folder_or_a_link(path: Path) -> None:
    lock = Path(f"{path}.lock")
    lock.symlink_to(path.parent / "nowhere")
    assert failure(path, "list_projects") == RELOAD
    lock.unlink()
    lock.mkdir()
    os.utime(lock, (1_000_000_000, 1_000_000_000))
    assert failure(path, "list_projects") == RELOAD
    assert lock.is_dir()


@as_user
def test_a_file_that_may_not_be_written_is_not_replaced(path: Path) -> None:
    named = project(path)
    path.chmod(0o444)
    before = path.read_bytes()
    assert failure(path, "create_task", projectId=named, title="t", description="d") == "Failed to save tasks file"
    assert path.read_bytes() == before
    assert len(done(path, "list_tasks")["tasks"]) == 1
    path.chmod(0o000)
    assert failure(path, "list_tasks") == f"{READ}EACCES: permission denied, open '{path}'"


@as_user
def test_a_folder_that_may_not_be_written_can_be_looked_at(path: Path) -> None:
    named = project(path)
    path.parent.chmod(0o555)
    try:
        assert len(done(path, "list_tasks")["tasks"]) == 1
        assert failure(path, "create_task", projectId=named, title="t", description="d") == "Failed to save tasks file"
        assert failure(path, "delete_project", projectId="proj-7") == "Project not found: proj-7"
    finally:
        path.parent.chmod(0o755)
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (errno.EROFS, "Cannot save tasks: read-only file system"),
        (errno.ENOSPC, "Failed to save tasks file"),
        (errno.EIO, "Failed to save tasks file"),
    ],
)
@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_disk_that_fails_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int, text: str, step: str
) -> None:
    named = project(path)
    before = path.read_bytes()

    def failing(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(os, step, failing)
        assert failure(path, "create_task", projectId=named, title="t", description="d") == text
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]
    done(path, "create_task", projectId=named, title="t", description="d")


def test_the_rights_of_the_file_are_kept_and_a_link_stays_one(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(path.name)
    named = project(link)
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()
    path.chmod(0o640)
    done(link, "create_task", projectId=named, title="t", description="d")
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.json", "tasks.json"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_what_somebody_else_wrote_is_honoured_and_kept(path: Path) -> None:
    project(path)
    document = stored(path)
    document |= {"version": 3, "note": {"by": ["git", 1.5, None]}}
    document["projects"][0] |= {"owner": "Zoë", "tasks": [{"id": "task-41", "title": "By hand", "when": "today"}]}
    document["projects"].append({"projectId": "odd", "tasks": [{"id": "x", "approved": True}]})
    path.write_text(json.dumps(document))
    assert done(path, "get_next_task", projectId="proj-1")["task"] == {
        "id": "task-41", "title": "By hand", "when": "today",
    }  # fmt: skip
    made = done(path, "create_task", projectId="proj-1", title="t", description="d")
    assert made["newTasks"][0]["id"] == "task-42"
    after = stored(path)
    after["projects"][0]["tasks"].pop()
    assert after == document
    assert list(after) == list(document)
    assert "autoApprove" not in done(path, "read_project", projectId="odd")
    assert done(path, "list_projects")["projects"][1] == {
        "projectId": "odd", "totalTasks": 1, "completedTasks": 0, "approvedTasks": 1,
    }  # fmt: skip
    path.unlink()  # as git does on its way to another branch
    assert done(path, "list_projects")["projects"] == []


def test_half_a_document_that_became_whole_again(path: Path) -> None:
    named = project(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert answer(path, "list_tasks", {})["result"]["isError"] is True
    path.write_bytes(whole)
    assert done(path, "get_next_task", projectId=named)["task"]["id"] == "task-1"
