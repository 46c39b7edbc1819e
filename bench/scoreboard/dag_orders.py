"""Orderings of tasks of DAGs, static and with true lengths: what the engine's order is compared with."""

from collections.abc import Callable, Mapping
from functools import partial
from math import inf

from bench.reference.orders import fifo, sjf
from bench.reference.run import central
from bench.reference.task import Task
from bench.scoreboard.reference import Figures, Workload, figures, workload_of
from rota.simulator.simulate import prepared

ALONE = "due alone"
Order = Callable[[Task], object]


def dag_orders(workload: str, settings: Mapping[str, str], seed: int, slots: str) -> dict[str, Figures]:
    """Every ordering on the same arrivals."""
    found = workload_of(prepared(workload, slots=slots, given=settings, seed=seed))
    return {
        name: figures(found, partial(central, order=order, aged=aged)) for name, (order, aged) in _orders(found).items()
    }


Orders = dict[str, tuple[Order, Callable[[Task, float], object] | None]]


def _orders(workload: Workload) -> Orders:
    below = _below(workload)
    works = _group_works(workload)

    def due(task: Task) -> float:
        # As inherited: the deadline of what waits for it, less the work in between.
        return task.deadline - below[task.seq] + task.work

    def due_late(task: Task, now: float) -> tuple[bool, float]:
        # A task whose chain can no longer end in time is late.
        late = now + below[task.seq] > task.deadline
        return late, task.work if late else due(task)

    return {
        "fifo": (fifo, None),
        "sjf": (sjf, None),
        "DAG by DAG, longest chain first": (lambda task: (task.submit, -below[task.seq]), None),
        "deadline, longest chain first": (lambda task: (task.deadline, -below[task.seq]), None),
        "latest start": (lambda task: task.deadline - below[task.seq], None),
        ALONE: (due, None),
        "due, late last": (due, due_late),
        "smallest DAG first": (lambda task: (works[task.seq], -below[task.seq]), None),
    }


def _below(workload: Workload) -> list[float]:
    """By seq: work along the longest chain from a task's beginning to the end of its DAG. Parents come first."""
    below = [task.work for task in workload.tasks]
    for task in reversed(workload.tasks):
        for parent in task.parents:
            below[parent] = max(below[parent], workload.tasks[parent].work + below[task.seq])
    return below


def _group_works(workload: Workload) -> list[float]:
    works = [inf] * len(workload.tasks)
    for group in workload.groups:
        total = sum(workload.tasks[seq].work for seq in group)
        for seq in group:
            works[seq] = total
    return works
