"""LLM requests: CSV of `id, submit_s, tokens_in, tokens_out`, or JSON Lines as mooncake publishes them.

The traces have no times of service; base + in/rate + out/rate stands for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rota.model.task import TaskSpec
from rota.simulator.arrival import Arrival, Work
from rota.simulator.fleet import SimulatedFleet
from rota.simulator.settings import Settings
from rota.simulator.workloads.rows import Order, Row, csv_rows, json_rows

NEEDED = ("submit_s", "tokens_in", "tokens_out")
NEEDED_JSON = ("submit_ms", "tokens_in", "tokens_out")


class LlmRequests:
    """One task for each request."""

    uses = frozenset({"tasks", "pace", "service.base", "service.in", "service.out"})
    weights: Mapping[str, float] = {}
    fleet: SimulatedFleet | None = None

    def __init__(self, file: str, settings: Settings, *, as_json: bool) -> None:
        self.name = file
        self.kind = "LLM requests"
        self._settings = settings
        self._as_json = as_json

    def arrivals(self, capacity: float) -> Iterator[Arrival]:
        """The requests in order of time."""
        del capacity
        order = Order()
        column, unit = ("submit_ms", 1e-3) if self._as_json else ("submit_s", 1.0)
        for row in json_rows(self.name) if self._as_json else csv_rows(self.name, NEEDED):
            at = order.next(row, column, row.number(column) * unit)
            yield Arrival(at_s=at, works=[self._work(row)])

    def _work(self, row: Row) -> Work:
        settings = self._settings
        tokens_in, tokens_out = row.number("tokens_in"), row.number("tokens_out")
        run = settings.service_base + tokens_in / settings.service_in + tokens_out / settings.service_out
        if run <= 0:
            raise row.wrong("tokens_out", "a request of no tokens takes no time; set service.base above 0")
        spec = TaskSpec(title=f"request {row.text('id', str(row.line))}", kind="request")
        return Work(spec=spec, run_s=run, tokens=tokens_in + tokens_out, line=row.line)
