"""Same seed, same result, byte for byte, in every process."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.simulator.runs import run

_SETTINGS = {"tasks": "300", "tenants": "1:2", "bands": "high:1,low:1", "agent.fail": "0.1", "noise": "0.4"}


def test_a_seed_decides_everything() -> None:
    first = run("bursty", "4", seed=7, more=_SETTINGS)
    assert run("bursty", "4", seed=7, more=_SETTINGS).json() == first.json()
    assert run("bursty", "4", seed=8, more=_SETTINGS).json() != first.json()


def test_two_processes_say_the_same() -> None:
    command = [
        sys.executable,
        "-m",
        "rota",
        "simulate",
        "seed",
        "--set",
        "tasks=250",
        "--set",
        "agent.team-1-*.crash=.1",
    ]
    texts = []
    for hashing in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hashing}
        texts.append(subprocess.run([*command, "--json"], env=environment, capture_output=True, check=True).stdout)
    assert texts[0] == texts[1]
    assert texts[0].startswith(b'{"workload":"seed"')


def test_arrivals_and_luck_do_not_depend_on_the_policy() -> None:
    default = run("seed", seed=3, tasks="300")
    other = run("seed", seed=3, tasks="300", policy="round_robin")
    assert default.json() != other.json()
    assert [row.tasks for row in default.tenants] == [row.tasks for row in other.tenants]
    assert default.deadlines.with_deadline == other.deadlines.with_deadline
    assert default.makespan_bound_s == other.makespan_bound_s
