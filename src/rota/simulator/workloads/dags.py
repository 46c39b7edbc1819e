"""DAGs: JSON Lines, one workflow a line, `tasks` as lists whose columns `fields` names.

They come over time: gaps are exponential, so that the fleet's load is as set; in which order, the seed decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rota.model.task import TaskSpec
from rota.planning.graph import cycle
from rota.simulator.arrival import Arrival, Work
from rota.simulator.chance import stream
from rota.simulator.fleet import SimulatedFleet
from rota.simulator.settings import Settings
from rota.simulator.workloads.rows import Row, json_rows

FIELDS = ("kind", "runtime_s", "parents")
LEAST_S = 1e-3
"""Some traces round short tasks to 0; they take this long, seconds."""


class Dags:
    """One group for each workflow."""

    uses = frozenset({"tasks", "pace", "load", "repeat"})
    weights: Mapping[str, float] = {}
    fleet: SimulatedFleet | None = None

    def __init__(self, file: str, settings: Settings, seed: int) -> None:
        self.name = file
        self.kind = "DAGs"
        self._settings = settings
        self._seed = seed

    def arrivals(self, capacity: float) -> Iterator[Arrival]:
        """The workflows, shuffled, at exponential gaps of mean (mean work / (load * capacity))."""
        rows = list(json_rows(self.name))
        flows = [(row, _works(row)) for row in rows]
        if not flows:
            return
        random = stream(self._seed, "dags")
        work = sum(task.run_s for _row, works in flows for task in works) / len(flows)
        gap = work / (self._settings.load * capacity)
        at = 0.0
        for _ in range(self._settings.repeat):
            order = list(range(len(flows)))
            random.shuffle(order)
            for index in order:
                # Made anew each time: whoever simulates a task may change it.
                yield Arrival(at_s=at, works=_works(flows[index][0]), group=True)
                at += random.expovariate(1.0) * gap


def _works(row: Row) -> list[Work]:
    """The tasks of a workflow, parents first."""
    places = _places(row)
    tasks = row.cells.get("tasks")
    if not isinstance(tasks, list) or not tasks:
        raise row.wrong("tasks", "this must be a list of tasks, with at least one")
    parents = {at: _parents(row, task, at, places, len(tasks)) for at, task in enumerate(tasks)}
    found = cycle(parents)
    if found is not None:
        raise row.wrong("tasks", f"these wait for each other: {' -> '.join(str(at) for at in found)}")
    works = {}
    for at, task in enumerate(tasks):
        cells = Row(row.file, row.line, {f"tasks[{at}].runtime_s": task[places["runtime_s"]]})
        spec = TaskSpec(
            title=f"{row.text('name', 'workflow')[:200]} {at}",
            kind=str(task[places["kind"]])[:100] or "task",
            ref=f"{row.line}-{at}",
            after=[f"{row.line}-{parent}" for parent in parents[at]],
        )
        run = max(cells.number(f"tasks[{at}].runtime_s"), LEAST_S)
        works[at] = Work(spec=spec, run_s=run, line=row.line)
    return [works[at] for at in _parents_first(parents)]


def _places(row: Row) -> dict[str, int]:
    fields = row.cells.get("fields", list(FIELDS))
    if not isinstance(fields, list) or any(name not in fields for name in FIELDS):
        raise row.wrong("fields", f"this must name the columns of a task, among them {', '.join(FIELDS)}")
    return {name: fields.index(name) for name in FIELDS}


def _parents(row: Row, task: Any, at: int, places: dict[str, int], n: int) -> list[int]:
    if not isinstance(task, list) or len(task) <= max(places.values()):
        raise row.wrong(f"tasks[{at}]", "this must be a list with a value for each of the fields")
    parents = task[places["parents"]]
    if not isinstance(parents, list) or not all(isinstance(one, int) and 0 <= one < n for one in parents):
        raise row.wrong(f"tasks[{at}].parents", f"these must be numbers of tasks from 0 to {n - 1}")
    return sorted(set(parents))


def _parents_first(parents: Mapping[int, list[int]]) -> list[int]:
    """The tasks in the order of the file as far as parents allow."""
    done: dict[int, None] = {}
    for root in parents:
        stack = [root]
        while stack:
            at = stack[-1]
            missing = [parent for parent in parents[at] if parent not in done]
            if missing:
                stack.extend(reversed(missing))
            else:
                done[stack.pop()] = None
    return list(done)
