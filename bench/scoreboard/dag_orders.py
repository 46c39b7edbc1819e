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
        name: figures(found, partial(central, order=order, aged=aged)) for name, (order, aged) in orders(found).items()
    }


Orders = dict[str, tuple[Order, Callable[[Task, float], object] | None]]


def orders(workload: Workload) -> Orders:
    """By name: the key of a task that waits, and the key that ages in its place, if it does."""
    chains = below(workload)
    works = group_works(workload)

    def due(task: Task) -> float:
        # As inherited: the deadline of what waits for it, less the work in between.
        return task.deadline - chains[task.seq] + task.work

    def due_late(task: Task, now: float) -> tuple[bool, float]:
        # A task whose chain can no longer end in time is late.
        late = now + chains[task.seq] > task.deadline
        return late, task.work if late else due(task)

    return {
        "fifo": (fifo, None),
        "sjf": (sjf, None),
        "DAG by DAG, longest chain first": (lambda task: (task.submit, -chains[task.seq]), None),
        "deadline, longest chain first": (lambda task: (task.deadline, -chains[task.seq]), None),
        "latest start": (lambda task: task.deadline - chains[task.seq], None),
        ALONE: (due, None),
        "due, late last": (due, due_late),
        "smallest DAG first": (lambda task: (works[task.seq], -chains[task.seq]), None),
    }


def below(workload: Workload) -> list[float]:
    """By seq: work along the longest chain from a task's beginning to the end of its DAG. Parents come first."""
    chains = [task.work for task in workload.tasks]
    for task in reversed(workload.tasks):
        for parent in task.parents:
            chains[parent] = max(chains[parent], workload.tasks[parent].work + chains[task.seq])
    return chains


def group_works(workload: Workload) -> list[float]:
    """By seq: the work of all tasks of its DAG."""
    works = [inf] * len(workload.tasks)
    for group in workload.groups:
        total = sum(workload.tasks[seq].work for seq in group)
        for seq in group:
            works[seq] = total
    return works
