"""`/metrics`: figures as Prometheus reads them. Never an id as a label; names of queues, operations and states alone.

Gauges of the database are the same at every node of it: take one of them, not their sum. What begins with
`rota_process` or `rota_http` is of this process. `rota_audit` is what the last audit of the whole history found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from time import monotonic
from typing import NamedTuple

from rota.engine.measured import Histogram
from rota.engine.node import Node
from rota.faces.http.audits import Audited
from rota.faces.http.counted import Counted
from rota.model.commands.read import Statistics
from rota.model.queue import QueueView


class Process(NamedTuple):
    """What this process knows itself."""

    node: Node
    counted: Counted
    waiting: int
    """Claims over HTTP that wait."""
    audited: Audited | None = None


def metrics(statistics: Statistics, queues: Sequence[QueueView], process: Process) -> str:
    """The whole page. `statistics` are those of the last hour."""
    parts = (_of_database(statistics), _of_queues(queues), _of_process(process), _of_http(process), _of_audit(process))
    return "".join(f"{line}\n" for part in parts for line in part)


def _of_database(statistics: Statistics) -> Iterator[str]:
    yield from _gauge("rota_agents", "Agents that are known.", statistics.agents)
    yield from _head("rota_hour_tasks", "gauge", "What happened to tasks in the last hour, by queue.")
    for queue, counts in sorted(statistics.per_queue.items()):
        for what, n in sorted(counts.items()):
            yield f"rota_hour_tasks{{queue={_text(queue)},what={_text(what)}}} {n}"
    waited = "Seconds that the tasks given in the last hour had waited, summed up; rota_hour_given says how many."
    yield from _gauge("rota_hour_waited_seconds", waited, round(statistics.waited_s, 6))
    yield from _gauge("rota_hour_given", "Tasks given to agents in the last hour.", statistics.counts.get("given", 0))


def _of_queues(queues: Sequence[QueueView]) -> Iterator[str]:
    """How deep the queues are."""
    yield from _head("rota_tasks_waiting", "gauge", "Tasks that are ready, by queue.")
    for queue in queues:
        yield f"rota_tasks_waiting{{queue={_text(queue.name)}}} {queue.waiting}"
    yield from _head("rota_leases", "gauge", "Tasks in the hands of agents, by queue.")
    for queue in queues:
        yield f"rota_leases{{queue={_text(queue.name)}}} {queue.running}"
    yield from _head("rota_tasks_aside", "gauge", "Tasks set aside, by queue and state.")
    for queue in queues:
        for state, n in sorted(queue.aside.items()):
            yield f"rota_tasks_aside{{queue={_text(queue.name)},state={_text(state)}}} {n}"
    yield from _head("rota_queue_paused", "gauge", "Whether the queue is paused, 1 or 0.")
    for queue in queues:
        yield f"rota_queue_paused{{queue={_text(queue.name)}}} {int(queue.paused)}"


def _of_process(process: Process) -> Iterator[str]:
    node = process.node
    yield from _head("rota_process_turns_total", "counter", "Turns that this process ran.")
    yield f"rota_process_turns_total {node.turns}"
    yield from _histogram("rota_process_turn_seconds", "How long turns took.", node.turn_seconds)
    about = "From the later of (request received, slot freed, task ready) to the answer, for each task given."
    yield from _histogram("rota_process_distribution_seconds", about, node.give_seconds)
    yield from _head("rota_process_wait_seconds", "histogram", "How long the tasks given had been ready, by priority.")
    for priority, waits in node.waits.items():
        yield from _counts("rota_process_wait_seconds", waits, f"priority={_text(priority)}")
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


def _of_audit(process: Process) -> Iterator[str]:
    """Nothing until the first audit has ended."""
    found = process.audited
    if found is None:
        return
    yield from _gauge("rota_audit_age_seconds", "How old the last audit is.", round(monotonic() - found.ended, 1))
    yield from _gauge("rota_audit_given", "Tasks given to agents since the history began, as audited.", found.gives)
    about = "Tasks that were given past one of a better priority, as audited."
    yield from _gauge("rota_audit_inversions", about, found.inversions)
    yield from _gauge("rota_audit_violations", "All that the last audit found wrong.", found.violations)


def _head(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def _gauge(name: str, about: str, value: float) -> Iterator[str]:
    yield from _head(name, "gauge", about)
    yield f"{name} {value}"


def _histogram(name: str, about: str, histogram: Histogram) -> Iterator[str]:
    yield from _head(name, "histogram", about)
    yield from _counts(name, histogram)


def _counts(name: str, histogram: Histogram, label: str = "") -> Iterator[str]:
    counts = list(accumulate(histogram.counts))
    before, alone = (f"{label},", f"{{{label}}}") if label else ("", "")
    for bound, n in zip(histogram.bounds, counts, strict=False):
        yield f'{name}_bucket{{{before}le="{bound:g}"}} {n}'
    yield f'{name}_bucket{{{before}le="+Inf"}} {counts[-1]}'
    yield f"{name}_sum{alone} {round(histogram.total, 6)}"
    yield f"{name}_count{alone} {counts[-1]}"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
