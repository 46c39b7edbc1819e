"""Tasks that wait for tasks: orders for list scheduling, and what no schedule can beat.

All of it trusts the estimates, save the bounds, which are about the true work.
"""

from collections.abc import Callable, Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from math import inf

from bench.reference.orders import Order
from bench.reference.task import Task


def upward_rank(tasks: Iterable[Task]) -> Order:
    """HEFT's order: the longest way from the task to an end, itself included, comes first."""
    rank = _longest_ways(tasks, lambda task: task.estimate)
    return lambda task: -rank[task.seq]


def inherited_due(tasks: Iterable[Task], k: float = 10.0, target: float = 0.0) -> Order:
    """due(t) = min(own, due(child) - estimate(child)); own = deadline, else submit + target + k x estimate."""
    backwards, children = _backwards(tasks)
    due: dict[int, float] = {}
    for task in backwards:
        own = task.deadline if task.deadline < inf else task.submit + target + k * task.estimate
        due[task.seq] = min([own, *(due[child.seq] - child.estimate for child in children[task.seq])])
    return lambda task: due[task.seq]


def critical_path(tasks: Iterable[Task]) -> float:
    """The longest chain of true work, in seconds at speed 1."""
    return max(_longest_ways(tasks, lambda task: task.work).values(), default=0.0)


def graham_bounds(tasks: Sequence[Task], slots: int) -> tuple[float, float]:
    """Least and greatest makespan of any list schedule on equal slots of speed 1, all submitted at once (Graham 1969).

    max(CP, W/m) <= makespan <= W/m + (1 - 1/m) CP
    """
    path = critical_path(tasks)
    share = sum(task.work for task in tasks) / slots
    return max(path, share), share + (1 - 1 / slots) * path


def _longest_ways(tasks: Iterable[Task], size: Callable[[Task], float]) -> dict[int, float]:
    backwards, children = _backwards(tasks)
    way: dict[int, float] = {}
    for task in backwards:
        way[task.seq] = size(task) + max((way[child.seq] for child in children[task.seq]), default=0.0)
    return way


def _backwards(tasks: Iterable[Task]) -> tuple[list[Task], dict[int, list[Task]]]:
    """Children before their parents; and each task's children. Parents that are not among the tasks do not count."""
    known = {task.seq: task for task in tasks}
    children: dict[int, list[Task]] = {seq: [] for seq in known}
    for task in known.values():
        for parent in task.parents:
            if parent in known:
                children[parent].append(task)
    sorter = TopologicalSorter({seq: [child.seq for child in below] for seq, below in children.items()})
    try:
        return [known[seq] for seq in sorter.static_order()], children
    except CycleError as error:
        raise ValueError(f"tasks wait for each other in a circle: {' -> '.join(map(str, error.args[1]))}") from None
