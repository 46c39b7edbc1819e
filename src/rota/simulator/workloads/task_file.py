"""Our own tasks. JSON Lines may say when each comes (`submit_s`), how long it takes (`run_s`) and its `tokens`; task
files of other formats come as one batch, and a task takes as long as its estimate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from rota.files.file_task import FileTask, task_of
from rota.files.place import bad
from rota.files.tasks import open_tasks
from rota.model.bounds import SUBMIT
from rota.model.times import seconds
from rota.simulator.arrival import Arrival, Work
from rota.simulator.fleet import SimulatedFleet
from rota.simulator.settings import Settings
from rota.simulator.workloads.rows import Order, json_rows

_OURS = ("submit_s", "run_s", "tokens")


class _Timed(NamedTuple):
    at_s: float
    work: Work


class TaskFile:
    """One task for each line; those of the same moment are submitted together."""

    uses = frozenset({"tasks", "pace", "run"})
    weights: Mapping[str, float] = {}
    fleet: SimulatedFleet | None = None

    def __init__(self, file: str, settings: Settings, *, as_json: bool) -> None:
        self.name = file
        self.kind = "tasks"
        self._settings = settings
        self._as_json = as_json

    def arrivals(self, capacity: float) -> Iterator[Arrival]:
        """The tasks in order of time."""
        del capacity
        timed = self._timed() if self._as_json else self._batch()
        for at_s, group in groupby(timed, key=lambda one: one.at_s):
            works: list[Work] = []
            for one in group:
                works.append(one.work)
                if len(works) == SUBMIT:
                    yield Arrival(at_s=at_s, works=works)
                    works = []
            if works:
                yield Arrival(at_s=at_s, works=works)

    def _timed(self) -> Iterator[_Timed]:
        order = Order()
        for row in json_rows(self.name):
            task = task_of({key: cell for key, cell in row.cells.items() if key not in _OURS}, row.file, row.line)
            at = order.next(row, "submit_s", row.number("submit_s", default=0.0))
            run = None if row.cells.get("run_s") is None else row.number("run_s")
            if run == 0:
                raise row.wrong("run_s", "no task takes 0 seconds; give how long it takes, or leave run_s out")
            yield _Timed(at, self._work(task, run, row.number("tokens", default=0.0)))

    def _batch(self) -> Iterator[_Timed]:
        with open_tasks(self.name) as file:
            for task in file.tasks():
                yield _Timed(0.0, self._work(task, None, 0.0))

    def _work(self, task: FileTask, run: float | None, tokens: float) -> Work:
        spec = task.spec
        if spec.estimate is not None:
            spec.estimate = seconds(spec.estimate, "estimate")
        run = run or spec.estimate or self._settings.run
        if not run:
            message = "how long this task takes is not known: give run_s or estimate, or take --set run=SECONDS"
            raise bad(self.name, message, line=task.line, path="run_s")
        spec.project = None  # projects order nothing yet, and there are none in an empty database
        return Work(spec=spec, run_s=float(run), tokens=tokens, line=task.line)
