"""Statements about batches: tasks submitted under one label."""

from __future__ import annotations

from rota.model import state
from rota.store.statement import One

BATCH_GROUPS = One(
    "batch_groups",
    f"SELECT task.queue, task.kind, CASE WHEN lease.task IS NULL THEN task.state ELSE {state.RUNNING} END AS now_in,"
    " count(*), count(task.estimate), CAST(coalesce(sum(task.estimate), 0) AS bigint), min(task.submitted),"
    " max(task.finished)"
    " FROM task LEFT JOIN lease ON lease.task = task.id WHERE task.batch = ?"
    " GROUP BY task.queue, task.kind, now_in ORDER BY task.queue, task.kind, now_in",
)
BATCH_ATTEMPTS = One(
    "batch_attempts",
    "SELECT attempt.task, attempt.number, attempt.agent, attempt.since, attempt.ended, attempt.outcome,"
    " attempt.counted, attempt.error, attempt.note FROM task JOIN attempt ON attempt.task = task.id"
    " WHERE task.batch = ? AND task.id >= ? AND (attempt.task, attempt.number) > (?, ?)"
    " ORDER BY task.id, attempt.number LIMIT ?",
)
