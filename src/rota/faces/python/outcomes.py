"""From what a handler returned or raised to what is told of its attempt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rota.agents.later import later_s
from rota.agents.process.child import describe, seconds_of
from rota.faces.python.said import Last, Said
from rota.faces.python.task import Task
from rota.model.bounds import NAME
from rota.model.commands.work import Complete, Done, Fail, Failed, GiveBack, Held

Outcome = Complete | Last

ERROR_CHARACTERS = 2_000


def outcome_of(task: Task, result: Any, error: BaseException | None, handler: Callable[..., Any]) -> Outcome | None:
    """What is to be told; None when nothing that is said counts any more.

    Who was asked to end and returns nothing, or raises, has obeyed: the task is not done.
    """
    if task.cancelled == "lost":
        return None
    if isinstance(error, Said):
        return _with_spent(task, error.last)
    if error is None and (result is not None or task.cancelled is None):
        done = Done(task=task.id, token=task.given.token, result=result, notes=task.words.notes, **_spent(task))
        return Complete(outcomes=[done])
    if task.cancelled is not None:
        return _obeyed(task)
    assert error is not None
    return _raised(task, error, handler)


def failed(task: Task, error: str, *, retryable: bool = True) -> Fail:
    """A failed attempt."""
    text = error[:ERROR_CHARACTERS].replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    outcome = Failed(
        task=task.id, token=task.given.token, error=text or "it failed", retryable=retryable, **_spent(task)
    )
    return Fail(outcomes=[outcome])


def given_back(task: Task, reason: str) -> GiveBack:
    """The task, unfinished, at its old place."""
    return GiveBack(tasks=[Held(task=task.id, token=task.given.token)], reason=reason)


def _obeyed(task: Task) -> Outcome:
    if task.cancelled == "cancel":
        return failed(task, "cancelled", retryable=False)
    return given_back(task, "a better task has its slot" if task.cancelled == "preempt" else "the agent stops")


def _raised(task: Task, error: BaseException, handler: Callable[..., Any]) -> Fail:
    """By the name of the class, as for functions in processes of their own."""
    names = {kind.__name__ for kind in type(error).__mro__}
    code = getattr(handler, "__code__", None)
    told = failed(task, describe(error, code.co_filename if code is not None else ""))
    if "BadTask" in names:
        told.outcomes[0].retryable = False
    elif "TryLater" in names:
        # A limit of its own, so that no attempt is burnt and no agent is blamed; nothing else is charged to it.
        told.outcomes[0].limit = f"later:{task.id}"[:NAME]
        told.outcomes[0].retry_at = later_s(task.given, seconds_of(error))
    return told


def _with_spent(task: Task, last: Last) -> Last:
    if isinstance(last, Fail):
        for outcome in last.outcomes:
            outcome.usage, outcome.cost = _usage(task), task.words.cost
    return last


def _spent(task: Task) -> dict[str, Any]:
    return {"usage": _usage(task), "cost": task.words.cost}


def _usage(task: Task) -> dict[str, float]:
    return {"wall_s": round(task.seconds, 6), **task.words.usage}
