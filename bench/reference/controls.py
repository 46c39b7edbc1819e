"""How lucky a stream of arrivals is, measured without the simulator, by something whose true mean is known."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from heapq import heappop, heappush
from math import exp
from typing import NamedTuple

from bench.reference.batches import BatchMeans
from bench.reference.task import Task


class Control(NamedTuple):
    """`watch` hands tasks on and notes a value for each, of which `expected` is the mean in the long run."""

    watch: Callable[[Iterable[Task], BatchMeans], Iterator[Task]]
    expected: float


def one_fast_server(capacity: float, rho: float) -> Control:
    """The wait in one FIFO server as fast as the fleet; Poisson arrivals, exponential work of mean 1."""
    return Control(partial(lindley, capacity=capacity), rho / (1 - rho) / capacity)


def endless_slots(load: float, slots: int) -> Control:
    """Whether an arrival would find so many tasks or more, were there slots for all: Poisson with the offered load."""
    below, term = 0.0, exp(-load)
    for number in range(slots):
        below += term
        term *= load / (number + 1)
    return Control(partial(crowded, slots=slots), 1 - below)


def lindley(tasks: Iterable[Task], notes: BatchMeans, capacity: float) -> Iterator[Task]:
    wait = last = 0.0
    for task in tasks:
        wait = max(wait - (task.submit - last), 0.0)
        notes.add(task.seq, wait)
        last = task.submit
        wait += task.work / capacity
        yield task


def crowded(tasks: Iterable[Task], notes: BatchMeans, slots: int) -> Iterator[Task]:
    finishes: list[float] = []
    for task in tasks:
        while finishes and finishes[0] <= task.submit:
            heappop(finishes)
        notes.add(task.seq, float(len(finishes) >= slots))
        heappush(finishes, task.submit + task.work)
        yield task
