"""Random fleets and workloads: each ends, keeps its laws, and says the same twice.

So many seeds from 0 on: 12, or what ROTA_TEST_SEEDS says. `make unit ARGS=tests/simulator/test_random_work.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.simulator.random_work import random_work
from tests.simulator.written import simulated

SEEDS = int(os.environ.get("ROTA_TEST_SEEDS", "12"))
NEVER = {"ready", "scheduled", "running"}
"""Reasons that would say that the engine, or the simulator, left a task alone that it might have given out."""


@pytest.mark.parametrize("seed", range(SEEDS))
def test_it_ends_keeps_its_laws_and_says_the_same_twice(tmp_path: Path, seed: int) -> None:
    work = random_work(seed)
    # A broken law would be an error.
    found = simulated(tmp_path, work.fleet, work.tasks, seed=seed, more=work.settings)
    assert found.tasks == len(work.tasks) == sum(found.ended.values())
    assert found.inversions == 0
    assert not NEVER & {one.reason for one in found.stuck}
    assert sum(one.tasks for one in found.stuck) == found.ended["unfinished"]
    again = simulated(tmp_path, work.fleet, work.tasks, seed=seed, more=work.settings)
    assert again.json() == found.json()
