"""Runs of coding agents: CSV with `dispatch_s` and `saved_s`, whose difference is the work. They come as one batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rota.model.task import TaskSpec
from rota.simulator.arrival import Arrival, Work
from rota.simulator.fleet import SimulatedFleet
from rota.simulator.workloads.rows import csv_rows

NEEDED = ("dispatch_s", "saved_s")


class AgentRuns:
    """One task for each run, in the order of the file, all at the beginning."""

    uses = frozenset({"tasks"})
    weights: Mapping[str, float] = {}
    fleet: SimulatedFleet | None = None

    def __init__(self, file: str) -> None:
        self.name = file
        self.kind = "agent runs"

    def arrivals(self, capacity: float) -> Iterator[Arrival]:
        """The runs; a row without both times never ended and is left out."""
        del capacity
        for row in csv_rows(self.name, NEEDED):
            if "dispatch_s" not in row.cells or "saved_s" not in row.cells:
                continue
            run = row.number("saved_s") - row.number("dispatch_s")
            if run <= 0:
                raise row.wrong("saved_s", "this run was saved before it was dispatched")
            spec = TaskSpec(title=row.text("task", f"run {row.line}")[:500], kind=row.text("repo", "run")[:100])
            tokens = row.number("tokens_in", default=0.0) + row.number("tokens_out", default=0.0)
            yield Arrival(at_s=0.0, works=[Work(spec=spec, run_s=run, tokens=tokens, line=row.line)])
