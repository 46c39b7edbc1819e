"""What can at best be expected of the seed scenario: fleets without its constraints that know what nobody knows.

The least mean wait of tasks of unequal length on slots of unequal speed is NP-hard to find. In its place stands the
*ideal*: every agent may do every task, nobody fails, true lengths are known, and the shortest task goes first to the
fastest free slot. Each of these takes a constraint away or adds knowledge, so a real fleet is not expected below it.
It is a schedule of an easier problem, not a proof: that problem's own optimum may be lower still. `blind` is the same
fleet without knowledge of lengths, first come, first served. `even` is the ideal with every agent kept as busy as the
others: tasks that go to slow slots stay longer, so this is what even load costs at the least.

For deadlines: the *clairvoyant* knows true lengths, meets no failures, ignores bands and tenants, and serves by
deadline whoever can still meet it. `possible` is proved: the share of deadlines that the fastest agent that may could
meet if it began at once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf

import msgspec

from bench.reference.agent import Agent
from bench.reference.orders import Order, edf_late, fifo
from bench.reference.picks import RoundRobin, by_capacity
from bench.reference.run import central
from bench.reference.span import Span
from bench.reference.task import Task
from bench.scoreboard.reference import Run, Workload, figures, workload_of
from rota.simulator.simulate import prepared


class Ideal(msgspec.Struct, frozen=True):
    """Mean waits in seconds, shares of deadlines."""

    wait: float
    blind_wait: float
    even_wait: float
    clairvoyant: float
    possible: float
    mean_work: float


def ideal(workload: str, settings: Mapping[str, str], seed: int, slots: str | None = None) -> Ideal:
    """All figures for one workload."""
    found = workload_of(prepared(workload, slots=slots, given=settings, seed=seed))
    flawless = [Agent(agent.name, agent.slots, agent.speed, agent.skills) for agent in found.agents]
    anybody = found._replace(tasks=[task._replace(needs=()) for task in found.tasks], agents=flawless)
    return Ideal(
        wait=figures(anybody, _in_order(_true_length)).wait,
        blind_wait=figures(anybody, _in_order(fifo)).wait,
        even_wait=figures(anybody, _evenly).wait,
        clairvoyant=figures(found._replace(agents=flawless), _clairvoyant).deadlines,
        possible=_possible(found),
        mean_work=sum(task.work for task in found.tasks) / len(found.tasks),
    )


def _true_length(task: Task) -> float:
    return task.work


def _in_order(order: Order) -> Run:
    return lambda tasks, agents: central(tasks, agents, order)


def _evenly(tasks: Iterable[Task], agents: Sequence[Agent]) -> Iterator[Span]:
    return central(tasks, agents, _true_length, pick=RoundRobin(agents, by_capacity))


def _clairvoyant(tasks: Iterable[Task], agents: Sequence[Agent]) -> Iterator[Span]:
    return central(tasks, agents, aged=edf_late)


def _possible(workload: Workload) -> float:
    best: dict[object, float] = {}
    with_deadline = met = 0
    for task in workload.tasks:
        if task.deadline == inf:
            continue
        speed = best.get(task.needs)
        if speed is None:
            speed = max(agent.speed for agent in workload.agents if agent.able(task.needs))
            best[task.needs] = speed
        with_deadline += 1
        met += task.submit + task.work / speed <= task.deadline
    return met / with_deadline if with_deadline else 1.0
