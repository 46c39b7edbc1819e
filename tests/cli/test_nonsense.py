"""Short commands with whatever stands in a line: refused in one line, never with a traceback, and never `internal`."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from rota.faces.cli.commands import COMMANDS
from rota.faces.cli.described import Described, described
from tests.cli.shell import rota

ELSEWHERE = {"apply", "completion", "down", "init", "log", "submit", "up"}
"""They work with files or processes; their tests are elsewhere."""
NONSENSE = (
    "", "x", "-", "task-1", "task-0", "task-99999999999999999999", "ann", "default", "\ud800", "é" * 600, "{", "[1]",
    "null", "NaN", "1e400", "-1", "0", "99999999999999999999", "none", "1h", "2020-01-01T00:00:00Z", "a=b", "a=1", "=",
    "proj-1", "\x1b[31m", "high", "ready", "yes", "'; drop table task", "../..", "\n",
)  # fmt: skip
LINES = 250


def line(random: Random, one: Described) -> Iterator[str]:
    """A line for this command: what it needs, some of what it takes, and nonsense for all of it."""
    yield from one.name.split()
    for word in one.verb.words:
        if not word.optional or random.random() < 0.5:
            yield random.choice(NONSENSE)
    for option in one.verb.options:
        if option.field in ("database", "watch", "wait") or not (option.needed or random.random() < 0.15):
            continue
        yield random.choice(option.names)
        if option.kind != "switch":
            yield random.choice(option.choices) if option.choices and random.random() < 0.5 else random.choice(NONSENSE)


def test_nonsense_is_refused_in_good_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random, work = Random(5), tmp_path / "work.db"
    for command in (["add", "one"], ["agents", "register", "ann"], ["queues", "pause", "default"]):
        assert rota(*command, "-d", work).code == 0
    short = {command.name for command in COMMANDS if command.is_short} - ELSEWHERE
    verbs = [one for one in described() if one.name.partition(" ")[0] in short]
    codes = set()
    for _ in range(LINES):
        words = list(line(random, random.choice(verbs)))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"task-1\n\xff\n")))
        said = rota(*words, "-d", work)
        assert said.code in (0, 2, 3, 4, 5), (words, said)
        assert "Traceback" not in said.talk, (words, said)
        if said.code == 2:
            assert len(said.talk.splitlines()) == 1, (words, said)
        codes.add(said.code)
    assert {0, 2, 3} <= codes
    assert rota("audit", work).code == 0
