"""Ends: of tasks, and of attempts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rota.engine.context import Context
from rota.engine.limit_use import note_use
from rota.engine.line import steps_out
from rota.model import state
from rota.model.branch import Branch
from rota.model.times import SECOND
from rota.store.sql.leases import LeaseRow, Sample
from rota.store.sql.tasks import TaskRow

_TELLING = ("done", "failed", "lost")
"""Outcomes that say something of the agent."""
SAYS_NOTHING = -1
"""Stands for `good` where an attempt says nothing of its agent: only its tenant's pass is corrected."""
_COUNTED = {state.DONE: "done", state.DEAD: "dead", state.CANCELLED: "cancelled", state.EXPIRED: "expired"}


def end(
    context: Context,
    rows: Sequence[TaskRow],
    to: int,
    kind: str,
    reason: str | None = None,
    *,
    attempts: int = 0,
    tries: int = 0,
    agent: int | None = None,
    told: bool = True,
) -> None:
    """End tasks that left where they were. `attempts` and `tries` are added to what they had."""
    changes = context.changes
    for row in rows:
        changes.ends.append(
            (row.id, to, context.now, row.attempts + attempts, row.tries + tries, agent or row.agent, reason)
        )
        if to == state.DEAD:
            changes.aside.append((to, row.id))
        note_end(context, row, to)
    if told:
        changes.moved(kind, [row.id for row in rows], to, reason)


def note_end(context: Context, row: TaskRow, to: int) -> None:
    """What follows from the end of a task: its keys are free, its children are told, it is counted."""
    changes = context.changes
    steps_out(context, row)
    if row.unique_key is not None:
        changes.free_unique.append((row.unique_key, row.id))
    if row.sequence is not None:
        changes.free_sequence.append((row.sequence, row.id))
    if row.children:
        context.ended[row.id] = to
    if row.waiting:
        context.gone.add(row.id)
    changes.count(row.queue, _COUNTED[to])
    if row.deadline is not None:
        met = to == state.DONE and context.now <= row.deadline
        changes.count(row.queue, "deadline_met" if met else "deadline_missed")


def end_attempt(
    context: Context,
    lease: LeaseRow,
    kind: str,
    outcome: str,
    *,
    counted: bool,
    error: str | None = None,
    note: str | None = None,
    estimate: int | None = None,
) -> None:
    """Write down how a lease's story ended, and learn from it when it says something of the agent."""
    changes = context.changes
    note_use(context, lease, outcome, note or lease.note)
    changes.attempts.append(
        (
            lease.task,
            lease.attempt,
            lease.agent,
            lease.since,
            context.now,
            outcome,
            int(counted),
            error,
            note or lease.note,
            lease.token,
        )
    )
    if outcome in _TELLING:
        keep_sample(context, lease, kind, int(outcome == "done"), estimate or 0)
    elif lease.cost:
        keep_sample(context, lease, kind, SAYS_NOTHING)


def keep_sample(context: Context, lease: LeaseRow, kind: str, good: int, estimate: int = 0) -> None:
    """Note how long the lease was held, for whoever learns from it; `estimate` as submitted, microseconds."""
    seconds = max(context.now - lease.since, 1) / SECOND
    context.changes.samples.append(
        Sample(lease.agent, kind, seconds, context.now, good, lease.lane, lease.cost, estimate, lease.share)
    )


def note_text(
    old: str | None,
    *,
    progress: float | None = None,
    notes: str | None = None,
    usage: dict[str, float] | None = None,
    cost: float | None = None,
    branch: Branch | None = None,
) -> str | None:
    """The notes of an attempt with news added; what is left out stays."""
    if progress is None and notes is None and not usage and cost is None and branch is None:
        return old
    note: dict[str, Any] = msgspec.json.decode(old) if old else {}
    if progress is not None:
        note["progress"] = progress
    if notes is not None:
        note["notes"] = notes
    if usage:
        note["usage"] = {**note.get("usage", {}), **usage}
    if cost is not None:
        note["cost"] = cost
    if branch is not None:
        note["branch"] = msgspec.to_builtins(branch)
    return msgspec.json.encode(note).decode()
