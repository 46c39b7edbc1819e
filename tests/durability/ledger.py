"""What was asked of a distributor and what it answered; whether its database still knows it.

Independent of the engine and of `rota audit`: it looks at rows of tables alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from rota.model.commands.submit import Submit, Submitted
from rota.model.commands.work import Claim, Claimed, Complete, Done, Fail, GiveBack, Heartbeat, Judged, Renewed
from rota.model.errors import KINDS, RotaError
from rota.model.ids import task_id, task_number, token_number
from rota.model.state import DONE
from rota.model.task import TaskSpec
from rota.store.protocol import Reader
from rota.store.statement import One
from tests.durability.client import Answer, Command, payload_text, tasks_of

NOTHING_HAPPENED = frozenset({"full_disk"})
"""Refusals that say for sure that nothing was changed. After `unavailable` and the like nobody knows."""
NEVER = frozenset(KINDS) - {"full_disk", "unavailable", "stopped"}
"""Refusals that no command of ours deserves, whatever happens to the database."""

BATCH = One("batch", "SELECT id, title, payload FROM task JOIN body ON body.task = task.id WHERE batch = ? ORDER BY id")
STATE = One("state", "SELECT state, result, checkpoint FROM task JOIN body ON body.task = task.id WHERE id = ?")
ATTEMPT = One("attempt", "SELECT outcome, error FROM attempt WHERE task = ? AND number = ?")
LEASE = One("lease", "SELECT token FROM lease WHERE task = ?")


class Sent(NamedTuple):
    """A submit, and its ids once it was answered."""

    tasks: list[TaskSpec]
    ids: list[str] | None = None
    refused: bool = False


class Holding(NamedTuple):
    """A task in an agent's hands."""

    agent: str
    token: str
    attempt: int


class Ledger:
    """Tell it of every command before it is sent (`asked`) and of every answer (`answered`)."""

    def __init__(self) -> None:
        self.submits: dict[str, Sent] = {}
        self.held: dict[str, Holding] = {}
        self.results: dict[str, str] = {}
        """Of each task that was acknowledged as done."""
        self.ended: dict[tuple[str, int], tuple[str, str | None]] = {}
        """Of each attempt that was acknowledged as ended: its outcome and its error."""
        self.checkpoints: dict[str, object] = {}
        self.unsure: set[str] = set()
        """Tasks of which something was said that was not answered."""
        self.broken: list[str] = []
        """Answers that no promise allows."""
        self._open: dict[int, Command] = {}

    @property
    def acknowledged(self) -> int:
        """How many facts the database has to know: without any a test of it proves nothing."""
        known = sum(len(sent.ids or ()) for sent in self.submits.values())
        return known + len(self.held) + len(self.ended)

    def asked(self, number: int, command: Command) -> None:
        self._open[number] = command
        if isinstance(command, Submit):
            assert command.batch is not None
            self.submits.setdefault(command.batch, Sent(command.tasks))

    def answered(self, number: int, answer: Answer) -> None:
        command = self._open.pop(number)
        if isinstance(answer, RotaError):
            self._refused(command, answer)
        elif isinstance(answer, Submitted):
            self._submitted(command, answer)
        elif isinstance(answer, Claimed):
            self._claimed(answer)
        elif isinstance(answer, Judged):
            self._judged(command, answer)
        elif isinstance(answer, Renewed):
            self._renewed(command, answer)

    def power_cut(self) -> None:
        """Whoever asked has got no answer, and never will."""
        for command in self._open.values():
            self._forget(command)
        self._open.clear()

    def given_back(self, agents: set[str]) -> None:
        """The process in which these agents lived is gone: what they held is not theirs any more."""
        for task, holding in list(self.held.items()):
            if holding.agent in agents:
                del self.held[task]

    def _refused(self, command: Command, error: RotaError) -> None:
        if error.code in NEVER:
            self.broken.append(f"{type(command).__name__} was refused: {error}")
        if error.code not in NOTHING_HAPPENED:
            self._forget(command)
        elif isinstance(command, Submit):
            assert command.batch is not None
            self.submits[command.batch] = self.submits[command.batch]._replace(refused=True)

    def _forget(self, command: Command) -> None:
        if isinstance(command, Submit):
            assert command.batch is not None
            self.submits[command.batch] = self.submits[command.batch]._replace(refused=False)
        for task in tasks_of(command):
            self.checkpoints.pop(task, None)
            if not isinstance(command, Heartbeat):
                self.unsure.add(task)
                self.held.pop(task, None)

    def _submitted(self, command: Submit, answer: Submitted) -> None:
        assert command.batch is not None
        before = self.submits[command.batch].ids
        if before is not None and before != answer.ids:
            self.broken.append(f"{command.batch} was submitted as {before}, and again as {answer.ids}")
        self.submits[command.batch] = Sent(command.tasks, answer.ids)

    def _claimed(self, answer: Claimed) -> None:
        for given in answer.tasks:
            other = self.held.get(given.task)
            if other is not None:
                self.broken.append(f"{given.task} was given to {given.agent} while {other.agent} held it")
            if given.task in self.results:
                self.broken.append(f"{given.task} was given to {given.agent} though it was done")
            self.held[given.task] = Holding(given.agent, given.token, given.attempt)
            self.unsure.discard(given.task)

    def _judged(self, command: Command, answer: Judged) -> None:
        for task in answer.refused:
            if self.held.pop(task, None) is not None and task not in self.unsure:
                self.broken.append(f"{task} was taken from the agent that held it: {answer.refused[task]}")
        reported: dict[str, Any] = {}
        if isinstance(command, Complete | Fail):
            reported = {outcome.task: outcome for outcome in command.outcomes}
        elif isinstance(command, GiveBack):
            reported = {held.task: held for held in command.tasks}
        for task in answer.states:
            outcome = reported[task]
            holding = self.held.pop(task, None)
            if isinstance(outcome, Done):
                if task in self.results:
                    self.broken.append(f"{task} was done twice")
                self.results[task] = str(outcome.result)
            if holding is None:
                continue
            what = {Complete: "done", Fail: "failed"}.get(type(command))
            if what is not None:
                self.ended[task, holding.attempt] = (what, getattr(outcome, "error", None))

    def _renewed(self, command: Heartbeat, answer: Renewed) -> None:
        for task in answer.lost:
            if self.held.pop(task, None) is not None and task not in self.unsure:
                self.broken.append(f"{task} was lost by the agent that held it")
        for beat in command.beats:
            if beat.task in answer.renewed and beat.checkpoint is not None:
                self.checkpoints[beat.task] = beat.checkpoint

    def missing(self, reader: Reader) -> list[str]:
        """What the database should know, as far as it was answered, and does not; a line for each."""
        self.power_cut()
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
            if not rows or rows[0][2] is None or msgspec.json.decode(rows[0][2]) != checkpoint:
                found.append(f"{task} has not the checkpoint {checkpoint!r}: {rows}")
        for task, holding in self.held.items():
            if task not in self.unsure and reader.one(LEASE, task_number(task)) != [(token_number(holding.token),)]:
                found.append(f"the lease of {holding.agent} on {task} is gone")
        return found


def _missing_batch(reader: Reader, label: str, sent: Sent) -> list[str]:
    rows = reader.one(BATCH, label)
    if sent.ids is None:
        if len(rows) not in ((0,) if sent.refused else (0, len(sent.tasks))):
            how = "refused" if sent.refused else "unanswered"
            return [f"{label}, {how}, is there with {len(rows)} of {len(sent.tasks)} tasks"]
    elif [task_id(row[0]) for row in rows] != sent.ids:
        return [f"{label} was answered with {sent.ids}; the database has {[row[0] for row in rows]}"]
    expected = [(task.title, payload_text(task)) for task in sent.tasks]
    if rows and [(title, payload) for _id, title, payload in rows] != expected:
        return [f"{label} has other titles or payloads than it was submitted with"]
    return []


def _missing_result(reader: Reader, task: str, result: str) -> list[str]:
    rows = reader.one(STATE, task_number(task))
    if rows and rows[0][0] == DONE and msgspec.json.decode(rows[0][1]) == result:
        return []
    return [f"{task} was acknowledged as done with {result!r}; the database has {rows}"]

