"""The tasks a run is about: those of one batch, or all that the database holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from rota.model.commands.read import BatchView, GetBatch, ListQueues, ListTasks, QueuePage, TaskPage
from rota.model.state import ENDED, STATES, State
from rota.model.task import TaskView
from rota.operations.distributor import Distributor

PAGE = 1_000
_ENDED = {STATES[number] for number in ENDED}


class Group(NamedTuple):
    """Unfinished tasks of one kind; `estimate_s` is the sum over those that came with an estimate, seconds."""

    kind: str | None
    tasks: int
    estimated: int
    estimate_s: float


@dataclass(slots=True)
class Counts:
    """How many tasks are in which state: over all, and by queue; and what is left to be done."""

    states: dict[str, int] = field(default_factory=dict)
    queues: dict[str, dict[str, int]] = field(default_factory=dict)
    left: list[Group] = field(default_factory=list)

    def add(self, queue: str, state: str, tasks: int) -> None:
        """So many more."""
        self.states[state] = self.states.get(state, 0) + tasks
        shown = self.queues.setdefault(queue, {})
        shown[state] = shown.get(state, 0) + tasks

    @property
    def unfinished(self) -> int:
        """Tasks that have not ended."""
        return sum(n for state, n in self.states.items() if state not in _ENDED)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.states.values())


class Work(Protocol):
    """What is to be done."""

    batch: str | None

    def count(self) -> Counts:
        """How far it has come."""
        ...

    def tasks(self, state: State) -> Iterator[TaskView]:
        """Those in this state, newest first."""
        ...


class BatchWork:
    """The tasks of one batch."""

    def __init__(self, distributor: Distributor, batch: str) -> None:
        self._distributor = distributor
        self.batch: str | None = batch

    def count(self) -> Counts:
        counts = Counts()
        view: BatchView = self._distributor.call(GetBatch(batch=self.batch or ""))
        for group in view.groups:
            counts.add(group.queue, group.state, group.tasks)
            if group.state not in _ENDED:
                counts.left.append(Group(group.kind, group.tasks, group.estimated, group.estimate_s))
        return counts

    def tasks(self, state: State) -> Iterator[TaskView]:
        return _tasks(self._distributor, state, self.batch)


class DatabaseWork:
    """Whatever waits in the database. What ended is not counted: there may be years of it."""

    def __init__(self, distributor: Distributor) -> None:
        self._distributor = distributor
        self.batch: str | None = None

    def count(self) -> Counts:
        counts = Counts()
        page: QueuePage = self._distributor.call(ListQueues())
        for queue in page.queues:
            states = {"ready": queue.waiting, "running": queue.running, **queue.aside}
            for state, tasks in states.items():
                if tasks and state not in _ENDED:
                    counts.add(queue.name, state, tasks)
        if counts.unfinished:
            counts.left.append(Group(None, counts.unfinished, 0, 0.0))
        return counts

    def tasks(self, state: State) -> Iterator[TaskView]:
        return _tasks(self._distributor, state, None)


def seconds_left(left: list[Group], mean_s: Mapping[str, float], work_rate: float) -> float | None:
    """Seconds until all of it is done, or None while nothing is known.

    A task is taken to last as its kind did lately, else as it was estimated, else as others did; `work_rate` is how
    many seconds of work end a second.
    """
    usual = sum(mean_s.values()) / len(mean_s) if mean_s else None
    seconds = 0.0
    for group in left:
        measured = mean_s.get(group.kind) if group.kind is not None else None
        estimated = group.estimate_s / group.estimated if group.estimated else None
        each = next((one for one in (measured, estimated, usual) if one is not None), None)
        if each is None:
            return None
        seconds += each * group.tasks
    return seconds / work_rate if work_rate > 0 else None


def _tasks(distributor: Distributor, state: State, batch: str | None) -> Iterator[TaskView]:
    cursor: str | None = None
    while True:
        page: TaskPage = distributor.call(ListTasks(state=state, batch=batch, limit=PAGE, cursor=cursor))
        yield from page.tasks
        cursor = page.cursor
        if cursor is None:
            return
