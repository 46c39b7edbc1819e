"""What was asked of a distributor and what it answered; whether its database still knows it.

Independent of the engine and of `rota audit`: it looks at rows of tables alone.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from rota.model.commands.fleet import Register, Registered
from rota.model.commands.submit import Submit, Submitted
from rota.model.commands.work import Claim, Claimed, Complete, Fail, Heartbeat, Judged, Renewed
from rota.model.errors import KINDS, RotaError
from rota.model.ids import task_id, task_number, token_number
from rota.model.state import DONE
from rota.model.task import TaskSpec
from rota.store.protocol import Reader
from rota.store.statement import One
from tests.durability.client import Answer, Command, held_in, json_text

NOTHING_HAPPENED = frozenset({"full_disk"})
"""Refusals that say for sure that nothing was changed. After `unavailable` and the like nobody knows."""
NEVER = frozenset(KINDS) - {"full_disk", "unavailable", "stopped"}
"""Refusals that no command of ours deserves, whatever happens to the database."""

_ENDS: dict[type, str] = {Complete: "done", Fail: "failed"}

BATCH = One("batch", "SELECT id, title, payload FROM task JOIN body ON body.task = task.id WHERE batch = ? ORDER BY id")
STATE = One("state", "SELECT state, result, checkpoint FROM task JOIN body ON body.task = task.id WHERE id = ?")
ATTEMPT = One("attempt", "SELECT outcome, error FROM attempt WHERE task = ? AND number = ?")
LEASE = One("lease", "SELECT token FROM lease WHERE task = ?")


class Sent(NamedTuple):
    """A submit, and its ids once it was answered."""

    tasks: list[TaskSpec]
    ids: list[str] | None = None
    perhaps: bool = False
    """It was asked and the answer never came, or left it open."""


class Holding(NamedTuple):
    """A lease: the right to this one attempt at a task."""

    task: str
    agent: str
    attempt: int


class Ledger:
    """Tell it of every command before it is sent (`asked`) and of every answer (`answered`).

    Clients may be many and answers may come in another order than they were given, so that one client tells of a
    task that it was given before another has told that it let go of it.
    """

    def __init__(self) -> None:
        self.submits: dict[str, Sent] = {}
        self.held: dict[str, Holding] = {}
        """Leases by token."""
        self.results: dict[str, str] = {}
        """Of each task that was acknowledged as done."""
        self.ended: dict[tuple[str, int], tuple[str, str | None]] = {}
        """Of each attempt that was acknowledged as ended: its outcome and its error."""
        self.checkpoints: dict[str, object] = {}
        self.agents: set[str] = set()
        """All that ever claimed."""
        self.broken: list[str] = []
        """Answers that no promise allows."""
        self._open: dict[Hashable, Command] = {}
        self._unsure: set[str] = set()
        """Tokens with which something was said that was not answered: perhaps they ended."""

    @property
    def acknowledged(self) -> int:
        """How many facts the database has to know: without any, a test of it proves nothing."""
        known = sum(len(sent.ids or ()) for sent in self.submits.values())
        return known + len(self.held) + len(self.ended)

    def asked(self, number: Hashable, command: Command) -> None:
        self._open[number] = command
        if isinstance(command, Submit):
            assert command.batch is not None
            self.submits.setdefault(command.batch, Sent(command.tasks))
        elif isinstance(command, Claim):
            assert command.agent is not None
            self.agents.add(command.agent)

    def answered(self, number: Hashable, answer: Answer) -> None:
        command = self._open.pop(number)
        if isinstance(answer, RotaError):
            self._refused(command, answer)
        elif isinstance(answer, Registered):
            self._registered(answer)
        elif isinstance(answer, Submitted):
            self._submitted(command, answer)
        elif isinstance(answer, Claimed):
            self._claimed(answer)
        elif isinstance(answer, Judged):
            self._judged(command, answer)
        elif isinstance(answer, Renewed):
            self._renewed(command, answer)

    def crash(self) -> None:
        """Whoever asked has got no answer, and never will."""
        for command in self._open.values():
            self._forget(command)
        self._open.clear()

    def given_back(self, agents: set[str]) -> None:
        """The process in which these agents lived is gone: what they held is not theirs any more."""
        for token, holding in list(self.held.items()):
            if holding.agent in agents:
                del self.held[token]

    def _refused(self, command: Command, error: RotaError) -> None:
        if error.code in NEVER:
            self.broken.append(f"{type(command).__name__} was refused: {error}")
        if error.code not in NOTHING_HAPPENED:
            self._forget(command)

    def _forget(self, command: Command) -> None:
        if isinstance(command, Submit):
            assert command.batch is not None
            self.submits[command.batch] = self.submits[command.batch]._replace(perhaps=True)
        for held in held_in(command):
            self.checkpoints.pop(held.task, None)
            if not isinstance(command, Heartbeat):
                self._unsure.add(held.token)
                self.held.pop(held.token, None)

    def _registered(self, answer: Registered) -> None:
        """A new process took the agent's place: what the old one held went back."""
        for token, holding in list(self.held.items()):
            if holding.agent == answer.name:
                if holding.task not in answer.given_back:
                    self.broken.append(f"{holding.task} was not given back when {answer.name} was replaced")
                del self.held[token]

    def _submitted(self, command: Submit, answer: Submitted) -> None:
        assert command.batch is not None
        before = self.submits[command.batch].ids
        if before is not None and before != answer.ids:
            self.broken.append(f"{command.batch} was submitted as {before}, and again as {answer.ids}")
        self.submits[command.batch] = Sent(command.tasks, answer.ids)

    def _claimed(self, answer: Claimed) -> None:
        letting_go = {held.token for command in self._open.values() for held in held_in(command)}
        registering = {command.agent.name for command in self._open.values() if isinstance(command, Register)}
        for given in answer.tasks:
            for token, holding in self.held.items():
                if holding.task == given.task and token not in letting_go and holding.agent not in registering:
                    self.broken.append(f"{given.task} was given to {given.agent} while {holding.agent} held it")
            if given.task in self.results:
                self.broken.append(f"{given.task} was given to {given.agent} though it was done")
            self.held[given.token] = Holding(given.task, given.agent, given.attempt)

    def _judged(self, command: Command, answer: Judged) -> None:
        how = _ENDS.get(type(command))
        for said in held_in(command):
            holding = self.held.pop(said.token, None)
            if said.task in answer.refused:
                if said.token not in self._unsure:
                    self.broken.append(f"{said.task} was taken from its agent: {answer.refused[said.task]}")
                continue
            if how == "done":
                if said.task in self.results:
                    self.broken.append(f"{said.task} was done twice")
                self.results[said.task] = said.words
            if holding is not None and how is not None:
                self.ended[said.task, holding.attempt] = (how, said.words if how == "failed" else None)

    def _renewed(self, command: Heartbeat, answer: Renewed) -> None:
        for beat in command.beats:
            if beat.task in answer.lost:
                if self.held.pop(beat.token, None) is not None:
                    self.broken.append(f"{beat.task} was lost by its agent")
            elif beat.checkpoint is not None:
                self.checkpoints[beat.task] = beat.checkpoint

    def missing(self, reader: Reader) -> list[str]:
        """What the database should know, as far as it was answered, and does not: a line for each."""
        assert not self._open, "ask after a crash, or when all is answered"
        found = list(self.broken)
        for label, sent in self.submits.items():
            found += _missing_batch(reader, label, sent)
        for task, result in self.results.items():
            found += _missing_result(reader, task, result)
        for (task, attempt), said in self.ended.items():
            rows = reader.one(ATTEMPT, task_number(task), attempt)
            if rows != [said]:
                found.append(f"attempt {attempt} of {task} ended as {said}; the database has {rows}")
        for task, checkpoint in self.checkpoints.items():
            rows = reader.one(STATE, task_number(task))
            if not rows or rows[0][2] != json_text(checkpoint):
                found.append(f"{task} has not the checkpoint {checkpoint!r}: {rows}")
        for token, holding in self.held.items():
            rows = reader.one(LEASE, task_number(holding.task))
            if rows != [(token_number(token),)]:
                found.append(f"the lease of {holding.agent} on {holding.task} is gone: {rows}")
        return found


def _missing_batch(reader: Reader, label: str, sent: Sent) -> list[str]:
    rows = reader.one(BATCH, label)
    if sent.ids is None:
        if len(rows) not in ((0, len(sent.tasks)) if sent.perhaps else (0,)):
            how = "unanswered" if sent.perhaps else "refused"
            return [f"{label}, {how}, is there with {len(rows)} of {len(sent.tasks)} tasks"]
    elif [task_id(row[0]) for row in rows] != sent.ids:
        return [f"{label} was answered with {sent.ids}; the database has {[row[0] for row in rows]}"]
    expected = [(task.title, json_text(task.payload)) for task in sent.tasks]
    if rows and [(title, payload) for _id, title, payload in rows] != expected:
        return [f"{label} has other titles or payloads than it was submitted with"]
    return []


def _missing_result(reader: Reader, task: str, result: str) -> list[str]:
    rows = reader.one(STATE, task_number(task))
    if rows and rows[0][:2] == (DONE, json_text(result)):
        return []
    return [f"{task} was acknowledged as done with {result!r}; the database has {rows}"]
