"""Logs of parallel machines in CSV derived from the Standard Workload Format: one-slot tasks, users as tenants.

Users' own estimates are the estimates. Rows that never ran (no run time) are left out, as the log's readers do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rota.model.task import TaskSpec
from rota.simulator.arrival import Arrival, Work
from rota.simulator.fleet import SimulatedFleet
from rota.simulator.workloads.rows import Order, csv_rows

NEEDED = ("submit_s", "run_s")


class Swf:
    """One task for each row, in order of submission."""

    uses = frozenset({"tasks", "pace"})
    weights: Mapping[str, float] = {}
    fleet: SimulatedFleet | None = None

    def __init__(self, file: str) -> None:
        self.name = file
        self.kind = "machine log"

    def arrivals(self, capacity: float) -> Iterator[Arrival]:
        """The rows that ran."""
        del capacity
        order = Order()
        for row in csv_rows(self.name, NEEDED):
            at = order.next(row, "submit_s", row.number("submit_s"))
            run = row.number("run_s", least=-1, default=0.0)
            if run <= 0:
                continue
            estimate = row.number("est_s", least=-1, default=0.0)
            spec = TaskSpec(
                title=f"row {row.text('id', str(row.line))}",
                kind="row",
                tenant=f"user-{row.text('user', 'unknown')}",
                estimate=estimate if estimate > 0 else None,
            )
            yield Arrival(at_s=at, works=[Work(spec=spec, run_s=run, line=row.line)])
