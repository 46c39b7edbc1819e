"""What a fleet file says beside agents counts in a simulation too: limits, weights of tenants, routing rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from rota.simulator.result import Result
from rota.simulator.simulate import simulate
from tests.simulator.runs import setup

AGENTS = '[[agent]]\nname = "a"\ncount = 3\n'


def simulated(folder: Path, fleet: str, tasks: list[str], **given: str) -> Result:
    (folder / "fleet.toml").write_text(fleet)
    (folder / "tasks.jsonl").write_text("".join(f"{line}\n" for line in tasks))
    ready = setup(folder / "tasks.jsonl", fleet=str(folder / "fleet.toml"), more=given)
    return simulate(ready).result


def task(tenant: str = "t", **more: object) -> str:
    rest = "".join(f',"{name}":{value}' for name, value in more.items())
    return f'{{"title":"x","run_s":10,"tenant":"{tenant}"{rest}}}'


def test_a_limit_keeps_slots_free_and_no_law_is_broken(tmp_path: Path) -> None:
    limit = '[[limit]]\nkey = "tenant"\ncapacity = 1\n'
    tasks = [task("one")] * 3 + [task("two")] * 2
    assert simulated(tmp_path, AGENTS, tasks).makespan_s == 20
    limited = simulated(tmp_path, AGENTS + limit, tasks)
    assert limited.makespan_s == 30
    assert limited.ended["done"] == 5
    assert limited.inversions == 0


def test_what_a_limit_refuses_is_counted_as_refused(tmp_path: Path) -> None:
    limit = '[[limit]]\nkey = "tenant"\nunit = "tasks"\nperiod = "1h"\ncapacity = 2\non_empty = "refuse"\n'
    tasks = [task(submit_s=30 * n) for n in range(4)]
    found = simulated(tmp_path, AGENTS + limit, tasks)
    assert (found.ended["done"], found.ended["refused"]) == (2, 2)


def test_tenants_weigh_what_the_fleet_file_says(tmp_path: Path) -> None:
    weights = "[tenant.big]\nweight = 4\n[pool.default]\nslack = 0\n"
    tasks = [task("big"), task("small")] * 60
    found = simulated(tmp_path, weights + AGENTS, tasks)
    assert [(row.name, row.weight) for row in found.tenants] == [("big", 4), ("small", 1)]
    assert found.fairness.jain == pytest.approx(1, abs=0.02)
    waits = {row.name: row.queue_s.mean for row in found.tenants if row.queue_s}
    assert waits["small"] > 1.5 * waits["big"]
