"""Tasks handed over by a claim: as agents see them, taken back when the answer did not arrive."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import msgspec

from rota.faces.mcp.brief import brief
from rota.faces.mcp.later import later
from rota.faces.mcp.tool import Call, Reply
from rota.faces.mcp.worker.progress import PROGRESS
from rota.model.commands.work import Claim, Claimed, GiveBack, Held
from rota.model.priority import Priority
from rota.model.task import Given


class HandedTask(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A task in an agent's hands."""

    task: str
    agent: str
    token: str
    """Goes with every word about it."""
    until: str
    term_s: float
    attempt: int
    kind: str
    queue: str
    priority: Priority
    waited_s: float
    brief: str
    project: str | None = None
    deadline: str | None = None
    estimate_s: float | None = None
    group: str | None = None
    why: dict[str, Any] = {}


def handed_task(given: Given) -> HandedTask:
    """The task with its brief."""
    return HandedTask(
        task=given.task,
        agent=given.agent,
        token=given.token,
        until=given.until,
        term_s=given.term,
        attempt=given.attempt,
        kind=given.kind,
        queue=given.queue,
        priority=given.priority,
        waited_s=round(given.waited, 3),
        brief=brief(given),
        project=given.project,
        deadline=given.deadline,
        estimate_s=given.estimate,
        group=given.group,
        why=given.why,
    )


def claimed(call: Call, claim: Claim, made: Callable[[list[HandedTask]], msgspec.Struct]) -> Future[Reply]:
    """Claim, waiting if the claim says so, and make the answer of what was given.

    A cancelled wait leaves nothing behind; an answer that does not arrive gives its tasks back.
    """
    future = call.distributor.ask(claim)
    if claim.wait > 0:
        PROGRESS.tell(future, call.notify, claim.wait)

    return later(future, lambda answer: handed(call, answer, made))


def handed(call: Call, answer: Claimed, made: Callable[[list[HandedTask]], msgspec.Struct]) -> Reply:
    """The answer of what was given, taken back when it does not arrive."""
    call.session.took(answer.tasks)
    reply = made([handed_task(given) for given in answer.tasks])
    return Reply(reply, (lambda: _back(call, answer)) if answer.tasks else None)


def _back(call: Call, answer: Claimed) -> None:
    tasks = [Held(task=given.task, token=given.token) for given in answer.tasks]
    call.session.ended([held.task for held in tasks])
    call.distributor.ask(GiveBack(tasks=tasks, reason="the claim's answer did not arrive", said=False))
