"""What an agent is told of the tasks it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from rota.engine.context import Context
from rota.model.branch import Branch
from rota.model.ids import project_id, task_id, token_text
from rota.model.priority import PRIORITIES
from rota.model.state import STATES
from rota.model.task import AttemptView, Given, ParentResult
from rota.model.times import SECOND, maybe_rfc3339, rfc3339
from rota.store.sql.leases import ATTEMPTS_OF_TASKS, LeaseRow
from rota.store.sql.relations import PARENT_RESULTS
from rota.store.sql.tasks import BRIEFS, Brief

_decode = msgspec.json.Decoder().decode


def brief(
    context: Context,
    leases: Sequence[LeaseRow],
    why: Mapping[int, dict[str, Any]] | None = None,
    briefs: Mapping[int, Brief] | None = None,
) -> list[Given]:
    """The tasks of these leases as their agents see them, in the order of the leases."""
    if briefs is None:
        briefs = read_briefs(context, [lease.task for lease in leases])
    parents = _parents(context, [lease.task for lease in leases if briefs[lease.task].parents])
    attempts = _attempts(context, [lease.task for lease in leases if briefs[lease.task].tries])
    return [
        _given(context, lease, briefs[lease.task], parents, attempts, (why or {}).get(lease.task, {}))
        for lease in leases
    ]


def read_briefs(context: Context, tasks: Sequence[int]) -> dict[int, Brief]:
    """What is kept of these tasks for their agents, by number."""
    return {row[0]: Brief._make(row) for row in context.transaction.each(BRIEFS, [(task,) for task in tasks])}


def _given(
    context: Context,
    lease: LeaseRow,
    found: Brief,
    parents: Mapping[int, list[ParentResult]],
    attempts: Mapping[int, list[AttemptView]],
    why: dict[str, Any],
) -> Given:
    book = context.book
    return Given(
        task=task_id(found.id),
        agent=book.agent_name(lease.agent),
        slot=lease.slot,
        token=token_text(lease.token),
        until=rfc3339(lease.until),
        term=lease.term / SECOND,
        attempt=lease.attempt,
        title=found.title,
        kind=found.kind,
        queue=book.queues[found.queue].name,
        priority=PRIORITIES[found.band],
        description=found.description,
        payload=None if found.payload is None else _decode(found.payload),
        project=None if found.project is None else project_id(found.project),
        tenant=book.tenant_name(context.transaction, found.tenant),
        group=found.grp,
        deadline=maybe_rfc3339(found.deadline),
        estimate=None if found.estimate is None else found.estimate / SECOND,
        submitted=rfc3339(found.submitted),
        waited=max(lease.since - (found.ready_at or found.submitted), 0) / SECOND,
        parents=parents.get(found.id, []),
        attempts=attempts.get(found.id, []),
        checkpoint=None if found.checkpoint is None else _decode(found.checkpoint),
        answer=found.answer,
        approval=bool(found.review),
        why=why,
    )


def _parents(context: Context, tasks: list[int]) -> dict[int, list[ParentResult]]:
    found: dict[int, list[ParentResult]] = {}
    if not tasks:
        return found
    for child, parent, title, state, reason, result in _by_key(
        context.transaction.each(PARENT_RESULTS, [(task,) for task in tasks])
    ):
        found.setdefault(child, []).append(
            ParentResult(
                id=task_id(parent),
                title=title,
                state=STATES[state],
                result=None if result is None else _decode(result),
                reason=reason,
            )
        )
    return found


def _attempts(context: Context, tasks: list[int]) -> dict[int, list[AttemptView]]:
    found: dict[int, list[AttemptView]] = {}
    if not tasks:
        return found
    for row in _by_key(context.transaction.each(ATTEMPTS_OF_TASKS, [(task,) for task in tasks])):
        found.setdefault(row[0], []).append(attempt_view(row, context.book.agent_name(row[2])))
    return found


def attempt_view(row: tuple[Any, ...], agent: str) -> AttemptView:
    """An attempt as shown, from its row."""
    _task, number, _agent, since, ended, outcome, counted, error, note_text = row
    note = _decode(note_text) if note_text else {}
    return AttemptView(
        number=number,
        agent=agent,
        started=rfc3339(since),
        ended=rfc3339(ended),
        outcome=outcome,
        counted=bool(counted),
        error=error,
        progress=note.get("progress"),
        notes=note.get("notes"),
        usage=note.get("usage", {}),
        cost=note.get("cost"),
        branch=None if "branch" not in note else msgspec.convert(note["branch"], Branch),
        why=note.get("why", {}),
    )


def _by_key(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: (row[0], row[1]))
