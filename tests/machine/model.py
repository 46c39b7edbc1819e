"""The engine as it should be, as small as it can be said: tasks in a dictionary, whole seconds, one listener."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rota.model.priority import TARGET_WAIT_S
from rota.planning.order import PATIENCE

TERM, GRACE, AVOID, GAP = 60, 30, 30, 10
ESTIMATE = 1
"""Seconds; of every task."""
SLOTS = {"ann": 2, "bob": 1, "eve": 3}
ENDED = ("done", "dead", "cancelled", "expired")
START, TTL, FENCE = range(3)


@dataclass
class Lease:
    agent: str
    until: int
    token: str = ""
    fence: int | None = None


@dataclass
class Task:
    number: int
    band: int
    submitted: int
    max_attempts: int
    pin: str | None = None
    state: str = "ready"
    attempts: int = 0
    tries: int = 0
    start: int = 0
    expires: int | None = None
    avoid: tuple[str, int] = ("", 0)
    lease: Lease | None = None
    edges: dict[int, str] = field(default_factory=dict)
    """Parents it still waits for, with the rule of each."""

    @property
    def shown(self) -> str:
        return "running" if self.lease else self.state


@dataclass
class Listener:
    agent: str
    n: int
    until: int


class Model:
    def __init__(self) -> None:
        self.now = 0
        self.tasks: dict[int, Task] = {}
        self.listener: Listener | None = None
        self.answer: list[int] | None = None
        self._ended: list[Task] = []

    def rest(self, task: Task, *, held: bool = False, keep: bool = False) -> None:
        """Where a task belongs that nobody has; only a retry and what follows it keep away from an agent."""
        task.lease = None
        task.avoid = task.avoid if keep else ("", 0)
        later = "scheduled" if task.start > self.now else "ready"
        task.state = "held" if held else "blocked" if task.edges else later

    def end(self, task: Task, state: str) -> None:
        task.lease, task.state = None, state
        self._ended.append(task)

    def add(self, task: Task, edges: dict[int, str], *, held: bool) -> None:
        self.tasks[task.number] = task
        found = {parent: verdict(self.tasks[parent].state, rule) for parent, rule in edges.items()}
        task.edges = {parent: rule for parent, rule in edges.items() if found[parent] is None}
        if "cancel" in found.values():
            self.end(task, "cancelled")
        else:
            self.rest(task, held=held or "hold" in found.values())
        self.settle()

    def failed(self, task: Task, *, dead: bool, start: int) -> None:
        assert task.lease is not None
        agent, fence = task.lease.agent, task.lease.fence
        task.tries += 1
        if fence is not None:
            return self.end(task, "cancelled")
        task.attempts += 1
        if dead or task.attempts >= task.max_attempts:
            return self.end(task, "dead")
        task.start = start
        task.avoid = ("", 0) if task.pin else (agent, self.now + AVOID)
        return self.rest(task, keep=True)

    def back(self, task: Task) -> None:
        assert task.lease is not None
        if task.lease.fence is not None:
            return self.failed(task, dead=True, start=0)
        task.tries += 1
        return self.rest(task)

    def settle(self) -> None:
        """Carry ends on to children, level by level; then give out what can be given."""
        while self._ended:
            ended, self._ended = {task.number: task.state for task in self._ended}, []
            for child in self.tasks.values():
                found = {
                    parent: verdict(ended[parent], child.edges[parent]) for parent in child.edges if parent in ended
                }
                if not found or child.state in ENDED:
                    continue
                if "cancel" in found.values():
                    self.end(child, "cancelled")
                    continue
                child.edges = {parent: rule for parent, rule in child.edges.items() if parent not in found}
                self.rest(child, held=child.state == "held" or "hold" in found.values(), keep=True)
        self.plan()

    def plan(self) -> None:
        if self.listener is not None:
            given = self.claim(self.listener.agent, self.listener.n)
            if given:
                self.listener, self.answer = None, given

    def claim(self, agent: str, n: int) -> list[int]:
        free = SLOTS[agent] - sum(task.lease is not None and task.lease.agent == agent for task in self.tasks.values())
        may = [
            task for task in self.tasks.values() if task.state == "ready" and not task.lease and self._fits(task, agent)
        ]
        best = sorted(may, key=lambda task: (*self._stands(task), task.number))[: min(n, free)]
        for task in best:
            task.lease = Lease(agent, self.now + TERM)
        return [task.number for task in best]

    def _stands(self, task: Task) -> tuple[int, float]:
        """Its band and due date: its own, or what a task that waits for it needs."""
        own = task.submitted + TARGET_WAIT_S[task.band] + PATIENCE["deadline"] * ESTIMATE
        waiting = [one for one in self.tasks.values() if task.number in one.edges and one.state not in ENDED]
        stands = [self._stands(child) for child in waiting]
        return min([task.band, *(band for band, _ in stands)]), min([own, *(due - ESTIMATE for _, due in stands)])

    def _fits(self, task: Task, agent: str) -> bool:
        return task.pin in (None, agent) and not (task.avoid[0] == agent and self.now < task.avoid[1])

    def pass_to(self, end: int) -> None:
        while self.now < end:
            before, self.now = self.now, self.now + 1
            self._due(before)

    def jump_to(self, end: int, *, gap: bool) -> None:
        before, self.now = self.now, end
        self._due(before, gap=gap)

    def _due(self, before: int, *, gap: bool = False) -> None:
        leased = [(task, task.lease) for task in self.tasks.values() if task.lease]
        for task, lease in leased:
            if gap:
                lease.until = max(lease.until, self.now + TERM)
            elif lease.until <= self.now:
                self.failed(task, dead=False, start=self.now)
        for _at, kind, number in sorted(self._timers(before)):
            task = self.tasks[number]
            if kind == START and task.state == "scheduled":
                self.rest(task, keep=True)
            elif kind == TTL and task.tries == 0 and task.state not in ENDED and not task.lease:
                self.end(task, "expired")
            elif kind == FENCE and task.lease and gap:
                task.lease.fence = self.now + TERM
            elif kind == FENCE and task.lease:
                self.back(task)
        if self.listener is not None and self.listener.until <= self.now:
            self.listener, self.answer = None, []
        self.settle()

    def _timers(self, before: int) -> Iterable[tuple[int, int, int]]:
        for task in self.tasks.values():
            fence = task.lease.fence if task.lease else None
            for kind, at in ((START, task.start), (TTL, task.expires), (FENCE, fence)):
                if at is not None and before < at <= self.now:
                    yield at, kind, task.number


def verdict(parent: str, rule: str) -> str | None:
    if parent == "done":
        return "met"
    return {"cancel": "cancel", "run": "met", "hold": "hold"}[rule] if parent in ENDED else None
