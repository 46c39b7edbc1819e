"""Short ways to say what engine tests say all the time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register, SetQueue
from rota.model.commands.read import GetHistory, GetTask, TaskHistory
from rota.model.commands.submit import Submit, Submitted
from rota.model.commands.work import Claim, Claimed, Complete, Done, Fail, Failed, GiveBack, Held, Judged
from rota.model.errors import RotaError
from rota.model.queue import QueuePolicy
from rota.model.task import AttemptView, Given, TaskSpec, TaskView
from rota.testing import TestDistributor


def agent(rota: TestDistributor, name: str, **spec: Any) -> None:
    """Register an agent."""
    rota.call(Register(agent=AgentSpec(name=name, **spec)))


def queue(rota: TestDistributor, name: str, **policy: Any) -> None:
    """Set a queue's policy."""
    rota.call(SetQueue(queue=name, policy=QueuePolicy(**policy)))


def submit(rota: TestDistributor, *specs: TaskSpec | str) -> list[str]:
    """Submit tasks, by title alone if that is all; their ids."""
    tasks = [TaskSpec(title=spec) if isinstance(spec, str) else spec for spec in specs]
    submitted: Submitted = rota.call(Submit(tasks=tasks))
    return submitted.ids


def task(rota: TestDistributor, **spec: Any) -> str:
    """Submit one task; its id."""
    return submit(rota, TaskSpec(title="task", **spec))[0]


def claim(rota: TestDistributor, name: str, n: int = 1, **more: Any) -> list[Given]:
    """Claim for an agent."""
    claimed: Claimed = rota.call(Claim(agent=name, n=n, **more))
    return claimed.tasks


def take(rota: TestDistributor, name: str) -> Given:
    """Claim exactly one task."""
    given = claim(rota, name)
    assert len(given) == 1, f"{name} was given {given}"
    return given[0]


def done(rota: TestDistributor, *given: Given, result: Any = None) -> Judged:
    """Report tasks done."""
    outcomes = [Done(task=it.task, token=it.token, result=result) for it in given]
    judged: Judged = rota.call(Complete(outcomes=outcomes))
    return judged


def fail(rota: TestDistributor, given: Given, error: str = "it broke", **more: Any) -> Judged:
    """Report an attempt failed."""
    outcome = Failed(task=given.task, token=given.token, error=error, **more)
    judged: Judged = rota.call(Fail(outcomes=[outcome]))
    return judged


def give_back(rota: TestDistributor, *given: Given, reason: str = "") -> Judged:
    """Hand tasks back."""
    held = [Held(task=it.task, token=it.token) for it in given]
    judged: Judged = rota.call(GiveBack(tasks=held, reason=reason))
    return judged


def view(rota: TestDistributor, number: str) -> TaskView:
    """One task, whole."""
    found: TaskView = rota.call(GetTask(task=number))
    return found


def states(rota: TestDistributor, tasks: Sequence[str]) -> list[str]:
    """The states of these tasks."""
    return [view(rota, number).state for number in tasks]


def attempts(rota: TestDistributor, number: str) -> list[AttemptView]:
    """The attempts at a task."""
    history: TaskHistory = rota.call(GetHistory(task=number))
    return history.attempts


def kill(rota: TestDistributor, name: str, number: str) -> None:
    """Let the agent fail the task it can claim now, for good."""
    given = take(rota, name)
    assert given.task == number
    fail(rota, given, retryable=False)


def spec(title: str = "task", **more: Any) -> TaskSpec:
    """A task, by title alone if that is all."""
    return TaskSpec(title=title, **more)


def submit_refused(rota: TestDistributor, code: str, *specs: TaskSpec, **more: Any) -> RotaError:
    before = rota.states()
    with pytest.raises(RotaError) as caught:
        rota.call(Submit(tasks=list(specs), **more))
    assert caught.value.code == code, caught.value
    assert rota.states() == before
    return caught.value
