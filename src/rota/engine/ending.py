"""Ends: of tasks, and of attempts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rota.engine.context import Context
from rota.model import state
from rota.model.times import SECOND
from rota.store.sql.leases import LeaseRow
from rota.store.sql.tasks import TaskRow

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
    if row.unique_key is not None:
        changes.free_unique.append((row.unique_key, row.id))
    if row.sequence is not None:
        changes.free_sequence.append((row.sequence, row.id))
    if row.children:
        context.ended[row.id] = to
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
) -> None:
    """Write down how a lease's story ended, and learn from it when it says something of the agent."""
    changes = context.changes
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
        )
    )
    if outcome in ("done", "failed", "lost"):
        seconds = max(context.now - lease.since, 1) / SECOND
        changes.samples.append((lease.agent, kind, seconds, context.now, int(outcome == "done")))


def note_text(
    old: str | None,
    *,
    progress: float | None = None,
    notes: str | None = None,
    usage: dict[str, float] | None = None,
    cost: float | None = None,
) -> str | None:
    """The notes of an attempt with news added; what is left out stays."""
    if progress is None and notes is None and not usage and cost is None:
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
    return msgspec.json.encode(note).decode()
