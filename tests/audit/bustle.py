"""Everything that can happen to tasks, at random but repeatable, against the real engine on a clock moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from rota.model.agent import AgentSpec, Cost, Reserve
from rota.model.commands.archive import Archive, ListArchives, RestoreArchive
from rota.model.commands.fleet import (
    CreateProject,
    DeleteProject,
    Drain,
    PauseQueue,
    PurgeQueue,
    Register,
    RemoveAgent,
    ResumeAgent,
    ResumeQueue,
    SetHealth,
    SetPool,
    SetQueue,
)
from rota.model.commands.read import ListTasks
from rota.model.commands.submit import Cancel, Edit, Hold, Redrive, Submit, Unhold
from rota.model.commands.work import (
    Answer,
    Approve,
    Ask,
    Beat,
    Claim,
    Complete,
    Delivery,
    Done,
    Fail,
    Failed,
    GiveBack,
    Heartbeat,
    Held,
    Reject,
)
from rota.model.errors import RotaError
from rota.model.priority import PRIORITIES
from rota.model.project import ProjectSpec
from rota.model.queue import Backoff, PoolPolicy, QueuePolicy
from rota.model.state import State
from rota.model.task import After, EdgeRule, EdgeUntil, Given, TaskSpec
from rota.planning.strategies import STRATEGIES
from rota.testing import TestDistributor

POOLS = {"default": ("default", "reviewed", "short"), "second": ("far",)}
AGENTS = {"ann": "default", "bob": "default", "cat": "default", "dan": "second", "eve": "second"}
ROLES = (None, "auditor", "writer")
RULES: tuple[EdgeRule, ...] = ("cancel", "run", "hold")
UNTILS: tuple[EdgeUntil, ...] = ("done", "approved")
DELIVERIES: tuple[Delivery, ...] = ("direct", "offer")
OURS = ("internal", "unavailable", "stopped")
"""Refusals that no command of a test deserves."""


class Bustle:
    """A few queues, pools and agents, and a step that does one thing at random."""

    def __init__(self, rota: TestDistributor, seed: int, folder: Path) -> None:
        self.rota = rota
        self.random = Random(seed)
        self.folder = folder
        self.tasks: list[str] = []
        self.given: list[Given] = []
        rota.call(SetPool(pool="second", policy=PoolPolicy(strategy="least_loaded", avoid_s=5)))
        quick = Backoff(base=1, cap=4)
        rota.call(SetQueue(queue="default", policy=QueuePolicy(backoff=quick, max_attempts=3, term=20)))
        rota.call(SetQueue(queue="reviewed", policy=QueuePolicy(backoff=quick, approval=True, max_attempts=2)))
        rota.call(SetQueue(queue="short", policy=QueuePolicy(depth=20, overflow="shed", ttl=60)))
        rota.call(SetQueue(queue="far", policy=QueuePolicy(pool="second", ordering="fifo", backoff=quick)))
        for name in AGENTS:
            self.register(name)

    def run(self, steps: int) -> None:
        """Take so many steps; refusals are part of life."""
        actions: list[tuple[int, Callable[[], Any]]] = [
            (12, self.submit), (20, self.claim), (10, self.complete), (5, self.fail), (2, self.give_back),
            (2, self.ask), (2, self.answer), (3, self.approve), (1, self.reject), (2, self.cancel), (2, self.hold),
            (2, self.unhold), (3, self.edit), (2, self.redrive), (1, self.pause), (3, self.resume), (1, self.drain),
            (1, self.limit), (6, self.let_time_pass), (2, self.beat), (1, self.restart), (1, self.project),
            (1, self.register_anew), (1, self.health), (1, self.strategy), (1, self.purge), (1, self.archive),
            (1, self.put_back),
        ]  # fmt: skip
        weights = [weight for weight, _action in actions]
        for _ in range(steps):
            action = self.random.choices(actions, weights)[0][1]
            try:
                action()
            except RotaError as error:
                if error.code in OURS:
                    raise

    def submit(self) -> None:
        specs = [self.spec(number) for number in range(self.random.randrange(1, 8))]
        self.tasks += self.rota.call(Submit(tasks=specs, batch=self.random.choice([None, "b1", "b2"]))).ids

    def spec(self, number: int) -> TaskSpec:
        dice = self.random
        after: list[str | After] = []
        if number and dice.random() < 0.4:
            rule = dice.choice(RULES)
            after = [After(task=f"r{number - 1}", rule=rule, until=dice.choice(UNTILS))]
        elif self.tasks and dice.random() < 0.1:
            after = [After(task=dice.choice(self.tasks), rule="run")]
        return TaskSpec(
            title="a task",
            ref=f"r{number}",
            after=after,
            queue=dice.choice([queue for queues in POOLS.values() for queue in queues]),
            priority=dice.choice(PRIORITIES),
            tenant=dice.choice(["one", "two"]),
            skills={"py": dice.randrange(1, 4)} if dice.random() < 0.4 else {},
            role=dice.choice(ROLES) if dice.random() < 0.2 else None,
            ban=["bob"] if dice.random() < 0.1 else [],
            limits=["api"] if dice.random() < 0.2 else [],
            start=dice.randrange(1, 30) if dice.random() < 0.15 else None,
            ttl=dice.randrange(5, 60) if dice.random() < 0.1 else None,
            deadline=dice.randrange(10, 300) if dice.random() < 0.3 else None,
            sequence="s" if dice.random() < 0.1 else None,
            unique=f"u{dice.randrange(30)}" if dice.random() < 0.1 else None,
            held=dice.random() < 0.05,
            kind=dice.choice(["task", "review"]),
            resources={"gpu": dice.choice([0.5, 1, 2])} if dice.random() < 0.2 else {},
            max_cost=dice.choice([0.01, 2]) if dice.random() < 0.1 else None,
            affinity=dice.choice(["a", "b"]) if dice.random() < 0.2 else None,
            group=dice.choice(["g", "h"]) if dice.random() < 0.3 else None,
        )

    def claim(self) -> None:
        name = self.random.choice(list(AGENTS))
        wait = self.random.choice([0.0, 0.0, 3.0])
        if self.random.random() < 0.3:
            roster = [agent for agent, pool in AGENTS.items() if pool == AGENTS[name]]
            claim = Claim(agents=roster, n=self.random.randrange(1, 6), wait=wait)
        else:
            delivery = self.random.choice(DELIVERIES)
            claim = Claim(agent=name, n=self.random.randrange(1, 4), wait=wait, delivery=delivery)
        self.given += self.rota.call(claim).tasks

    def in_hands(self) -> Given | None:
        """A task somebody was given; its lease may be gone by now."""
        if not self.given:
            return None
        return self.given.pop(self.random.randrange(len(self.given)))

    def complete(self) -> None:
        found = [task for task in (self.in_hands(), self.in_hands()) if task]
        if found:
            self.rota.call(Complete(outcomes=[Done(task=task.task, token=task.token, result=1) for task in found]))

    def fail(self) -> None:
        if task := self.in_hands():
            retryable = self.random.random() < 0.8
            self.rota.call(Fail(outcomes=[Failed(task=task.task, token=task.token, error="no", retryable=retryable)]))

    def limit(self) -> None:
        if task := self.in_hands():
            failed = Failed(task=task.task, token=task.token, error="429", retry_at=10, limit="api")
            self.rota.call(Fail(outcomes=[failed]))

    def give_back(self) -> None:
        if task := self.in_hands():
            self.rota.call(GiveBack(tasks=[Held(task=task.task, token=task.token)]))

    def ask(self) -> None:
        if task := self.in_hands():
            self.rota.call(Ask(task=task.task, token=task.token, question="which?"))

    def beat(self) -> None:
        for task in self.given[:5]:
            self.rota.call(Heartbeat(agent=task.agent, beats=[Beat(task=task.task, token=task.token, progress=0.5)]))

    def some(self) -> list[str]:
        """A few tasks, in whatever state."""
        return self.random.sample(self.tasks, min(len(self.tasks), 12))

    def first(self, state: State) -> list[str]:
        """A few tasks that are in this state."""
        return [task.id for task in self.rota.call(ListTasks(state=state, limit=3)).tasks]

    def answer(self) -> None:
        for task in self.first("asked"):
            self.rota.call(Answer(task=task, answer="that one"))

    def approve(self) -> None:
        if tasks := self.first("review"):
            self.rota.call(Approve(tasks=tasks))

    def reject(self) -> None:
        for task in self.first("review")[:1]:
            self.rota.call(Reject(task=task, reason="not good"))

    def cancel(self) -> None:
        self.rota.call(Cancel(tasks=self.some()[:3]))

    def hold(self) -> None:
        self.rota.call(Hold(tasks=self.some()[:4]))

    def unhold(self) -> None:
        self.rota.call(Unhold(tasks=self.some()))

    def edit(self) -> None:
        for task in self.some()[:2]:
            dice = self.random.random()
            if dice < 0.6:
                self.rota.call(Edit(task=task, priority=self.random.choice(PRIORITIES)))
            elif dice < 0.8:
                self.rota.call(Edit(task=task, skills={"py": self.random.randrange(1, 4)}, deadline="5m"))
            else:
                self.rota.call(Edit(task=task, after=[After(task=self.random.choice(self.tasks), rule="run")]))

    def redrive(self) -> None:
        if tasks := self.first("dead"):
            self.rota.call(Redrive(tasks=tasks))

    def pause(self) -> None:
        self.rota.call(PauseQueue(queue=self.random.choice(["default", "far"])))

    def resume(self) -> None:
        for queue in ("default", "far"):
            self.rota.call(ResumeQueue(queue=queue))
        for name in AGENTS:
            self.rota.call(ResumeAgent(agent=name))

    def drain(self) -> None:
        self.rota.call(Drain(agent=self.random.choice(list(AGENTS))))

    def register(self, name: str) -> None:
        spec = AgentSpec(
            name=name, pool=AGENTS[name], slots=self.random.randrange(1, 4), role=self.random.choice(ROLES),
            skills={"py": self.random.randrange(4)}, resources={"gpu": 2} if self.random.random() < 0.7 else {},
            reserve=(Reserve(priority="critical"),) if self.random.random() < 0.2 else (),
            cost=Cost(per_hour=36) if self.random.random() < 0.5 else None,
            hours=("daily 09:00-09:20", "daily 09:21-24:00") if self.random.random() < 0.2 else (),
        )  # fmt: skip
        self.rota.call(Register(agent=spec, instance=f"{self.random.random()}", replace=True, local=True))

    def health(self) -> None:
        self.rota.call(SetHealth(agent=self.random.choice(list(AGENTS)), healthy=self.random.random() < 0.8))

    def strategy(self) -> None:
        policy = PoolPolicy(
            strategy=self.random.choice(list(STRATEGIES)),
            matching=self.random.choice(["greedy", "regret"]),
            breaker_s=self.random.choice([0, 10]),
            eject_s=self.random.choice([0, 10]),
            slow_start_s=self.random.choice([0, 0, 20]),
        )
        self.rota.call(SetPool(pool=self.random.choice(list(POOLS)), policy=policy))

    def register_anew(self) -> None:
        name = self.random.choice(list(AGENTS))
        if self.random.random() < 0.5:
            self.rota.call(RemoveAgent(agent=name))
        self.register(name)

    def let_time_pass(self) -> None:
        self.rota.clock.advance(self.random.choice([0.1, 1, 3, 8, 35]))

    def restart(self) -> None:
        if self.random.random() < 0.5:
            self.rota.clock.jump(self.random.choice([1, 300]))
        self.rota.restart()

    def project(self) -> None:
        made = self.rota.call(CreateProject(project=ProjectSpec(title="p"), tasks=[self.spec(0), self.spec(1)]))
        self.tasks += made.ids
        if self.random.random() < 0.3:
            self.rota.call(DeleteProject(project=made.project))

    def purge(self) -> None:
        if self.random.random() < 0.3:
            self.rota.call(PurgeQueue(queue="short"))

    def archive(self) -> None:
        self.rota.clock.advance(0.001)
        self.rota.call(Archive(folder=str(self.folder), older_than=self.random.choice([0, 30])))

    def put_back(self) -> None:
        files = self.rota.call(ListArchives()).archives
        if files:
            self.rota.call(RestoreArchive(file=self.random.choice(files).file))
