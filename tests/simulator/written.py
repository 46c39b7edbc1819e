"""A fleet and tasks written down in a few lines, and simulated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rota.simulator.result import Result
from rota.simulator.simulate import simulate
from tests.simulator.runs import setup


def task(**more: Any) -> dict[str, Any]:
    """A task of ten seconds."""
    return {"title": "x", "run_s": 10, **more}


def simulated(
    folder: Path, fleet: str, tasks: list[dict[str, Any]], *, seed: int = 0, more: Mapping[str, str] | None = None
) -> Result:
    (folder / "fleet.toml").write_text(fleet)
    (folder / "tasks.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in tasks))
    return simulate(setup(folder / "tasks.jsonl", fleet=str(folder / "fleet.toml"), seed=seed, more=more)).result
