"""Tasks as JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.files.file_task import FileTask
from rota.files.jsonl import read_jsonl
from rota.model.task import After, TaskSpec
from tests.files.refusal import assert_refused, refusal


def read(text: str) -> list[FileTask]:
    return list(read_jsonl(enumerate(text.splitlines(keepends=True), 1), "tasks.jsonl"))


def test_tasks_with_their_lines() -> None:
    one = '{"title": "one", "skills": {"python": 2}}'
    two = '{"title": "two", "after": ["a", {"task": "b", "rule": "run"}]}'
    text = f"\n# a comment\n{one}\n   \n {two} \n"
    assert read(text) == [
        FileTask(3, TaskSpec(title="one", skills={"python": 2})),
        FileTask(5, TaskSpec(title="two", after=["a", After(task="b", rule="run")])),
    ]


def test_an_empty_file_has_no_tasks() -> None:
    assert read("") == []
    assert read("\n\n# nothing\n") == []


def test_reading_is_lazy() -> None:
    """A huge file is never in memory: the first task comes before the second line is read."""

    def lines() -> Iterator[tuple[int, str]]:
        yield 1, '{"title": "one"}\n'
        pytest.fail("the second line was read before it was asked for")

    assert next(read_jsonl(lines(), "tasks.jsonl")).spec.title == "one"


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def task(fields: str) -> str:
    return f'{{"title": "t", {fields}}}'


WRONG = [
    # not JSON
    ('{"title": "t"', "", ["column 14", "ends too early", "on one line"], "invalid"),
    ("{", "", ["column 2", "ends too early"], "invalid"),
    ('{"title": "t",}', "", ["column 15", "not JSON"], "invalid"),
    ('{"title": "ä" "x"}', "", ["column 15", "not JSON"], "invalid"),
    ('{"title": "t"} {"title": "u"}', "", ["column 16", "on one line"], "invalid"),
    ("title", "", ["column 1", "not JSON"], "invalid"),
    ('{"title": "a\tb"}', "", ["column 13", "not JSON"], "invalid"),
    (task('"ttl": NaN'), "", ["column 23"], "invalid"),
    ('{"title": "x\\ud800y"}', "title", ["column 13", "half of a character"], "invalid"),
    ('{"title": "\\\\\\udc00"}', "title", ["column 14", "half of a character"], "invalid"),
    ('{"title": "\\ud83d\\ude00\\ud83d"}', "title", ["column 24", "half of a character"], "invalid"),
    ("[1]", "", ["not a JSON object"], "invalid"),
    ('"t"', "", ["not a JSON object"], "invalid"),
    # names and types
    ("{}", "title", ["needed and missing"], "invalid"),
    ('{"titel": "t"}', "titel", ["did you mean 'title'?"], "invalid"),
    (task('"id": 1'), "id", ["no such field"], "invalid"),
    ('{"title": 3}', "title", ["must be text, not a whole number"], "invalid"),
    (task('"ttl": true'), "ttl", ["not true or false"], "invalid"),
    (task('"held": null'), "held", ["must be true or false, not nothing"], "invalid"),
    (task('"skills": {"a": 1, "b": "2"}'), "skills.b", ["a whole number, not text"], "invalid"),
    (task('"skills": ["a"]'), "skills", ["must be a table, not a list"], "invalid"),
    (task('"priority": "hihg"'), "priority", ["none of", "did you mean 'high'?"], "invalid"),
    (task('"after": ["a", 3]'), "after[1]", ["must be"], "invalid"),
    (task('"after": [{"task": "a", "rul": "run"}]'), "after[0].rul", ["did you mean 'rule'?"], "invalid"),
    (task('"after": [{"task": "a", "rule": "runn"}]'), "after[0].rule", ["did you mean 'run'?"], "invalid"),
    # sizes
    ('{"title": ""}', "title", ["empty"], "invalid"),
    ('{"title": "  "}', "title", ["empty"], "invalid"),
    (json.dumps({"title": "x" * 1_000_000}), "title", ["1,000,000 characters", "500"], "too_large"),
    (task(f'"description": "{"x" * 100_001}"'), "description", ["100,000"], "too_large"),
    (task(f'"queue": "{"x" * 101}"'), "queue", ["100"], "too_large"),
    (task('"queue": ""'), "queue", ["empty"], "invalid"),
    (task(f'"unique": "{"x" * 301}"'), "unique", ["300"], "too_large"),
    (task(f'"group": "{"x" * 301}"'), "group", ["300"], "too_large"),
    (task(f'"regions": ["a", "{"x" * 101}"]'), "regions", ["100"], "too_large"),
    (task(f'"skills": {json.dumps({str(n): 1 for n in range(65)})}'), "skills", ["64"], "too_large"),
    (
        task(f'"after": {json.dumps([str(n) for n in range(1_001)])}'),
        "after",
        ["1001", "1000"],
        "too_large",
    ),
    (task('"after": [{"task": ""}]'), "after[0]", ["empty"], "invalid"),
    (task(f'"payload": "{"x" * 1_048_576}"'), "payload", ["1,048,578 bytes", "1,048,576"], "too_large"),
    (task(f'"payload": {nested(101)}'), "payload", ["deeper than 100", "flatten it"], "invalid"),
    (task(f'"payload": {nested(1_000)}'), "payload", ["deeper than 100", "flatten it"], "invalid"),
    (task(f'"payload": {nested(100_000)}'), "payload", ["deeper than 100", "flatten it"], "invalid"),
    (task(f'"payload": {"[" * 100_000}'), "payload", ["deeper than 100", "flatten it"], "invalid"),
    # ranges
    (task('"skills": {"a": 0}'), "skills.a", ["0 is not between 1 and 100"], "invalid"),
    (task('"skills": {"a": 101}'), "skills.a", ["between 1 and 100"], "invalid"),
    (task(f'"skills": {{"a": {10**30}}}'), "skills.a", ["between 1 and 100"], "invalid"),
    (task('"max_attempts": 0'), "max_attempts", ["between 1 and 1000"], "invalid"),
    (task(f'"max_attempts": {10**4000}'), "max_attempts", ["between 1 and 1000"], "invalid"),
    (task('"ttl": -1'), "ttl", ["ten years"], "invalid"),
    (task(f'"ttl": {10**400}'), "ttl", ["ten years"], "invalid"),
    (task('"ttl": "soon"'), "ttl", ["not a length of time", "'90s'"], "invalid"),
    (task('"estimate": "-5m"'), "estimate", ["not a length of time"], "invalid"),
    (task('"estimate": "nan"'), "estimate", ["ten years"], "invalid"),
    (task('"deadline": "2026-13-01T00:00:00Z"'), "deadline", ["RFC 3339"], "invalid"),
    (task('"deadline": "2026-11-22T10:00:00"'), "deadline", ["no offset", "Z"], "invalid"),
    (task('"start": "tomorrow"'), "start", ["not a length of time"], "invalid"),
    (
        task('"payload": {"a": [1, 9223372036854775808]}'),
        "payload",
        ["holds 9223372036854775808, which is beyond 9223372036854775807", "as text"],
        "invalid",
    ),
    (task(f'"payload": {"9" * 5000}'), "payload", ["5,000 digits", "beyond 9223372036854775807"], "invalid"),
    (task('"payload": {"a": [1, -1e400]}'), "payload.a[1]", ["-1e400 is beyond 1.7976931348623157e+308"], "invalid"),
    # NUL
    ('{"title": "a\\u0000b"}', "title", ["NUL"], "invalid"),
    (task('"description": "\\u0000"'), "description", ["NUL"], "invalid"),
    (task('"payload": {"a": ["\\u0000"]}'), "payload", ["NUL"], "invalid"),
    (task('"payload": {"\\u0000": 1}'), "payload", ["NUL"], "invalid"),
    (task('"skills": {"\\u0000": 1}'), "skills", ["NUL"], "invalid"),
]


@pytest.mark.parametrize(("line", "path", "words", "code"), WRONG, ids=[f"{line[:40]}" for line, *_ in WRONG])
def test_wrong_line(line: str, path: str, words: list[str], code: str) -> None:
    text = f'{{"title": "fine"}}\n\n{line}\n'
    assert_refused(lambda: read(text), f"tasks.jsonl:3 {path}".rstrip(), *words, code=code)


@pytest.mark.parametrize(
    "fields",
    [{"max_attempts": 10**4000}, {"skills": {"k" * 100_000: "x"}}, {"q" * 100_000: 1}],
    ids=["number", "key", "field"],
)
def test_huge_values_make_a_short_error(fields: dict[str, Any]) -> None:
    error = refusal(lambda: read(json.dumps({"title": "t", **fields})))
    assert len(str(error)) < 1_500


def test_the_largest_that_fits() -> None:
    fields: dict[str, Any] = {
        "title": "x" * 500,
        "description": "x" * 100_000,
        "payload": json.loads(nested(100)),
        "skills": {str(number): 100 for number in range(64)},
        "after": [str(number) for number in range(1_000)],
        "max_attempts": 1_000,
    }
    (task,) = read(json.dumps(fields))
    assert task.spec == TaskSpec(**fields)
    payload = "x" * (1_048_576 - 2)
    assert read(json.dumps({"title": "t", "payload": payload}))[0].spec.payload == payload


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
NAME = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
WORD = st.tuples(NAME, TEXT).map("".join)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
SPAN = st.floats(0, 1e8) | st.integers(0, 10**8) | st.sampled_from(["90s", "5m", "1h30m", "2d"])
WHEN = SPAN | st.datetimes(timezones=st.timezones()).filter(lambda at: at.year > 1970).map(lambda at: at.isoformat())
TASKS = st.builds(
    TaskSpec,
    title=WORD,
    description=TEXT,
    kind=NAME,
    payload=JSON,
    ref=st.none() | WORD,
    project=st.none() | WORD,
    priority=st.sampled_from(["emergency", "critical", "high", "normal", "low"]),
    deadline=st.none() | WHEN,
    ttl=st.none() | SPAN,
    skills=st.dictionaries(NAME, st.integers(1, 100), max_size=3),
    regions=st.lists(NAME, max_size=3),
    after=st.lists(WORD | st.builds(After, task=WORD, rule=st.sampled_from(["cancel", "run", "hold"])), max_size=3),
    max_attempts=st.none() | st.integers(1, 1_000),
    approval=st.none() | st.booleans(),
    held=st.booleans(),
)


@given(st.lists(TASKS, max_size=3))
def test_tasks_come_back_as_they_were_written(tasks: list[TaskSpec]) -> None:
    text = "".join(f"{msgspec.json.encode(task).decode()}\n" for task in tasks)
    lines = enumerate(text.split("\n"), 1)
    assert list(read_jsonl(lines, "tasks.jsonl")) == [FileTask(line, task) for line, task in enumerate(tasks, 1)]
