"""Preemptive resume: a better task takes the slot of the worst running one, which later goes on where it stopped."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from math import inf
from typing import Any

from bench.reference.agent import Agent
from bench.reference.binding import Late
from bench.reference.orders import Order
from bench.reference.span import Span
from bench.reference.task import Task

Preference = Callable[[Task, float], Any]  # task, work done so far in seconds at speed 1 → key, least first


def srpt(task: Task, done: float) -> float:
    """Shortest remaining time, by the estimate; a task that outlived its estimate is about to end."""
    return max(task.estimate - done, 0.0)


def fixed(order: Order) -> Preference:
    """A key that does not change while the task runs: preemptive priority, preemptive shortest first, EDF."""
    return lambda task, _done: order(task)


def preemptive(tasks: Iterable[Task], agents: Sequence[Agent], preference: Preference) -> Iterator[Span]:
    """One central queue in which the best tasks run, always.

    Ties keep whoever runs; a waiting task takes the fastest free agent it may have. Tasks come in order of submit.
    Raises ValueError for what this model leaves out: parents, patience, agents that fail.
    """
    if failing := [agent.name for agent in agents if agent.failure]:
        raise ValueError(f"agent {failing[0]} fails attempts: a preemptive run knows no failures, set it to 0")
    return _Run(agents, preference).spans(tasks)


class _Running:
    """A task in a slot; `done` is the work it had behind it at start."""

    __slots__ = ("agent", "done", "finish", "ready", "start", "task")

    def __init__(self, task: Task, done: float, agent: int, ready: float, start: float, finish: float) -> None:
        self.task = task
        self.done = done
        self.agent = agent
        self.ready = ready
        self.start = start
        self.finish = finish


class _Run:
    def __init__(self, agents: Sequence[Agent], preference: Preference) -> None:
        self._preference = preference
        self._speeds = [agent.speed for agent in agents]
        self._free = [agent.slots for agent in agents]
        self._binding = Late(agents, self._free)
        self._running: list[dict[int, _Running]] = [{} for _ in agents]  # by agent, by seq
        self._finishes: list[tuple[float, int, _Running]] = []  # also of those that were preempted since
        self._done: dict[int, float] = {}  # waiting tasks that were preempted → work behind them
        self._starts = 0
        self._out: list[Span] = []

    def spans(self, tasks: Iterable[Task]) -> Iterator[Span]:
        finishes, out = self._finishes, self._out
        now = -inf
        for task in tasks:
            if not now <= task.submit < inf:
                raise ValueError(f"task {task.seq}: submit is {task.submit}, one before is at {now}: sort by submit")
            if task.parents or task.patience < inf or not 0 <= task.work < inf:
                raise ValueError(f"task {task.seq}: a preemptive run knows neither parents, patience nor endless work")
            now = task.submit
            while finishes and finishes[0][0] <= now:
                self._finish()
            self._place(task, now, now)
            if out:
                yield from out
                out.clear()
        while finishes:
            self._finish()
            yield from out
            out.clear()

    def _place(self, task: Task, ready: float, now: float) -> None:
        """Into a free slot, else into the slot of the worst running task if that is worse, else into its lane."""
        lane = self._binding.lane(task)
        if lane.free:
            agent = max((i for i in lane.agents if self._free[i]), key=self._speeds.__getitem__)
            self._start(task, agent, ready, now)
            return
        key = (self._preference(task, self._done.get(task.seq, 0.0)), task.seq)
        worst = max(
            (running for agent in lane.agents for running in self._running[agent].values()),
            key=lambda running: (self._preference(running.task, self._behind(running, now)), running.task.seq),
        )
        if key[0] < self._preference(worst.task, self._behind(worst, now)):
            self._preempt(worst, now)
            self._start(task, worst.agent, ready, now)
            self._place(worst.task, now, now)  # it may be better than a third, on an agent the first could not have
            return
        heappush(lane.waiting, (*key, task, ready))

    def _behind(self, running: _Running, now: float) -> float:
        return running.done + (now - running.start) * self._speeds[running.agent]

    def _start(self, task: Task, agent: int, ready: float, now: float) -> None:
        done = self._done.pop(task.seq, 0.0)
        finish = now + max(task.work - done, 0.0) / self._speeds[agent]
        running = _Running(task, done, agent, ready, now, finish)
        self._running[agent][task.seq] = running
        self._starts += 1
        heappush(self._finishes, (finish, self._starts, running))
        self._count_free(agent, -1)

    def _stop(self, running: _Running) -> None:
        del self._running[running.agent][running.task.seq]
        self._count_free(running.agent, +1)

    def _count_free(self, agent: int, change: int) -> None:
        self._free[agent] += change
        for lane in self._binding.serves[agent]:
            lane.free += change

    def _preempt(self, running: _Running, now: float) -> None:
        self._done[running.task.seq] = self._behind(running, now)
        self._stop(running)
        self._out.append(Span(running.task, running.agent, running.ready, running.start, now, "preempted"))

    def _finish(self) -> None:
        now, _, running = heappop(self._finishes)
        agent = running.agent
        if self._running[agent].get(running.task.seq) is not running:
            return
        self._stop(running)
        self._out.append(Span(running.task, agent, running.ready, running.start, now, "done"))
        waiting = [lane.waiting for lane in self._binding.serves[agent] if lane.waiting]
        if waiting:
            _, _, task, ready = heappop(min(waiting, key=lambda heap: heap[0]))
            self._start(task, agent, ready, now)
