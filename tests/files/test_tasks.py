"""Files of tasks as a whole: references, parts, what can be read only once."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from rota.files.tasks import TaskFile, format_of, open_tasks
from rota.model.errors import RotaError, invalid
from rota.model.task import After
from tests.files.refusal import assert_refused, refusal

Fields = dict[str, Any]


def jsonl(tmp_path: Path, tasks: Iterable[Fields]) -> str:
    file = tmp_path / "tasks.jsonl"
    file.write_text("".join(f"{json.dumps(task)}\n" for task in tasks))
    return str(file)


def many(number: int) -> list[Fields]:
    return [{"title": f"task {at}", "ref": f"r{at}"} for at in range(number)]


def submitted(file: TaskFile) -> list[tuple[str, list[str | After]]]:
    """What a submit of all parts is given: titles, and what they wait for, ids as `task-100` onward."""
    ids = (f"task-{number}" for number in count(100))
    given = []
    for part in file.parts():
        given += [(spec.title, spec.after) for spec in part.specs]
        part.answered([next(ids) for _ in part.specs])
    return given


# ---- which format


@pytest.mark.parametrize(
    ("file", "form"),
    [
        ("a.jsonl", "jsonl"),
        ("a.NDJSON", "jsonl"),
        ("b/a.x.csv", "csv"),
        ("a.md", "markdown"),
        ("a.markdown", "markdown"),
        ("-", "jsonl"),
    ],
)
def test_format_by_ending(file: str, form: str) -> None:
    assert format_of(file) == form


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("a.json", ["'.json' is no ending", "did you mean '.jsonl'?"]),
        ("a.jsonl.gz", ["'.gz'", "known are .jsonl"]),
        ("tasks", ["no ending", ".md"]),
        (".csv", ["no ending"]),
    ],
)
def test_unknown_ending(file: str, words: list[str]) -> None:
    assert_refused(lambda: open_tasks(file), file, *words)


def test_a_given_format_wins(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("title\none\n")
    with open_tasks(str(file), "csv") as tasks:
        assert [task.spec.title for task in tasks.tasks()] == ["one"]


# ---- references


def test_names_may_be_used_before_they_are_given(tmp_path: Path) -> None:
    tasks: list[Fields] = [
        {"title": "a", "after": ["b", "task-7", {"task": "c", "rule": "run"}]},
        {"title": "b", "ref": "b"},
        {"title": "c", "ref": "c", "after": ["b"]},
    ]
    with open_tasks(jsonl(tmp_path, tasks)) as file:
        assert submitted(file) == [
            ("a", ["b", "task-7", After(task="c", rule="run")]),
            ("b", []),
            ("c", ["b"]),
        ]


WRONG: list[tuple[list[Fields], str, list[str], str]] = [
    (
        [{"title": "a", "ref": "x"}, {"title": "b"}, {"title": "c", "ref": "x"}],
        "3 ref",
        ["line 1 has the ref 'x' already"],
        "duplicate",
    ),
    (
        [{"title": "a", "unique": "x"}, {"title": "b", "unique": "x"}],
        "2 unique",
        ["line 1 has the unique key 'x' already"],
        "duplicate",
    ),
    (
        [{"title": "a", "ref": "first"}, {"title": "b", "after": ["frist"]}],
        "2 after",
        ["no task of this file has the ref 'frist'", "did you mean 'first'?"],
        "unknown_reference",
    ),
    ([{"title": "a", "after": [{"task": "x"}]}], "1 after", ["'x'"], "unknown_reference"),
    ([{"title": "a", "ref": "a", "after": ["a"]}], "1 after", ["waits for itself"], "cycle"),
    (
        [
            {"title": "a", "after": ["b"]},
            {"title": "b", "ref": "b", "after": ["d"]},
            {"title": "c", "ref": "c", "after": ["b"]},
            {"title": "d", "ref": "d", "after": ["c"]},
        ],
        "2 after",
        ["line 2 -> line 4 -> line 3 -> line 2"],
        "cycle",
    ),
    (
        [
            {"title": "a", "sequence": "s", "after": ["b"]},
            {"title": "b", "ref": "b", "sequence": "s"},
        ],
        "1 after",
        ["line 1 -> line 2 -> line 1"],
        "cycle",
    ),
]


@pytest.mark.parametrize(("tasks", "place", "words", "code"), WRONG, ids=[words[0] for _, _, words, _ in WRONG])
def test_wrong_references(tasks: list[Fields], place: str, words: list[str], code: str, tmp_path: Path) -> None:
    file = jsonl(tmp_path, tasks)
    assert_refused(lambda: open_tasks(file), f"{file}:{place}", *words, code=code)


def test_a_name_like_an_id_means_the_task_of_the_file(tmp_path: Path) -> None:
    tasks: list[Fields] = [
        {"title": "a", "after": ["task-1", "task-2"]},
        {"title": "b", "ref": "task-1"},
        {"title": "c", "ref": "task-3", "after": ["task-1", "task-9"]},
    ]
    with open_tasks(jsonl(tmp_path, tasks)) as file:
        assert submitted(file) == [("a", ["task-1", "task-2"]), ("b", []), ("c", ["task-1", "task-9"])]
    looped = [
        {"title": "b", "ref": "task-1", "after": ["task-2"]},
        {"title": "c", "ref": "task-2", "after": ["task-1"]},
    ]
    assert refusal(lambda: open_tasks(jsonl(tmp_path, looped))).code == "cycle"


def test_in_a_long_file_a_name_is_not_like_an_id(tmp_path: Path) -> None:
    """There, ids of earlier parts stand in for names, and the two could be confused."""
    file = jsonl(tmp_path, [{"title": "a", "ref": "task-3"}, *many(10_000)])
    assert_refused(lambda: open_tasks(file), f"{file}:1 ref", "like the id of a task", "10,000")


def test_a_long_cycle_makes_a_short_error(tmp_path: Path) -> None:
    tasks = [{**task, "after": [f"r{(at + 1) % 3_000}"]} for at, task in enumerate(many(3_000))]
    error = refusal(lambda: open_tasks(jsonl(tmp_path, tasks)))
    assert error.code == "cycle"
    assert "(3000 tasks)" in error.message
    assert len(error.message) < 500


def test_wrong_tasks_after_many_right_ones(tmp_path: Path) -> None:
    """The whole file is checked before a single part of it is handed out."""
    file = jsonl(tmp_path, [*many(10_050), {"titel": "x"}])
    assert_refused(lambda: open_tasks(file), f"{file}:10051 titel", "did you mean 'title'?")


# ---- parts


def test_up_to_ten_thousand_tasks_are_one_part(tmp_path: Path) -> None:
    tasks = many(10_000)
    tasks[0]["after"] = ["r9999"]
    with open_tasks(jsonl(tmp_path, tasks)) as file:
        assert file.count == 10_000
        (part,) = file.parts()
        assert len(part.specs) == 10_000


def test_later_parts_name_earlier_ones_by_their_ids(tmp_path: Path) -> None:
    tasks = [
        *many(10_000),
        {"title": "last", "ref": "last", "after": ["r0", {"task": "r9999", "until": "approved"}, "task-3"]},
        {"title": "very last", "after": ["last"]},
    ]
    with open_tasks(jsonl(tmp_path, tasks)) as file:
        assert file.count == 10_002
        assert submitted(file)[-2:] == [
            ("last", ["task-100", After(task="task-10099", until="approved"), "task-3"]),
            ("very last", ["last"]),
        ]


def test_in_a_long_file_tasks_stand_below_what_they_wait_for(tmp_path: Path) -> None:
    tasks = many(10_001)
    tasks[4]["after"] = ["r3"]
    tasks[6]["after"] = ["r7"]
    file = jsonl(tmp_path, tasks)
    assert_refused(lambda: open_tasks(file), f"{file}:7 after", "'r7'", "below it on line 8", "10,000")


def test_in_a_long_file_a_task_does_not_wait_for_itself(tmp_path: Path) -> None:
    file = jsonl(tmp_path, [*many(10_000), {"title": "x", "ref": "x", "after": ["x"]}])
    assert_refused(lambda: open_tasks(file), f"{file}:10001 after", "itself", code="cycle")


def test_a_long_list_of_checkboxes_keeps_its_parts(tmp_path: Path) -> None:
    """However long a Markdown list is, what a task waits for comes before it."""
    file = tmp_path / "backlog.md"
    file.write_text("- [ ] whole\n  - [ ] part\n" * 5_001)
    with open_tasks(str(file)) as tasks:
        given = submitted(tasks)
    assert len(given) == 10_002
    assert given[:2] == [("part", []), ("whole", ["line-2"])]
    assert given[-2:] == [("part", []), ("whole", ["line-10002"])]


def test_a_part_has_the_same_key_as_long_as_the_content_is_the_same(tmp_path: Path) -> None:
    def keys(tasks: list[Fields]) -> list[str]:
        with open_tasks(jsonl(tmp_path, tasks)) as file:
            return [part.key for part in file.parts()]

    first = keys(many(10_001))
    assert len(set(first)) == 2
    assert keys(many(10_001)) == first
    assert not set(first) & set(keys(many(10_002)))


def test_errors_of_a_submit_name_the_line(tmp_path: Path) -> None:
    text = '\n{"title": "a"}\n\n{"title": "b", "deadline": "2000-01-01T00:00:00Z"}\n'
    path = tmp_path / "tasks.jsonl"
    path.write_text(text)
    with open_tasks(str(path)) as file:
        (part,) = file.parts()
        past = RotaError("past", "it is over", field="tasks[1].deadline", fact=3)
        located = part.located(past)
        assert (located.code, located.field) == ("past", f"{path}:4 deadline")
        assert located.data == {"fact": 3}
        assert part.located(invalid("tasks[0]", "no")).field == f"{path}:2"
        other = invalid("tasks[2].title", "not one of ours")
        assert part.located(other) is other
        assert part.located(invalid("key", "no")).field == "key"


def test_a_file_that_changes_between_check_and_submit(tmp_path: Path) -> None:
    path = jsonl(tmp_path, many(10_001))
    with open_tasks(path) as file:
        parts = file.parts()
        next(parts)
        with open(path, "a") as writer:
            writer.write('{"title": "more"}\n')
        assert_refused(lambda: next(parts), path, "changed while it was read", "first 10,000 tasks were submitted")
        assert_refused(lambda: next(file.parts()), path, "changed while it was read")


def test_an_empty_file_has_no_parts(tmp_path: Path) -> None:
    with open_tasks(jsonl(tmp_path, [])) as file:
        assert file.count == 0
        assert list(file.parts()) == []


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Payloads are 40 MB in all; what is kept of a file is its names."""
    path = tmp_path / "tasks.jsonl"
    with path.open("w") as writer:
        for _ in range(400):
            writer.write(f'{{"title": "t", "payload": "{"x" * 100_000}"}}\n')
    tracemalloc.start()
    try:
        open_tasks(str(path)).close()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


# ---- the standard input


def test_standard_input_is_jsonl_unless_told_otherwise() -> None:
    with open_tasks("-", stdin=io.BytesIO(b'{"title": "one"}')) as file:
        assert [task.spec.title for task in file.tasks()] == ["one"]
    with open_tasks("-", "markdown", io.BytesIO(b"- [ ] one")) as file:
        assert [task.spec.title for task in file.tasks()] == ["one"]
    assert_refused(lambda: open_tasks("-", stdin=io.BytesIO(b"\n{")), "stdin:2", "too early")
    assert_refused(lambda: open_tasks("-", stdin=io.BytesIO(b"Write the page\n")), "stdin:1", "--format text")


READ_STDIN = "from rota.files.tasks import open_tasks; print([t.spec.title for t in open_tasks('-').tasks()])"


def test_standard_input_of_a_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ_STDIN], input=b'{"title": "one"}\n', capture_output=True, check=True
    )
    assert done.stdout == b"['one']\n"


def test_a_process_without_standard_input() -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ_STDIN],
        capture_output=True,
        check=False,
        preexec_fn=lambda: os.close(0),
    )
    assert b"RotaError: stdin: there is no standard input" in done.stderr
