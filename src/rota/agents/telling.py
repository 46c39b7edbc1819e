"""What the distributor is told of a run: the words for each verdict."""

from __future__ import annotations

import time
from datetime import datetime

from rota.agents.later import later_s
from rota.agents.reported import reported_cost, tokens_of
from rota.agents.reset_time import reset_after_s
from rota.agents.task_process import Run
from rota.model.agent import Cost
from rota.model.bounds import NAME
from rota.model.commands.work import Complete, Done, Fail, Failed, GiveBack, Held
from rota.model.task import Given
from rota.model.times import SECOND, rfc3339

Outcome = Complete | Fail | GiveBack


def outcome_of(given: Given, run: Run, cost: Cost | None, limit: str | None = None) -> Outcome:
    """The command that reports this run; `limit` is what the agent's work is charged to at its provider.

    `shutdown`, `preempted`, `conflict` and `broken` are no fault of the task:
    it is given back.
    """
    verdict, usage = run.verdict, run.usage
    spent = spent_by(run, cost)
    if verdict.kind == "done":
        done = Done(
            task=given.task, token=given.token, result=verdict.result, notes=verdict.note, usage=usage, cost=spent,
            branch=run.branch,
        )  # fmt: skip
        return Complete(outcomes=[done])
    error = storable(verdict.error or verdict.kind)
    if verdict.kind in ("shutdown", "preempted", "conflict", "broken"):
        return GiveBack(tasks=[Held(task=given.task, token=given.token)], reason=error)
    failed = Failed(
        task=given.task,
        token=given.token,
        error=error,
        retryable=verdict.kind not in ("bad_task", "cancelled"),
        usage=usage,
        cost=spent,
        branch=run.branch,
    )
    if verdict.kind == "later":
        wanted_s = verdict.retry_after_s
        if wanted_s is None:
            wanted_s = reset_after_s(error, datetime.now().astimezone())
        # Without a provider's limit one of its own, so that no attempt is burnt and no agent is blamed.
        failed.limit = (limit if wanted_s is not None else None) or f"later:{given.task}"[:NAME]
        failed.retry_at = rfc3339(time.time_ns() // 1_000 + round(later_s(given, wanted_s) * SECOND))
    return Fail(outcomes=[failed])


def unusable(given: Given, run: Run, why: str, cost: Cost | None) -> Fail:
    """The words for an answer that the database refused to keep: `why` in its own words."""
    failed = Failed(
        task=given.task,
        token=given.token,
        error=storable(f"the answer cannot be kept: {why}"),
        usage=run.usage,
        cost=spent_by(run, cost),
        branch=run.branch,
    )
    return Fail(outcomes=[failed])


def spent_by(run: Run, cost: Cost | None) -> float | None:
    """What a run cost: what it says itself, else its time and its tokens, and the price of the task if it was done.

    None: it has no price.
    """
    told = reported_cost(run.verdict.result if run.verdict.kind == "done" else run.verdict.said)
    if told is not None:
        return told
    if cost is None:
        return None
    hours = run.usage.get("wall_s", 0.0) / 3600
    done = run.verdict.kind == "done"
    tokens = tokens_of(run.verdict.result)
    return round(cost.per_hour * hours + cost.per_task * done + cost.per_1k_tokens * tokens / 1000, 9)


def storable(text: str) -> str:
    """The text without what no database keeps: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
