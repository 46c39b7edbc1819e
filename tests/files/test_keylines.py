"""The line finder, against texts whose lines are known by the way they are written."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rota.files.keylines import key_lines, line_of
from rota.files.place import Path

TEXT = '''\
# a comment with [brackets] and "quotes"
top = """
[not.a.table]
key = "no"
"""
[queue.first]
term = 5
"a b".'c d' = 1
backoff = { base = 1, cap = { x = [1, 2] } }

[[agent]]
name = 'one' # ] } "
skills = { python = 1 }
[agent.cost]
per_hour = 1.5

[[agent]]
name = """two"""
command = [
    "a",  # comment, with ] and "
    "b\\"]",

    ["c", { d = 1 }],
]
cost.per_hour = 3
env.PATH = \'\'\'
[x]\'\'\'
[[agent.deep]]
x = 2020-01-01 10:00:00
[[agent.deep]]
x = 2
'''

WHERE: dict[Path, int] = {
    ("top",): 2,
    ("queue", "first"): 6,
    ("queue", "first", "term"): 7,
    ("queue", "first", "a b", "c d"): 8,
    ("queue", "first", "backoff", "cap", "x", 1): 9,
    ("agent",): 11,
    ("agent", 0): 11,
    ("agent", 0, "name"): 12,
    ("agent", 0, "skills", "python"): 13,
    ("agent", 0, "cost"): 14,
    ("agent", 0, "cost", "per_hour"): 15,
    ("agent", 1): 17,
    ("agent", 1, "name"): 18,
    ("agent", 1, "command", 0): 20,
    ("agent", 1, "command", 1): 21,
    ("agent", 1, "command", 2, 1, "d"): 23,
    ("agent", 1, "cost", "per_hour"): 25,
    ("agent", 1, "env", "PATH"): 26,
    ("agent", 1, "deep", 0, "x"): 29,
    ("agent", 1, "deep", 1): 30,
    ("agent", 1, "deep", 1, "x"): 31,
}


def test_every_kind_of_key_is_found_on_its_line() -> None:
    found = key_lines(TEXT)
    assert {path: found.get(path) for path in WHERE} == WHERE


def test_windows_line_ends_count_once() -> None:
    assert key_lines(TEXT.replace("\n", "\r\n")) == key_lines(TEXT)


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    found = key_lines(TEXT)
    assert line_of(found, ("agent", 1, "slots")) == 17
    assert line_of(found, ("queue", "second")) == 6
    assert line_of(found, ("nowhere",)) is None


def paths_of(value: Any, path: Path = ()) -> set[Path]:
    found: set[Path] = {path} if path else set()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found.union(*(paths_of(inner, (*path, key)) for key, inner in items))


KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x7f"), max_size=8)
SCALARS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.booleans(), KEYS)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))


def written(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {written(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def quoted(text: str) -> str:
    """A TOML basic string: JSON's, but for characters beyond 16 bits, which stay as they are."""
    return json.dumps(text, ensure_ascii=False)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_finds_what_the_parser_finds(document: dict[str, Any]) -> None:
    text = "".join(f"\n# [comment]\n{quoted(key)} = {written(value)}\n" for key, value in document.items())
    assert tomllib.loads(text) == document
    found = key_lines(text)
    assert found.keys() == paths_of(document)
    for number, key in enumerate(document, 1):
        assert {line for path, line in found.items() if path[0] == key} == {3 * number}
