"""Simulated agents: speed, failure, crashes, skills, slow starts, prices."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.model.requirements import Requirements
from rota.planning.snapshot import Profile
from rota.simulator.behaviour import Behaviour
from rota.simulator.simulate import simulate
from tests.simulator.runs import outcome, run, setup


def test_a_fast_agent_does_more_in_the_same_time() -> None:
    found = run("batch", "2", tasks="90", service="fixed", mean="10", more={"agent.agent-1.speed": "2"})
    assert found.capacity == 3
    assert found.makespan_s == pytest.approx(300, rel=0.05)
    assert found.makespan_bound_s == 300


def test_failures_are_repeated_and_the_same_for_every_policy() -> None:
    first = run("poisson", "3", tasks="400", agent__fail="0.25")
    assert 70 < first.failed < 200
    assert first.attempts == first.failed + first.ended["done"]
    assert first.ended["done"] + first.ended["dead"] == 400
    other = run("poisson", "3", tasks="400", agent__fail="0.25", policy="shortest")
    assert (other.failed, other.attempts) == (first.failed, first.attempts)


def test_whoever_always_fails_leaves_dead_tasks_behind() -> None:
    found = run("poisson", "2", tasks="20", agent__fail="1", queue__max_attempts="3")
    assert found.ended["dead"] == 20
    assert found.attempts == found.failed == 60
    assert found.completion == 0


def test_a_crashed_agents_lease_is_lost_and_the_task_done_again() -> None:
    found = run("poisson", "3", tasks="60", agent__crash="0.2")
    assert found.lost > 3
    assert found.ended["done"] + found.ended["dead"] == 60
    assert found.attempts == found.ended["done"] + found.lost
    assert found.response_s is not None
    assert found.response_s.most > 60, "a lease ends no sooner than its term"


def test_heartbeats_keep_the_leases_of_long_tasks() -> None:
    found = run("poisson", "2", tasks="20", service="fixed", mean="500", agent__crash="0.05", queue__term="30")
    assert found.ended["done"] == 20
    assert found.attempts == 20 + found.lost


def test_skill_above_need_fails_less() -> None:
    ways = Behaviour(fail=0.8, skill_factor=0.5)
    needs = Requirements(skills=(("code", 1), ("docs", 2)))
    assert ways.fail_share(Profile("a", skills=(("code", 1), ("docs", 2))), needs) == 0.8
    assert ways.fail_share(Profile("a", skills=(("code", 3), ("docs", 4))), needs) == pytest.approx(0.2)
    assert ways.fail_share(Profile("a"), Requirements()) == 0.8


def test_a_slow_start_costs_time_at_the_beginning_only() -> None:
    ways = Behaviour(slow_start=100)
    assert ways.duration_us(10, 0) == 100_000_000
    assert ways.duration_us(10, 50_000_000) == 20_000_000
    assert ways.duration_us(10, 100_000_000) == 10_000_000


def test_agents_of_a_fleet_file_work_under_its_policies(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text(
        '[queue.default]\nmax_attempts = 2\n[pool.default]\nstrategy = "round_robin"\n'
        '[[agent]]\nname = "coder"\ncount = 2\nskills = { code = 3 }\ncost = { per_hour = 36, per_task = 1 }\n'
        '[[agent]]\nname = "writer"\nskills = { docs = 1 }\n'
    )
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text(
        '{"title":"x","run_s":10,"skills":{"code":1},"priority":"high"}\n'
        '{"title":"y","run_s":10,"skills":{"docs":1},"submit_s":1}\n'
    )
    ready = setup(tasks, fleet=str(file), agent__writer__fail="1")
    assert ready.pools["default"].strategy == "round_robin"
    found = simulate(ready).result
    assert found.ended == {"done": 1, "dead": 1, "expired": 0, "cancelled": 0, "refused": 0, "unfinished": 0}
    assert found.cost == pytest.approx(1.1)
    assert [pool.agents for pool in found.pools] == [["coder-1", "coder-2"], ["writer"]]


def test_every_attempt_can_be_drawn_while_there_are_few() -> None:
    few = outcome("batch", "2", tasks="10", service="fixed")
    assert few.bars is not None
    assert [(bar.begin, bar.end) for bar in few.bars[:3]] == [(0, 10), (0, 10), (10, 20)]
    assert outcome("batch", "50", tasks="2100", mean="1").bars is None


def test_an_agent_that_is_out_after_failures_breaks_no_law() -> None:
    """Its slot is free and tasks wait that it may do: right, while the engine says that it is out."""
    ways = {"agent.agent-1.fail": "0.9", "bands": "high:1,low:1"}
    out = run("bursty", "3", tasks="250", load="1.3", more=ways)
    never_out = run("bursty", "3", tasks="250", load="1.3", more={**ways, "pool.eject_s": "0", "pool.breaker_s": "0"})
    assert out.failed < 0.5 * never_out.failed
    assert out.inversions == never_out.inversions == 0
    assert out.laws.conservation_checked > 250
