"""The reference simulator is given the very tasks that the engine is simulated with."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.scoreboard.ideal import ideal
from bench.scoreboard.ours import engine
from bench.scoreboard.reference import baselines, workload_of
from rota.simulator.simulate import prepared

SETTINGS = {"tasks": "500", "load": "0.95", "service": "exponential", "deadline": "run+5,15"}


def test_the_engine_and_the_reference_agree_on_first_come_first_served() -> None:
    ours = engine("poisson", {**SETTINGS, "queue.ordering": "fifo"}, seed=3, slots="4")
    other = baselines(("fifo",), "poisson", SETTINGS, seed=3, slots="4")["fifo"]
    assert ours.queue_s is not None
    assert ours.queue_s.mean == pytest.approx(other.wait, rel=1e-5)
    assert ours.queue_s.mean > 1
    assert ours.makespan_s == pytest.approx(other.makespan, rel=1e-6)
    assert ours.deadlines.share == pytest.approx(other.deadlines)
    assert ours.tenants[0].slowdown_mean == pytest.approx(other.slowdowns["default"], rel=1e-5)


def test_groups_and_what_waits_for_what_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "flows.jsonl"
    file.write_text('{"name":"w","tasks":[["a",2,[]],["b",3,[0]],["c",4,[0]],["d",1,[1,2]]]}\n' * 2)
    settings = {"load": "0.01", "deadline": "path*1.1"}
    found = workload_of(prepared(str(file), slots="2", given=settings, seed=0))
    assert [list(group) for group in found.groups] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert found.tasks[7].parents == (5, 6)
    assert found.tasks[4].submit == found.tasks[7].submit > 0
    assert baselines(("fifo",), str(file), settings, slots="2")["fifo"].groups == 1
    assert baselines(("fifo",), str(file), settings, slots="1")["fifo"].groups == 0


def test_the_ideal_is_below_what_anybody_reached() -> None:
    settings = {"tasks": "1500", "load": "1.1"}
    best = ideal("seed", settings, seed=1)
    others = baselines(("fifo", "sjf", "edf", "bands"), "seed", settings, seed=1)
    assert 0 < best.wait < best.blind_wait
    assert best.wait < min(one.wait for one in others.values())
    assert max(one.deadlines for one in others.values()) <= best.clairvoyant <= best.possible <= 1
    assert best.mean_work == pytest.approx(20, rel=0.1)
