"""Spans folded into figures."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil, inf
from typing import TypeVar

from bench.reference.agent import Agent
from bench.reference.span import NOBODY, Span
from bench.reference.task import Task

Name = TypeVar("Name", bound=Hashable)

BOUND_S = 10.0  # of the bounded slowdown: shorter tasks count as that long


@dataclass(slots=True)
class Group:
    """Means over tasks that ended. Times are seconds.

    A task's wait is all its time in a queue, over all its attempts; its slowdown is turnaround / max(work, 10 s), at
    least 1.
    """

    tasks: int = 0
    wait: float = 0.0
    turnaround: float = 0.0
    slowdown: float = 0.0

    def add(self, wait: float, turnaround: float, slowdown: float) -> None:
        self.tasks += 1
        self.wait += (wait - self.wait) / self.tasks
        self.turnaround += (turnaround - self.turnaround) / self.tasks
        self.slowdown += (slowdown - self.slowdown) / self.tasks


@dataclass(slots=True)
class Report:
    """`all`, `bands` and `tenants` are about the done; deadlines of tasks that were not done count as missed."""

    agents: Sequence[Agent]
    all: Group = field(default_factory=Group)
    bands: dict[int, Group] = field(default_factory=dict)
    tenants: dict[str, Group] = field(default_factory=dict)
    waits: array[float] = field(default_factory=lambda: array("d"))  # of the done, in order of finish
    endings: dict[str, int] = field(default_factory=dict)
    deadlines: int = 0
    deadlines_met: int = 0
    first_submit: float = inf
    last_finish: float = -inf
    busy: list[float] = field(default_factory=list)  # slot-seconds of each agent

    @property
    def makespan(self) -> float:
        """From the first submit to the last end, seconds; 0 of nothing."""
        return max(self.last_finish - self.first_submit, 0.0)

    @property
    def utilisation(self) -> list[float]:
        """Of each agent: busy over offered slot-time of the whole makespan."""
        span = self.makespan
        offered = [agent.slots * span for agent in self.agents]
        return [busy / one if one else 0.0 for busy, one in zip(self.busy, offered, strict=True)]

    @property
    def share_met(self) -> float:
        """Deadlines met over all tasks with one; 1 if there are none."""
        return self.deadlines_met / self.deadlines if self.deadlines else 1.0

    def wait_quantile(self, share: float) -> float:
        """The least wait that this share of the done did not exceed."""
        ordered = sorted(self.waits)
        return ordered[max(ceil(share * len(ordered)) - 1, 0)] if ordered else 0.0


def report(spans: Iterable[Span], agents: Sequence[Agent]) -> Report:
    """Read a run to its end."""
    found = Report(agents, busy=[0.0] * len(agents))
    waited: dict[int, float] = {}  # of tasks with an attempt behind and another before them
    for task, agent, ready, start, finish, ending in spans:
        if agent != NOBODY:
            found.busy[agent] += finish - start
        found.endings[ending] = found.endings.get(ending, 0) + 1
        wait = waited.pop(task.seq, 0.0) + start - ready
        if ending in ("failed", "preempted"):
            waited[task.seq] = wait
            continue
        found.first_submit = min(found.first_submit, task.submit)
        found.last_finish = max(found.last_finish, finish)
        if task.deadline < inf:
            found.deadlines += 1
            found.deadlines_met += ending == "done" and finish <= task.deadline
        if ending == "done":
            _count_done(found, task, wait, finish)
    return found


def _count_done(found: Report, task: Task, wait: float, finish: float) -> None:
    turnaround = finish - task.submit
    slowdown = max(turnaround / max(task.work, BOUND_S), 1.0)
    found.waits.append(wait)
    for group in (_group(found.bands, task.band), _group(found.tenants, task.tenant), found.all):
        group.add(wait, turnaround, slowdown)


def _group(groups: dict[Name, Group], name: Name) -> Group:
    return groups.setdefault(name, Group())
