"""Routing by hand: a waiting task for one agent only, until it is unassigned."""

from __future__ import annotations

from typing import Any

from rota.engine.book import Agent
from rota.engine.context import Context
from rota.engine.named import fits, known, numbers
from rota.engine.place import Groups, leave, put, tell
from rota.model import bounds, check, state
from rota.model.commands.route import Assign, Unassign
from rota.model.commands.submit import Changed
from rota.model.errors import RotaError
from rota.model.ids import task_id
from rota.model.requirements import Requirements
from rota.planning.assigning import assigned, left_out
from rota.store.sql.tasks import ASSIGN_TASKS, TaskRow

_FITTING = (state.READY, state.SCHEDULED, state.BLOCKED, state.HELD)


def assign(context: Context, command: Assign) -> Changed:
    """Pin waiting tasks to an agent. One that it may not do is refused unless that is overridden."""
    agent = context.book.agent(command.agent)
    changed, decided = Changed(), _decided(command)
    rows = _waiting(context, command.tasks, changed)
    shapes: dict[int, int] = {}
    overridden: dict[str, list[str]] = {}
    for row in rows:
        needs = _own_needs(context, row)
        wanted = _wanted(context, command, agent, row, needs)
        if isinstance(wanted, str):
            changed.refused[task_id(row.id)] = wanted
            continue
        shapes[row.id] = context.book.shape(context.transaction, wanted)
        if left_out(needs, wanted):
            overridden[task_id(row.id)] = left_out(needs, wanted)
    new = [row._replace(shape=shapes[row.id], own_shape=_own(row)) for row in rows if row.id in shapes]
    facts = {"overridden": overridden} if overridden else {}
    _move(context, rows, new, "assign", changed, agent=agent.id, **decided, **facts)
    return changed


def unassign(context: Context, command: Unassign) -> Changed:
    """Let tasks ask again for what they asked before they were assigned."""
    changed, decided = Changed(), _decided(command)
    rows = _waiting(context, command.tasks, changed)
    new = []
    for row in rows:
        if row.own_shape is None:
            changed.refused[task_id(row.id)] = "wrong_state: it is not assigned to anybody"
            continue
        new.append(row._replace(shape=row.own_shape, own_shape=None))
    _move(context, rows, new, "unassign", changed, **decided)
    return changed


def refuse_assigned(row: TaskRow, fields: list[str]) -> None:
    """What a task asks of agents is not edited while it is assigned: the assignment decides."""
    if row.own_shape is not None and fields:
        told = f"{task_id(row.id)} is assigned to an agent; unassign it first"
        raise RotaError("wrong_state", told, field=fields[0])


def _decided(command: Assign | Unassign) -> dict[str, str]:
    """Who and why, for the record."""
    by = check.text(command.by, "by", bounds.NAME, empty=False)
    reason = check.text(command.reason, "reason", bounds.REASON)
    return {"by": by, **({"reason": reason} if reason else {})}


def _waiting(context: Context, tasks: list[str], changed: Changed) -> list[TaskRow]:
    """The tasks that nobody has; the others are refused."""
    return [row for row in known(context, numbers(tasks), changed) if fits(row, _FITTING, changed)]


def _own(row: TaskRow) -> int:
    return row.shape if row.own_shape is None else row.own_shape


def _own_needs(context: Context, row: TaskRow) -> Requirements:
    return context.book.needs_of(context.transaction, _own(row))


def _wanted(context: Context, command: Assign, agent: Agent, row: TaskRow, needs: Requirements) -> Requirements | str:
    """What it asks for from now on, or the refusal."""
    queue = context.queue_of(row)
    if queue.pool != agent.pool:
        pool = context.book.pools[agent.pool].name
        return f"not_eligible: {agent.name} is in pool {pool}, queue {queue.name} is not"
    wanted = assigned(needs, agent.profile, override=command.override)
    return wanted if isinstance(wanted, Requirements) else f"not_eligible: {wanted.text}"


def _move(context: Context, rows: list[TaskRow], new: list[TaskRow], kind: str, changed: Changed, **facts: Any) -> None:
    before = {row.id: row for row in rows}
    in_hands = leave(context, [before[row.id] for row in new])
    groups: Groups = {}
    moved = []
    for row in new:
        if row.id in in_hands:
            changed.refused[task_id(row.id)] = "wrong_state: it is running"
            continue
        put(context, row, groups, held=row.state == state.HELD, start=row.start, reason=row.reason)
        changed.tasks.append(task_id(row.id))
        moved.append((row.id, row.shape, row.own_shape))
    context.transaction.each(ASSIGN_TASKS, moved)
    tell(context, kind, groups, **facts)
