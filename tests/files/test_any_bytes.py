"""Whatever is in a file, reading it gives what it says or a RotaError, never another exception."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.files.reading import read_text
from rota.files.reference import EXAMPLE
from rota.files.tasks import Format, open_tasks
from rota.files.toml import parse_fleet
from rota.model.errors import RotaError

JSONL = """\
{"title": "a", "ref": "a", "skills": {"x": 1}, "payload": {"k": [1, 2.5, null, true, "\\u00e4"]}}
# comment
{"title": "b", "after": ["a", {"task": "a", "rule": "run"}], "deadline": "2h", "ttl": 90, "held": true}
"""
CSV = """\
title,description,skills,payload.k,after,ref
a,"x ""y""
z",python:2;docs,v,,r
b,,,,r,
"""
MARKDOWN = """\
# Page
- [ ] a !high @x:2 #k due:2h
  text
  - [x] b
      - [ ] c
```
code
```
<!-- comment -->
1. [ ] d
"""
PIECES = st.sampled_from(
    [
        *(b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\r", b"\r\n", b"\n", b"\t", b"\x1b", b"\\"),
        *("\u2028\u0085\u202e".encode(), "\U0001f600".encode(), b"\\u0000", b"\\ud800"),
        *(b'"', b'"""', b"'''", b"[", b"[[", b"]", b"]]", b"{", b"}", b"=", b".", b",", b":", b";", b"#"),
        *(b"[" * 5_000, b"{a=" * 2_000, b"9" * 5_000, b"1e400", b"NaN", b"nan", b"inf", b"-", b"a"),
        *(b"- [ ]", b"- [", b"```", b"<!--", b"-->", b"!", b"@", b"due:", b"task-1"),
        *(b"\n[agent.x]\n", b"\n[[agent]]\nname='q'\n", b"\nagent.x = 1\n", b"2024-01-01T00:00:00"),
    ]
)
ANY = st.lists(PIECES | st.binary(max_size=6), max_size=12).map(b"".join) | st.binary(max_size=60)


@st.composite
def damaged(draw: st.DrawFn, text: str) -> bytes:
    """The text with parts of it replaced, doubled or taken away."""
    raw = text.encode()
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, min(len(raw), start + 20)))
        raw = raw[:start] + draw(PIECES | st.binary(max_size=3) | st.just(raw[start:end] * 2)) + raw[end:]
    return raw


def taken_or_refused(call: Callable[[], object]) -> None:
    try:
        call()
        return
    except RotaError as refused:
        error = refused
    assert str(error).isprintable()
    assert len(str(error)) < 2_000
    assert error.field


def read_tasks(raw: bytes, form: Format) -> None:
    with open_tasks("-", form, io.BytesIO(raw)) as file:
        assert file.count == sum(len(part.specs) for part in file.parts())


@given(st.data())
@pytest.mark.parametrize(("form", "text"), [("jsonl", JSONL), ("csv", CSV), ("markdown", MARKDOWN)])
def test_tasks(form: Format, text: str, data: st.DataObject) -> None:
    raw = data.draw(ANY | damaged(text))
    taken_or_refused(lambda: read_tasks(raw, form))


@pytest.mark.parametrize(("form", "text"), [("jsonl", JSONL), ("csv", CSV), ("markdown", MARKDOWN)])
def test_undamaged_tasks_are_taken(form: Format, text: str) -> None:
    read_tasks(text.encode(), form)


@pytest.fixture(scope="module")
def fleet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fleet") / "fleet.toml"


@given(ANY | damaged(EXAMPLE))
def test_fleet(fleet_file: Path, raw: bytes) -> None:
    fleet_file.write_bytes(raw)
    taken_or_refused(lambda: parse_fleet(read_text(str(fleet_file), 1_000_000), str(fleet_file)))
