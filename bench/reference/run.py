"""Non-preemptive runs: arrivals, one heap of finishes, one of timers, and lanes of waiting tasks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappop, heappush, heapreplace
from math import inf
from random import Random
from typing import Any

from bench.reference.agent import Agent
from bench.reference.binding import Binding, Early, Late
from bench.reference.lane import Lane, Waiting
from bench.reference.orders import Order, fifo
from bench.reference.picks import Fastest, Pick
from bench.reference.span import NOBODY, Span
from bench.reference.task import Task

Backoff = Callable[[int], float]  # failed attempts so far → seconds until the task is ready again
Aged = Callable[[Task, float], Any]  # the key of a waiting task at a moment; it may only grow as time passes


def at_once(_attempts: int) -> float:
    return 0.0


def central(
    tasks: Iterable[Task],
    agents: Sequence[Agent],
    order: Order = fifo,
    *,
    aged: Aged | None = None,
    pick: Pick | None = None,
    room: float = inf,
    attempts: int = 5,
    backoff: Backoff = at_once,
    seed: int = 0,
) -> Iterator[Span]:
    """Late binding: a free slot takes the least key of all waiting tasks it may do.

    Everything that happens at one instant happens before slots are filled, so a batch is ordered as a whole. `pick`
    chooses among agents with a free slot (the fastest if not given). `room` is how many tasks may be inside, waiting
    and running (M/M/c/K); more are refused. A task is dead after so many failed attempts. Tasks come in order of
    submit; parents may come before or after their children. Raises ValueError for tasks that could never be done.
    `aged` stands in the place of `order`: a task's key is looked at again whenever the task is the first of its lane.
    """
    free = [agent.slots for agent in agents]
    order = order if aged is None else _young(aged)
    run = _Run(agents, free, Late(agents, free), order, pick or Fastest(agents), room, attempts, backoff, seed, aged)
    return run.spans(tasks)


def own_queues(
    tasks: Iterable[Task],
    agents: Sequence[Agent],
    pick: Pick,
    order: Order = fifo,
    *,
    room: float = inf,
    attempts: int = 5,
    backoff: Backoff = at_once,
    seed: int = 0,
) -> Iterator[Span]:
    """Early binding: a ready task joins at once the queue of the agent that `pick` names. Otherwise as central."""
    free = [agent.slots for agent in agents]
    run = _Run(agents, free, Early(agents, pick), order, pick, room, attempts, backoff, seed)
    return run.spans(tasks)


class _Run:
    def __init__(
        self,
        agents: Sequence[Agent],
        free: list[int],
        binding: Binding,
        order: Order,
        pick: Pick,
        room: float,
        attempts: int,
        backoff: Backoff,
        seed: int,
        aged: Aged | None = None,
    ) -> None:
        self._agents = agents
        self._aged = aged
        self._free = free
        self._speeds = [agent.speed for agent in agents]
        self._binding = binding
        self._order = order
        self._pick = pick
        self._room = room
        self._attempts = attempts
        self._backoff = backoff
        self._seed = seed
        self._inside = 0
        self._starts = 0
        # Heaps: (finish, number, task, agent, ready, start) and (time, seq, retry or else patience, task, ready).
        self._running: list[tuple[float, int, Task, int, float, float]] = []
        self._timers: list[tuple[float, int, bool, Task, float]] = []
        self._touched: list[Lane] = []  # lanes in which a task may be started now
        self._impatient: dict[int, tuple[float, Lane]] = {}  # waiting tasks with a patience: ready, lane
        self._gone: set[int] = set()  # left, and still in the heap of its lane
        self._failures: dict[int, int] = {}
        self._ended: set[int] = set()
        self._missing: dict[int, int] = {}  # blocked child → parents that have not ended
        self._children: dict[int, list[Task]] = {}  # parent that has not ended → blocked children
        self._out: list[Span] = []

    def spans(self, tasks: Iterable[Task]) -> Iterator[Span]:
        running, timers, out = self._running, self._timers, self._out
        arrivals = iter(tasks)
        task = next(arrivals, None)
        now = -inf
        while True:
            before, now = now, task.submit if task else inf
            if task and not before <= now < inf:
                raise ValueError(f"task {task.seq}: submit is {now} and the clock is at {before}: sort tasks by submit")
            if running and running[0][0] < now:
                now = running[0][0]
            if timers and timers[0][0] < now:
                now = timers[0][0]
            if now == inf:
                break
            while running and running[0][0] <= now:
                self._finish(now)
            while timers and timers[0][0] <= now:
                self._ring(now)
            while task and task.submit == now:
                self._arrive(task, now)
                task = next(arrivals, None)
            self._fill(now)
            if out:
                yield from out
                out.clear()
        if self._missing:
            raise ValueError(f"task {min(self._missing)} waits for a parent that never ends: a cycle or an unknown seq")

    def _arrive(self, task: Task, now: float) -> None:
        if self._inside >= self._room:
            self._out.append(Span(task, NOBODY, now, now, now, "refused"))
            self._end(task, now)
            return
        if not 0 <= task.work < inf:
            raise ValueError(f"task {task.seq}: work is {task.work}, give 0 or more seconds")
        self._inside += 1
        missing = [parent for parent in task.parents if parent not in self._ended] if task.parents else ()
        if not missing:
            self._wait(task, now)
            return
        self._missing[task.seq] = len(missing)
        for parent in missing:
            self._children.setdefault(parent, []).append(task)

    def _wait(self, task: Task, now: float) -> None:
        lane = self._binding.lane(task)
        heappush(lane.waiting, (self._order(task), task.seq, task, now))
        self._touched.append(lane)
        if task.patience < inf:
            self._impatient[task.seq] = (now, lane)
            heappush(self._timers, (now + task.patience, task.seq, False, task, now))

    def _fill(self, now: float) -> None:
        """Start tasks, least key first, until no touched lane has both a waiting task and a free slot.

        Others need no look: they had not both after the last instant, and nothing happened to them since.
        """
        touched, gone = self._touched, self._gone
        while touched:
            best: Lane | None = None
            for lane in touched:
                waiting = lane.waiting
                while gone and waiting and waiting[0][1] in gone:
                    gone.discard(heappop(waiting)[1])
                if self._aged and lane.free:
                    _age(waiting, self._aged, now)
                if lane.free and waiting and (best is None or waiting[0] < best.waiting[0]):
                    best = lane
            if best is None:
                touched.clear()
                return
            self._start(best, now)

    def _start(self, lane: Lane, now: float) -> None:
        _, seq, task, ready = heappop(lane.waiting)
        binding, free = self._binding, self._free
        agents = lane.agents
        agent = agents[0] if len(agents) == 1 else self._pick([i for i in agents if free[i]], binding.held)
        free[agent] -= 1
        for served in binding.serves[agent]:
            served.free -= 1
        if binding.late:
            binding.held[agent] += 1
        if self._impatient:
            self._impatient.pop(seq, None)
        self._starts += 1
        heappush(self._running, (now + task.work / self._speeds[agent], self._starts, task, agent, ready, now))

    def _finish(self, now: float) -> None:
        _, _, task, agent, ready, start = heappop(self._running)
        binding = self._binding
        self._free[agent] += 1
        binding.held[agent] -= 1
        lanes = binding.serves[agent]
        for lane in lanes:
            lane.free += 1
        self._touched += lanes
        if self._agents[agent].failure and self._fails(task, agent):
            self._fail(task, agent, ready, start, now)
            return
        self._out.append(Span(task, agent, ready, start, now, "done"))
        self._inside -= 1
        self._end(task, now)

    def _fails(self, task: Task, agent: int) -> bool:
        """Depends on seed, task and attempt alone, so that all policies meet the same bad luck."""
        draw = Random(hash((self._seed, task.seq, self._failures.get(task.seq, 0)))).random()
        return draw < self._agents[agent].failure

    def _fail(self, task: Task, agent: int, ready: float, start: float, now: float) -> None:
        failures = self._failures.get(task.seq, 0) + 1
        self._failures[task.seq] = failures
        if failures < self._attempts:
            self._out.append(Span(task, agent, ready, start, now, "failed"))
            heappush(self._timers, (now + self._backoff(failures), task.seq, True, task, now))
            return
        self._out.append(Span(task, agent, ready, start, now, "dead"))
        self._inside -= 1
        self._end(task, now)

    def _ring(self, now: float) -> None:
        _, seq, retry, task, ready = heappop(self._timers)
        if retry:
            self._wait(task, now)
            return
        since, lane = self._impatient.get(seq, (None, None))
        if lane is None or since != ready:
            return
        del self._impatient[seq]
        self._gone.add(seq)
        if not self._binding.late:
            self._binding.held[lane.agents[0]] -= 1
        self._out.append(Span(task, NOBODY, ready, now, now, "expired"))
        self._inside -= 1
        self._end(task, now)

    def _end(self, task: Task, now: float) -> None:
        self._ended.add(task.seq)
        for child in self._children.pop(task.seq, ()):
            self._missing[child.seq] -= 1
            if not self._missing[child.seq]:
                del self._missing[child.seq]
                self._wait(child, now)


def _young(aged: Aged) -> Order:
    return lambda task: aged(task, -inf)


def _age(waiting: list[Waiting], aged: Aged, now: float) -> None:
    """Keys only grow, so the first is right once its key of now is the one it stands under."""
    while waiting:
        key, seq, task, ready = waiting[0]
        current = aged(task, now)
        if current == key:
            return
        heapreplace(waiting, (current, seq, task, ready))
