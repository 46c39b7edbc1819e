"""Who may claim while a provider's limit is used up, or this machine is too busy."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rota.agents.board import Board
from rota.agents.gate import Gate
from rota.agents.guard import GuardWatch, free_memory, load, too_busy
from rota.files.guard import Guard, GuardTable, guard_of


def entered(gate: Gate) -> list[str]:
    """Slots a and b of one limit, c of another, d of none; what was held so far."""
    held: list[str] = []
    for name, limit in (("a", "x"), ("b", "x"), ("c", "y"), ("d", None)):
        gate.enter(name, limit, lambda name=name: held.append(name))  # type: ignore[misc]
    return held


def test_a_limit_shuts_all_that_use_it_and_opens_for_one_after_the_other() -> None:
    gate = Gate(stagger_s=10)
    held = entered(gate)
    gate.shut("x", time.time() + 100)
    assert held == ["a", "b"]
    waits = [gate.closed(name) for name in "abcd"]
    assert waits[2:] == [None, None]
    assert waits[0] is not None
    assert waits[1] is not None
    assert 99 < waits[0][0] <= 100
    assert 109 < waits[1][0] <= 110
    assert (waits[0][1] or "").startswith("limit x is used up at its provider until")
    gate.shut("x", time.time() + 50)
    again = gate.closed("a")
    assert again is not None
    assert again[0] > 99, "of two moments the later counts"
    gate.shut("y", time.time() - 1)
    assert gate.closed("c") is None


def test_a_busy_machine_begins_nothing_and_then_one_after_the_other() -> None:
    gate = Gate(stagger_s=10)
    held = entered(gate)
    gate.busy(None)
    assert gate.closed("d") is None
    gate.busy("the load is 9")
    assert held == list("abcd")
    assert gate.closed("a") == (10, None)
    gate.busy("the load is 8")
    assert held == list("abcd")
    gate.busy(None)
    assert gate.closed("a") is None
    last = gate.closed("d")
    assert last is not None
    assert 29 < last[0] <= 30


def test_what_the_guard_looks_at() -> None:
    guard = guard_of(GuardTable(max_load=4, min_free_memory="1.5GB"))
    assert guard == Guard(max_load=4, min_free_memory=3 * 2**29)
    assert too_busy(guard, 3.9, 2**31) is None
    assert too_busy(guard, None, None) is None
    assert too_busy(guard, 4.1, 2**31) == "no more is started: the load is 4.1, over 4"
    assert too_busy(guard, 1.0, 2**30) == "no more is started: 1,074 MB of memory are free, less than 1,611"
    assert load() is not None
    assert (free_memory() or 1) > 0
    assert guard_of(GuardTable()) is None


def test_the_watch_shuts_the_gate_and_opens_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = tmp_path / "meminfo"
    memory.write_text("MemTotal: 9000 kB\nMemAvailable: 1000 kB\n")
    monkeypatch.setattr("rota.agents.guard.MEMORY", str(memory))
    gate, board = Gate(stagger_s=0), Board()
    gate.enter("a", None, lambda: None)
    watch = GuardWatch(Guard(min_free_memory=2_000_000), gate, board, every_s=0.01)
    watch.start()
    try:
        assert board.noticed() == "no more is started: 1 MB of memory are free, less than 2"
        assert gate.closed("a") is not None
        (tmp_path / "more").write_text("MemAvailable: 4000 kB\n")
        (tmp_path / "more").rename(memory)
        while board.noticed() is not None:
            assert board.wait(10)
        assert gate.closed("a") is None
    finally:
        watch.stop()
