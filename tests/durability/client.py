"""A client with one agent, drawn by lot: what it asks next, and what it does with the answers. It keeps no promises
of its own; the `ledger` does. The same seed and the same answers ask the same things.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import msgspec

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register, Registered
from rota.model.commands.submit import Submit, Submitted
from rota.model.commands.work import (
    Beat,
    Claim,
    Claimed,
    Complete,
    Done,
    Fail,
    Failed,
    GiveBack,
    Heartbeat,
    Held,
    Judged,
)
from rota.model.errors import RotaError
from rota.model.task import TaskSpec

Command = Any
Answer = Any

SLOTS = 8
SIZES = (0, 10, 200, 200, 3_000, 9_000)
"""Of payloads, bytes."""
MANY = 40
"""With so many of its own tasks not done yet a client stops to submit."""


class Client:
    """Submits batches labelled `NAME-LIFE-1`, `NAME-LIFE-2`, ... and works as the agent `NAME`."""

    def __init__(self, name: str, seed: int, *, life: int = 0, local: bool = False, wait: float = 0.0) -> None:
        """`life`: how many clients of this name there were before; `local`: its agent lives in the node's process;
        `wait`: seconds that a claim waits.
        """
        self.name = name
        self._life = life
        self._local = local
        self._wait = wait
        self._random = Random(f"{seed}/{name}/{life}")
        self._batches = 0
        self._waiting = 0
        self._again: Command = None
        self._registered = False
        self.held: dict[str, str] = {}

    def next(self) -> Command:
        """What it asks now: again what was not answered, else something new."""
        if not self._registered:
            agent = AgentSpec(name=self.name, slots=SLOTS)
            return Register(agent=agent, instance=f"{self._life}", local=self._local, replace=True)
        if self._again is not None:
            again, self._again = self._again, None
            return again
        random = self._random
        if self.held and random.random() < 0.65:
            return self._report(random.sample(sorted(self.held), random.randint(1, len(self.held))))
        if self._waiting < MANY and random.random() < 0.5:
            return self._submit()
        return Claim(agent=self.name, n=random.randint(1, SLOTS), wait=self._wait)

    def heard(self, command: Command, answer: Answer) -> None:
        """Takes the answer in. An error: it does not know what was done and asks again, where that is harmless."""
        if isinstance(answer, RotaError) and isinstance(command, Submit | Complete):
            self._again = command
        if isinstance(answer, Registered):
            self._registered = True
        elif isinstance(answer, Submitted):
            self._waiting += len(answer.ids)
        elif isinstance(answer, Claimed):
            self.held.update((given.task, given.token) for given in answer.tasks)
        elif isinstance(command, Complete) and isinstance(answer, Judged):
            self._waiting -= len(answer.states)
        if isinstance(command, Complete | Fail | GiveBack) and not _try_again(answer):
            for said in held_in(command):
                self.held.pop(said.task, None)

    def _submit(self) -> Submit:
        self._batches += 1
        label = f"{self.name}-{self._life}-{self._batches}"
        return submit(label)

    def _report(self, tasks: Sequence[str]) -> Command:
        random = self._random
        held = [(task, self.held[task]) for task in tasks]
        draw = random.random()
        if draw < 0.70:
            return Complete(outcomes=[Done(task=task, token=token, result=f"{token}!") for task, token in held])
        if draw < 0.80:
            failed = [Failed(task=task, token=token, error=f"{token}?", retry_at=0.05) for task, token in held]
            return Fail(outcomes=failed)
        if draw < 0.90:
            return GiveBack(tasks=[Held(task=task, token=token) for task, token in held], reason="drawn by lot")
        beats = [Beat(task=task, token=token, checkpoint=random.randrange(10**6)) for task, token in held]
        return Heartbeat(agent=self.name, beats=beats)


def submit(label: str) -> Submit:
    """The submit of this label: 1 to 8 tasks, some large, some after another."""
    random = Random(label)
    tasks: list[TaskSpec] = []
    for index in range(random.randint(1, 8)):
        payload = {"of": label, "x": "x" * random.choice(SIZES)}
        task = TaskSpec(title=f"{label}/{index}", ref=f"r{index}", payload=payload)
        task.max_attempts = 1_000
        if index and random.random() < 0.2:
            task.after = [f"r{index - 1}"]
        tasks.append(task)
    return Submit(tasks=tasks, key=label, batch=label)


class Said(NamedTuple):
    """What a command says of one lease."""

    task: str
    token: str
    words: str = ""
    """The result, or the error."""


def held_in(command: Command) -> list[Said]:
    """The leases that a command speaks of."""
    if isinstance(command, Complete):
        return [Said(done.task, done.token, str(done.result)) for done in command.outcomes]
    if isinstance(command, Fail):
        return [Said(failed.task, failed.token, failed.error) for failed in command.outcomes]
    if isinstance(command, GiveBack):
        return [Said(held.task, held.token) for held in command.tasks]
    return [Said(beat.task, beat.token) for beat in command.beats] if isinstance(command, Heartbeat) else []


def _try_again(answer: Answer) -> bool:
    """Refused because of the database: nothing was changed, so what was held still is."""
    return isinstance(answer, RotaError) and answer.code == "full_disk"


def json_text(value: object) -> str:
    """A value as the database keeps it."""
    return msgspec.json.encode(value).decode()
