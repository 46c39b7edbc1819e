"""Preemption, stages and rules in a rehearsal: simulated agents give way as real ones do, and all gets done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import rota

FLEET = """\
{preempt}
[queue.default]
stages = [{{ after = "200s", change = {{ raise_by = 1 }} }}]
[[rule]]
match = {{ priority = "emergency" }}
set = {{ skills = {{ quick = 1 }} }}
[[agent]]
name = "a"
count = 3
skills = {{ quick = 1 }}
"""


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """More than three agents can do; each tenth is an emergency."""
    rows: list[dict[str, Any]] = [
        {"title": f"t{n}", "priority": "low" if n % 10 else "emergency", "estimate": 60, "start": n * 5}
        for n in range(60)
    ]
    path = tmp_path / "tasks.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def simulated(tasks: Path, preempt: str) -> Any:
    (tasks.parent / "fleet.toml").write_text(FLEET.format(preempt=preempt))
    said = rota("simulate", tasks, "--fleet", tasks.parent / "fleet.toml", "--json")
    assert said.code == 0, said.talk
    return said.json


def test_emergencies_wait_less_and_nothing_is_lost(tasks: Path) -> None:
    without = simulated(tasks, "")
    given_way = simulated(tasks, "[pool.default]\npreempt = { patience_s = 1 }")
    assert (without["attempts"], without["ended"]["done"]) == (60, 60)
    assert given_way["attempts"] > 60
    assert (given_way["ended"]["done"], given_way["failed"], given_way["lost"]) == (60, 0, 0)
    waits = [found["bands"][0]["queue_s"]["most"] for found in (without, given_way)]
    assert waits[1] < waits[0]
