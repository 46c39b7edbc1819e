"""Which workload a word of the user means: a generator's name, or a file known by what is in it."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import PurePath

from rota.files.place import bad
from rota.model.errors import invalid
from rota.simulator.arrival import Workload
from rota.simulator.settings import Settings
from rota.simulator.workloads import agent_runs, llm_requests, seed_scenario, swf
from rota.simulator.workloads.adversarial import Adversarial
from rota.simulator.workloads.agent_runs import AgentRuns
from rota.simulator.workloads.dags import Dags
from rota.simulator.workloads.generated import Generated
from rota.simulator.workloads.llm_requests import LlmRequests
from rota.simulator.workloads.rows import csv_columns, json_rows
from rota.simulator.workloads.seed_scenario import SeedScenario
from rota.simulator.workloads.swf import Swf
from rota.simulator.workloads.task_file import TaskFile

Preset = dict[str, str | float | int]

GENERATORS: dict[str, tuple[str, Preset, Callable[[str, Settings, int], Workload]]] = {
    "poisson": ("independent arrivals", {"arrivals": "poisson"}, Generated),
    "bursty": ("arrivals in bursts (cv)", {"arrivals": "bursty"}, Generated),
    "diurnal": ("days and nights (period, swing)", {"arrivals": "diurnal", "period": 3_600.0}, Generated),
    "heavy-tail": ("a few tasks are most of the work (alpha)", {"service": "pareto"}, Generated),
    "batch": ("all at once", {"arrivals": "batch"}, Generated),
    "adversarial": ("tenants that want more than their share", {}, Adversarial),
    "seed": ("the seed scenario: 45,000 tasks, 60 agents", seed_scenario.PRESET, SeedScenario),
}
"""By name: what it is, its own settings, how it is made."""


def preset_of(text: str) -> Preset:
    """The settings that come with a workload."""
    return GENERATORS[text][1] if text in GENERATORS else {}


def open_workload(text: str, settings: Settings, seed: int) -> Workload:
    """The workload; refused when it is neither a generator nor a file that is understood."""
    if text in GENERATORS:
        return GENERATORS[text][2](text, settings, seed)
    name = PurePath(text)
    if text == "-":
        raise invalid("workload", "a workload is read twice, so it cannot be the standard input; save it as a file")
    if not name.suffix and name.name == text:
        near = get_close_matches(text, GENERATORS, 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise invalid(
            "workload", f"{text[:60]!r} is no generator ({', '.join(GENERATORS)}), and a file has an ending{meant}"
        )
    suffix = PurePath(name.stem).suffix if name.suffix.lower() == ".gz" else name.suffix
    if suffix.lower() == ".csv":
        return _csv(text, settings)
    if suffix.lower() in (".jsonl", ".ndjson"):
        return _json(text, settings, seed)
    if suffix.lower() in (".md", ".markdown", ".txt") and name.suffix.lower() != ".gz":
        return TaskFile(text, settings, as_json=False)
    raise bad(text, "this name ends in none of .csv, .jsonl (also .gz of both), .md, .txt; rename the file")


def _csv(file: str, settings: Settings) -> Workload:
    header = set(csv_columns(file))
    if set(llm_requests.NEEDED) <= header:
        return LlmRequests(file, settings, as_json=False)
    if set(agent_runs.NEEDED) <= header:
        return AgentRuns(file)
    if set(swf.NEEDED) <= header:
        return Swf(file)
    if "title" in header:
        if file.lower().endswith(".gz"):
            raise bad(file, "tasks in CSV are not read from gz; unpack the file, or save them as JSON Lines")
        return TaskFile(file, settings, as_json=False)
    wanted = "; or ".join(", ".join(names) for names in (llm_requests.NEEDED, swf.NEEDED, agent_runs.NEEDED))
    raise bad(file, f"its columns tell no workload; there must be {wanted}; or title", line=1 if header else None)


def _json(file: str, settings: Settings, seed: int) -> Workload:
    first = next(json_rows(file), None)
    if first is None:
        raise bad(file, "this file is empty; each line must be a JSON object")
    if set(llm_requests.NEEDED_JSON) <= set(first.cells):
        return LlmRequests(file, settings, as_json=True)
    if "tasks" in first.cells:
        return Dags(file, settings, seed)
    if "title" in first.cells:
        return TaskFile(file, settings, as_json=True)
    wanted = f"{', '.join(llm_requests.NEEDED_JSON)} (LLM requests); tasks (DAGs); or title (our own tasks)"
    raise bad(file, f"this line tells no workload; it must have {wanted}", line=first.line)
