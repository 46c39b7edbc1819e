"""Tasks as CSV."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.files.csv_rows import read_csv
from rota.files.file_task import FileTask
from rota.model.task import TaskSpec
from tests.files.refusal import assert_refused


def read(text: str) -> list[FileTask]:
    lines = [f"{line}\n" for line in text.split("\n")]
    return list(read_csv(enumerate(lines, 1), "tasks.csv"))


def test_every_kind_of_column() -> None:
    columns = {
        "title": "one",
        "description": '"a ""long""\ntext"',
        "skills": "python:2; a:b:3;docs",
        "regions": "eu; us",
        "after": "x;task-3",
        "max_attempts": " 4 ",
        "approval": "yes",
        "held": "False",
        "deadline": "2h",
        "ttl": "90",
        "priority": "high",
        "payload.a b": " 7 ",
        "payload.c": "{}",
    }
    assert read(f"{','.join(columns)}\n{','.join(columns.values())}\n") == [
        FileTask(
            2,
            TaskSpec(
                title="one",
                description='a "long"\ntext',
                skills={"python": 2, "a:b": 3, "docs": 1},
                regions=["eu", "us"],
                after=["x", "task-3"],
                max_attempts=4,
                approval=True,
                held=False,
                deadline="2h",
                ttl="90",
                priority="high",
                payload={"a b": " 7 ", "c": "{}"},
            ),
        )
    ]


def test_empty_cells_are_fields_that_are_not_there() -> None:
    assert read("title,kind,payload.a,skills\none,,, \n") == [FileTask(2, TaskSpec(title="one"))]


def test_payload_as_json() -> None:
    assert read('payload,title\n"{""a"": [1, 2.5, null]}",one')[0].spec.payload == {"a": [1, 2.5, None]}


def test_lines_count_also_after_cells_of_many_lines_and_empty_rows() -> None:
    text = '\ntitle,kind\n"one\ntwo",a\n\n,\nthree,b\n'
    assert [(task.line, task.spec.title) for task in read(text)] == [(3, "one\ntwo"), (7, "three")]


def test_nothing_in_it() -> None:
    assert read("") == []
    assert read("\n\n") == []
    assert read("title,kind\n") == []


WRONG = [
    # the first row
    ("name\nx", "tasks.csv:1", ["no column 'name'", "known are title"]),
    ("title,priorty\nx,y", "tasks.csv:1", ["no column 'priorty'", "did you mean 'priority'?"]),
    ("title,payload.\nx,y", "tasks.csv:1", ["no column 'payload.'"]),
    ("title,\nx,y", "tasks.csv:1", ["no column ''"]),
    ("kind\nx", "tasks.csv:1", ["no column title"]),
    ("title,kind,title\nx,y,z", "tasks.csv:1", ["two columns 'title'"]),
    ("title,payload,payload.a\n", "tasks.csv:1", ["both payload and payload.KEY"]),
    ("title;kind\nx;y", "tasks.csv:1", ["not separated by commas"]),
    ("title\tkind\nx\ty", "tasks.csv:1", ["not separated by commas"]),
    # rows
    ("title,kind\na,b\nc", "tasks.csv:3", ["1 cells", "2", "quote"]),
    ("title,kind\na,b,c", "tasks.csv:2", ["3 cells"]),
    ('title\na\n"b\nc\nd', "tasks.csv:3", ["never closed"]),
    ('title,kind\n"a"b,c', "tasks.csv:2", ["stands alone"]),
    (f'title\na\n"{"x" * 140_000}"', "tasks.csv:3", ["131,072", "JSONL"]),
    ("title\na\rb", "tasks.csv:2", ["carriage return"]),
    # cells
    ("title,kind\n,b", "tasks.csv:2 title", ["needed and missing"]),
    ("title,max_attempts\na,1.5", "tasks.csv:2 max_attempts", ["'1.5' is not a whole number"]),
    ("title,max_attempts\na,9999999999999999999999", "tasks.csv:2 max_attempts", ["not a whole number"]),
    ("title,max_attempts\na,0", "tasks.csv:2 max_attempts", ["between 1 and 1000"]),
    ("title,held\na,maybe", "tasks.csv:2 held", ["neither true nor false"]),
    ("title,skills\na,python:high", "tasks.csv:2 skills", ["'high' is not a whole number"]),
    ("title,skills\na,b:1;b:2", "tasks.csv:2 skills", ["'b' stands here twice"]),
    ("title,skills\na,:2", "tasks.csv:2 skills", ["empty"]),
    ("title,skills\na,b:101", "tasks.csv:2 skills.b", ["between 1 and 100"]),
    ("title,priority\na,hihg", "tasks.csv:2 priority", ["did you mean 'high'?"]),
    ("title,deadline\na,yesterday", "tasks.csv:2 deadline", ["not a length of time"]),
    ("title,ttl\na,-5", "tasks.csv:2 ttl", ["ten years"]),
    ("title,payload\na,{", "tasks.csv:2 payload", ["not JSON"]),
    ("title,payload\na,1e400", "tasks.csv:2 payload", ["not JSON"]),
    ("title,payload\na,NaN", "tasks.csv:2 payload", ["not JSON"]),
    (f"title,payload\na,{'9' * 30}", "tasks.csv:2 payload", ["beyond 9223372036854775807"]),
    (f"title,payload\na,{'9' * 5000}", "tasks.csv:2 payload", ["not JSON"]),
]


@pytest.mark.parametrize(("text", "field", "words"), WRONG, ids=[text[:40] for text, *_ in WRONG])
def test_wrong_text(text: str, field: str, words: list[str]) -> None:
    code = "too_large" if "131,072" in words else "invalid"
    assert_refused(lambda: read(text), field, *words, code=code)


@pytest.mark.parametrize("depth", [101, 1_000, 60_000])
def test_payload_nested_too_deep(depth: int) -> None:
    text = f"title,payload\na,{'[' * depth}{']' * depth}"
    assert_refused(lambda: read(text), "tasks.csv:2 payload", "deep", "flatten it")


def test_a_title_that_is_too_long() -> None:
    assert_refused(lambda: read(f"title\n{'x' * 501}"), "tasks.csv:2 title", "501", "500", code="too_large")


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=30)
FILLED = st.tuples(TEXT, st.sampled_from('a,"ß;'), TEXT).map("".join)
ROWS = st.tuples(FILLED, FILLED | st.just(""), st.dictionaries(st.sampled_from("ab"), FILLED), st.booleans())


@given(st.lists(ROWS, max_size=5))
def test_rows_come_back_as_they_were_written(rows: list[tuple[str, str, dict[str, str], bool]]) -> None:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["title", "description", "payload.a", "payload.b", "held"])
    for title, description, payload, held in rows:
        writer.writerow([title, description, payload.get("a", ""), payload.get("b", ""), str(held)])
    assert [task.spec for task in read(file.getvalue())] == [
        TaskSpec(title=title, description=description, payload=payload or None, held=held)
        for title, description, payload, held in rows
    ]
