"""`/metrics`: figures as Prometheus reads them. Never an id as a label; names of queues, operations and states alone.

Gauges of the database are the same at every node of it: take one of them, not their sum. What begins with
`rota_process` or `rota_http` is of this process.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from rota.engine.measured import BOUNDS, Histogram
from rota.engine.node import Node
from rota.faces.http.counted import Counted
from rota.model.commands.read import Statistics


class Process(NamedTuple):
    """What this process knows itself."""

    node: Node
    counted: Counted
    waiting: int
    """Claims over HTTP that wait."""


def metrics(statistics: Statistics, process: Process) -> str:
    """The whole page. `statistics` are those of the last hour."""
    return "".join(f"{line}\n" for line in (*_of_database(statistics), *_of_process(process), *_of_http(process)))


def _of_database(statistics: Statistics) -> Iterator[str]:
    yield from _gauge("rota_tasks_waiting", "Tasks that are ready.", statistics.waiting)
    yield from _gauge("rota_leases", "Tasks in the hands of agents.", statistics.running)
    yield from _gauge("rota_agents", "Agents that are known.", statistics.agents)
    yield from _head("rota_tasks_aside", "gauge", "Tasks set aside, by state.")
    for state, n in sorted(statistics.aside.items()):
        yield f"rota_tasks_aside{{state={_text(state)}}} {n}"
    yield from _head("rota_hour_tasks", "gauge", "What happened to tasks in the last hour, by queue.")
    for queue, counts in sorted(statistics.per_queue.items()):
        for what, n in sorted(counts.items()):
            yield f"rota_hour_tasks{{queue={_text(queue)},what={_text(what)}}} {n}"
    waited = "Seconds that the tasks given in the last hour had waited, summed up; rota_hour_given says how many."
    yield from _gauge("rota_hour_waited_seconds", waited, round(statistics.waited_s, 6))
    yield from _gauge("rota_hour_given", "Tasks given to agents in the last hour.", statistics.counts.get("given", 0))


def _of_process(process: Process) -> Iterator[str]:
    node = process.node
    yield from _head("rota_process_turns_total", "counter", "Turns that this process ran.")
    yield f"rota_process_turns_total {node.turns}"
    yield from _histogram("rota_process_turn_seconds", "How long turns took.", node.turn_seconds)
    about = "From the later of (request received, slot freed, task ready) to the answer, for each task given."
    yield from _histogram("rota_process_distribution_seconds", about, node.give_seconds)
    yield from _gauge("rota_process_listening", "Claims that wait, over whatever way they came.", len(node.listening))
    broken = "Shapes of tasks that the plan failed at and has set aside."
    yield from _gauge("rota_process_shapes_set_aside", broken, len(node.broken))
    yield from _gauge("rota_process_troubles", "What went wrong lately, as health shows it.", len(node.trouble))


def _of_http(process: Process) -> Iterator[str]:
    counted = process.counted
    yield from _head("rota_http_requests_total", "counter", "Requests by path and status; 499: the caller hung up.")
    for (path, status), n in sorted(counted.requests.items()):
        yield f"rota_http_requests_total{{path={_text(path)},status={_text(str(status))}}} {n}"
    yield from _histogram("rota_http_request_seconds", "How long requests took, waiting included.", counted.seconds)
    yield from _gauge("rota_http_claims_waiting", "Claims over HTTP that wait.", process.waiting)
    yield from _gauge("rota_http_followers", "Readers of the stream of events.", counted.followers)


def _head(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def _gauge(name: str, about: str, value: float) -> Iterator[str]:
    yield from _head(name, "gauge", about)
    yield f"{name} {value}"


def _histogram(name: str, about: str, histogram: Histogram) -> Iterator[str]:
    yield from _head(name, "histogram", about)
    counts = list(accumulate(histogram.counts))
    for bound, n in zip(BOUNDS, counts, strict=False):
        yield f'{name}_bucket{{le="{bound:g}"}} {n}'
    yield f'{name}_bucket{{le="+Inf"}} {counts[-1]}'
    yield f"{name}_sum {round(histogram.total, 6)}"
    yield f"{name}_count {counts[-1]}"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
