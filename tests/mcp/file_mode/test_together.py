"""Several programs at one file."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rota.faces.mcp.file_mode import access
from rota.faces.mcp.file_mode.file import Part
from tests.mcp.file_mode.calling import done, failure, project, stored
from tests.mcp.file_mode.programs import ended, foreign, heard, say, worker


def titles(path: Path) -> dict[str, str]:
    tasks = [(task["id"], task["title"]) for project in stored(path)["projects"] for task in project["tasks"]]
    assert len(dict(tasks)) == len(tasks), "an id was given twice"
    return dict(tasks)


def test_what_eight_processes_were_told_is_stored(path: Path) -> None:
    named = project(path, 0)
    workers = [worker(path, named, 60, str(number)) for number in range(8)]
    for process in workers:
        say(process)
    told = dict(line.split() for process in workers for line in ended(process))
    assert [process.returncode for process in workers] == [0] * 8
    assert len(told) == 480
    assert told == titles(path)
    assert os.listdir(path.parent) == [path.name]


def test_what_threads_of_one_process_were_told_is_stored(path: Path) -> None:
    named = project(path, 0)

    def create(number: int) -> tuple[str, str]:
        made = done(path, "create_task", projectId=named, title=f"T{number}", description="d")
        return made["newTasks"][0]["id"], f"T{number}"

    with ThreadPoolExecutor(8) as pool:
        assert dict(pool.map(create, range(40))) == titles(path)


def test_killed_writers_leave_a_whole_file_and_what_they_told(path: Path) -> None:
    named = project(path, 0)
    told: dict[str, str] = {}
    for round_ in range(12):
        victims = [worker(path, named, 10_000, f"{round_}-{number}") for number in range(2)]
        for process in victims:
            say(process)
        for process in victims:
            # Somewhere in the middle of the next ones: they write without a pause.
            lines = [heard(process) for _ in range(1 + round_ % 3)]
            process.kill()
            lines += [line for line in ended(process) if line.count(" ") == 1]
            told |= dict(line.split() for line in lines)
        found = titles(path)
        # One that was being told when it was killed may be stored and not told, never the other way round.
        assert told.items() <= found.items()
    assert len(told) >= 24
    made = done(path, "create_task", projectId=named, title="last", description="d")["newTasks"][0]["id"]
    assert titles(path)[made] == "last"
    assert sorted(os.listdir(path.parent)) == [path.name]


def test_a_foreign_lock_is_waited_for(path: Path) -> None:
    process = foreign(path)
    answers: list[Any] = []
    caller = threading.Thread(target=lambda: answers.append(done(path, "list_projects")))
    caller.start()
    say(process)
    assert heard(process) == "writing"
    # Half of the file is there, and nobody of ours has looked at it.
    assert answers == []
    assert caller.is_alive()
    say(process)
    caller.join(20)
    assert [one["projectId"] for one in answers[0]["projects"]] == ["proj-8"]
    ended(process)


@pytest.mark.parametrize("content", ["", "123", "{}"])
def test_a_stale_foreign_lock_is_taken_over(path: Path, content: str) -> None:
    lock = Path(f"{path}.lock")
    lock.write_text(content)
    os.utime(lock, (1_000_000_000, 1_000_000_000))
    assert project(path) == "proj-1"
    assert os.listdir(path.parent) == [path.name]


def test_a_lock_whose_time_lies_ahead_is_watched(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rota.faces.mcp.file_mode import lock

    monkeypatch.setattr(lock, "STALE_S", 0.05)
    Path(f"{path}.lock").touch()
    os.utime(f"{path}.lock", (4_000_000_000, 4_000_000_000))
    assert project(path) == "proj-1"


def test_a_lock_that_a_killed_process_of_ours_left_is_known_at_once(path: Path) -> None:
    # The number of a process that lives: it is the flock that tells.
    Path(f"{path}.lock").write_text(f"rota {os.getpid()}")
    (path.parent / f".{path.name}.part").write_text("half")
    assert project(path) == "proj-1"
    assert os.listdir(path.parent) == [path.name]


def test_nobody_waits_for_ever(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "PATIENCE_S", 0.05)
    process = foreign(path)
    assert failure(path, "list_projects") == "Failed to reload tasks from disk"
    say(process)
    say(process)
    assert ended(process)[-1] == "done"
    assert len(done(path, "list_projects")["projects"]) == 1


def test_a_name_that_leads_to_the_file_is_locked_with_it(path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = elsewhere / "link.json"
    link.symlink_to(path)
    named = project(path, 0)
    workers = [worker(one, named, 20, str(number)) for number, one in enumerate((path, link) * 2)]
    for process in workers:
        say(process)
    told = dict(line.split() for process in workers for line in ended(process))
    assert len(told) == 80
    assert told == titles(path)
    assert link.is_symlink()
    process = foreign(link)  # who knows only this name is heeded by who comes through it
    through = threading.Thread(target=done, args=(link, "list_projects"))
    through.start()
    say(process)
    assert heard(process) == "writing"
    assert through.is_alive()
    say(process)
    through.join(20)
    ended(process)


def test_a_change_that_comes_between_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor knows no lock: it saves after we have read and before we put ours in place."""
    named = project(path)
    edits = ["edited"]

    class Late(Part):
        def __init__(self, path: str, data: bytes) -> None:
            super().__init__(path, data)
            if edits:
                document = stored(Path(path))
                document["projects"][0]["tasks"][0]["title"] = edits.pop()
                Path(path).write_text(json.dumps(document))

    monkeypatch.setattr(access, "Part", Late)
    done(path, "create_task", projectId=named, title="ours", description="d")
    assert list(titles(path).values()) == ["edited", "ours"]


def test_without_its_lock_nothing_is_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = project(path)
    before = path.read_bytes()

    class Robbed(Part):
        def __init__(self, path: str, data: bytes) -> None:
            super().__init__(path, data)
            os.unlink(f"{path}.lock")

    monkeypatch.setattr(access, "Part", Robbed)
    assert failure(path, "create_task", projectId=named, title="t", description="d") == "Failed to save tasks file"
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]
