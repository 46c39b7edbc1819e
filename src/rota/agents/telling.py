"""What the distributor is told of a run: the words for each verdict."""

from __future__ import annotations

import time
from typing import Any

from rota.agents.task_process import Run
from rota.model.agent import Cost
from rota.model.bounds import NAME
from rota.model.commands.work import Complete, Done, Fail, Failed, GiveBack, Held
from rota.model.task import Given
from rota.model.times import SECOND, rfc3339

Outcome = Complete | Fail | GiveBack

LATER_FIRST_S = 1.0
LATER_MOST_S = 300.0
"""A process that says "later" (exit code 75) without a time: the first wait, doubled up to the longest, seconds."""


def outcome_of(given: Given, run: Run, cost: Cost | None) -> Outcome:
    """The command that reports this run. `shutdown`, `preempted`, `conflict` and `broken` are no fault of the task:
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
        # A limit of its own, so that no attempt is burnt and no agent is blamed; nothing else is charged to it.
        failed.limit = f"later:{given.task}"[:NAME]
        failed.retry_at = rfc3339(time.time_ns() // 1_000 + round(_delay_s(given, verdict.retry_after_s) * SECOND))
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
    """What a run cost: its time and its tokens, and the price of the task if it was done. None: it has no price."""
    if cost is None:
        return None
    hours = run.usage.get("wall_s", 0.0) / 3600
    done = run.verdict.kind == "done"
    tokens = tokens_of(run.verdict.result)
    return round(cost.per_hour * hours + cost.per_task * done + cost.per_1k_tokens * tokens / 1000, 9)


def tokens_of(result: Any) -> float:
    """Tokens that an answer says it used: `usage.total_tokens`, `usage.tokens`, or input and output together."""
    usage = result.get("usage") if isinstance(result, dict) else None
    if not isinstance(usage, dict):
        return 0.0
    for name in ("total_tokens", "tokens"):
        if name in usage:
            return _number(usage[name])
    return _number(usage.get("input_tokens")) + _number(usage.get("output_tokens"))


def storable(text: str) -> str:
    """The text without what no database keeps: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _number(value: Any) -> float:
    sound = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15
    return float(value) if sound else 0.0


def _delay_s(given: Given, wanted_s: float | None) -> float:
    if wanted_s is not None:
        return max(wanted_s, 0.05)
    before = 0
    for attempt in reversed(given.attempts):
        if attempt.outcome != "limited":
            break
        before += 1
    return float(min(LATER_MOST_S, LATER_FIRST_S * 2.0 ** min(before, 30)))
