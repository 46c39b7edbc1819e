"""Everything at once: turns full of random commands of every kind."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from random import Random
from typing import Any

import msgspec

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import (
    CreateProject,
    DeleteProject,
    Drain,
    FinalizeProject,
    PauseQueue,
    PurgeQueue,
    Register,
    RemoveAgent,
    ResumeAgent,
    ResumeQueue,
    SetPool,
    SetQueue,
)
from rota.model.commands.submit import Cancel, Edit, Hold, Redrive, Submit, Submitted, Unhold
from rota.model.commands.work import (
    Answer,
    Approve,
    Ask,
    Beat,
    Claim,
    Claimed,
    Complete,
    Confirm,
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
from rota.model.task import After, Given, TaskSpec
from rota.testing import TestDistributor

AGENTS = ("ann", "bob", "cat", "dan")
QUEUES = ("default", "small", "far")


class Storm:
    """Draws commands that make sense often enough, from what was answered so far."""

    def __init__(self, rota: TestDistributor, seed: int) -> None:
        self.rota = rota
        self.random = Random(seed)
        self.ids = ["task-1"]
        self.given = [Given(task="task-1", agent="ann", slot=0, token="0" * 16, until="", term=1.0, attempt=1, title="",
                            kind="", queue="", priority="low")]  # fmt: skip
        self.projects = ["proj-999999"]
        self._waiting: list[Future[Any]] = []
        rota.call(SetPool(pool="far", policy=PoolPolicy(strategy="round_robin", avoid_s=5)))
        rota.call(SetQueue(queue="far", policy=QueuePolicy(pool="far", term=8, backoff=Backoff(base=0.5, cap=4))))
        rota.call(SetQueue(queue="small", policy=QueuePolicy(depth=4, overflow="shed", approval=True, max_attempts=2)))
        for name in AGENTS[:3]:
            rota.call(Register(agent=AgentSpec(name=name, slots=2)))
        rota.call(Register(agent=AgentSpec(name="dan", slots=3, pool="far", role="pilot")))

    def beside(self, rota: TestDistributor) -> Storm:
        """A storm at another node of the same database, which hears what this one hears."""
        other = Storm.__new__(Storm)
        other.rota, other.random, other._waiting = rota, Random(self.random.random()), []
        other.ids, other.given, other.projects = self.ids, self.given, self.projects
        return other

    def turn(self) -> None:
        """One turn of several commands."""
        commands = [self.random.choice(self._all)(self) for _ in range(self.random.choice([1, 1, 2, 3, 6]))]
        for command, answer in zip(commands, self.rota.together(*commands), strict=True):
            self._learn(command, answer)
        for future in [it for it in self._waiting if it.done()]:
            self._waiting.remove(future)
            if future.exception() is None:
                self._learn(None, future.result())

    def _learn(self, command: Any, answer: Any) -> None:
        if isinstance(answer, RotaError):
            assert answer.code != "internal", f"{command!r}: {answer}"
        elif isinstance(answer, Future):
            self._waiting.append(answer)
        elif isinstance(answer, Submitted):
            self.ids += answer.ids
        elif isinstance(answer, Claimed):
            self.given += answer.tasks
        elif hasattr(answer, "project"):
            self.projects.append(answer.project)
            self.ids += answer.ids

    def pass_time(self) -> None:
        """Now and then time passes, the machine sleeps, or the process is killed."""
        if self.random.random() > 0.4:
            return
        how = self.random.random()
        if how < 0.75:
            self.rota.clock.advance(self.random.choice([0.3, 1, 4, 9, 31]))
        elif how < 0.92:
            self.rota.clock.jump(self.random.choice([2, 15, 100]))
            self.rota.node.step([])
        else:
            self.rota.restart()
            self._waiting.clear()

    def _ids(self) -> list[str]:
        recent = self.ids[-25:]
        return [self.random.choice(recent) for _ in range(self.random.choice([1, 1, 2, 5]))]

    def _held(self) -> Held:
        chosen = self.random.choice(self.given[-8:])
        return Held(task=chosen.task, token=chosen.token)

    def _spec(self, n: int) -> TaskSpec:
        random = self.random
        spec = TaskSpec(title="t", ref=f"r{n}", priority=random.choice(PRIORITIES), queue=random.choice(QUEUES))
        changes: dict[str, Any] = random.choice([
            {}, {}, {}, {"start": 3}, {"ttl": 2}, {"ttl": 20, "start": 5}, {"held": True}, {"approval": True},
            {"sequence": random.choice("st")}, {"unique": random.choice("uvw")}, {"limits": [random.choice("ab")]},
            {"pin": random.choice(AGENTS)}, {"ban": ["ann"]}, {"role": "pilot"}, {"deadline": 5}, {"max_attempts": 1},
            {"tenant": random.choice("xy")}, {"group": "g"}, {"group": "g"},
            {"project": random.choice(self.projects[-3:])},
            {"after": [random.choice(self.ids[-25:])]}, {"after": [f"r{random.randrange(4)}"]},
            {"after": [After(task=random.choice(self.ids[-9:]), rule=random.choice(["run", "hold"]))], "sequence": "s"},
            {"after": [After(task=random.choice(self.ids[-9:]), until="approved")]},
        ])  # fmt: skip
        return msgspec.structs.replace(spec, **changes)

    def submit(self) -> Any:
        key = self.random.choice([None, None, None, "k1", "k2"])
        tasks = [self._spec(n) for n in range(self.random.choice([1, 1, 2, 4]))]
        return Submit(tasks=tasks, key=key, batch=self.random.choice([None, "b"]))

    def claim(self) -> Any:
        random = self.random
        names = {"agent": random.choice(AGENTS)} if random.random() < 0.8 else {"agents": list(AGENTS[:3])}
        request = random.choice([None, None, "r1", "r2"])
        delivery: Any = random.choice(["direct", "direct", "offer"])
        return Claim(
            **names, n=random.choice([1, 2, 5]), wait=random.choice([0, 0, 3, 20]), request=request, delivery=delivery
        )

    def outcome(self) -> Any:
        random, held = self.random, self._held()
        failed = Failed(
            task=held.task, token=held.token, error="e", retryable=random.random() < 0.8,
            retry_at=random.choice([None, 2, 12]),
        )  # fmt: skip
        limited = msgspec.structs.replace(failed, limit=random.choice("ab"), retry_at=random.choice([1, 10]))
        other = self._held()
        return random.choice([
            Complete(outcomes=[Done(task=held.task, token=held.token, result=1)]),
            Complete(outcomes=[Done(task=it.task, token=it.token) for it in (held, other)]),
            Fail(outcomes=[failed]), Fail(outcomes=[limited]), GiveBack(tasks=[held, other]),
            Ask(task=held.task, token=held.token, question="?"), Confirm(offers=[held]),
        ])  # fmt: skip

    def heartbeat(self) -> Any:
        chosen = self.random.choice(self.given[-8:])
        beat = Beat(task=chosen.task, token=chosen.token, progress=0.5, checkpoint={"n": 1}, usage={"cpu_s": 1.0})
        return Heartbeat(agent=chosen.agent, beats=[beat])

    def judge(self) -> Any:
        (number, *_) = self._ids()
        return self.random.choice(
            [Approve(tasks=self._ids()), Reject(task=number, reason="no"), Answer(task=number, answer="x")]
        )

    def withdraw(self) -> Any:
        batch = Cancel(batch="b")
        chosen: Callable[..., Any] = self.random.choice([Cancel, Hold, Unhold, Redrive, Unhold, Redrive])
        return batch if self.random.random() < 0.03 else chosen(tasks=self._ids())

    def edit(self) -> Any:
        (number, *_) = self._ids()
        changes: dict[str, Any] = self.random.choice([
            {"priority": self.random.choice(PRIORITIES)}, {"role": None}, {"limits": ["a"]}, {"deadline": 9},
            {"after": []}, {"after": self._ids()}, {"max_attempts": 1}, {"title": "new"},
            {"after": [After(task=it, rule="hold") for it in self._ids()]},
        ])  # fmt: skip
        return Edit(task=number, **changes)

    def fleet(self) -> Any:
        name, queue = self.random.choice(AGENTS), self.random.choice(QUEUES)
        spec = AgentSpec(name=name, slots=self.random.choice([1, 2, 4]), pool="far" if name == "dan" else "default")
        return self.random.choice([
            Register(agent=spec, instance=self.random.choice([None, "i1", "i2"]), replace=True),
            Register(agent=spec, local=True), Drain(agent=name), ResumeAgent(agent=name), ResumeAgent(agent=name),
            RemoveAgent(agent=name), PauseQueue(queue=queue), ResumeQueue(queue=queue), ResumeQueue(queue=queue),
            PurgeQueue(queue=queue), CreateProject(project=ProjectSpec(title="p"), tasks=[TaskSpec(title="t")]),
            FinalizeProject(project=self.projects[-1]), DeleteProject(project=self.random.choice(self.projects[-3:])),
        ])  # fmt: skip

    _all = [submit] * 6 + [claim] * 6 + [outcome] * 6 + [heartbeat, judge, judge, withdraw, withdraw, edit, fleet]
