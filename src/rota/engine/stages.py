"""Stages coming: what they change is written down and recorded, and the task moves if it waits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from rota.engine.context import Context
from rota.engine.needs import hand_up
from rota.engine.place import Groups, leave, put, temporary_shape
from rota.engine.stage_timer import set_timer
from rota.engine.timer_kinds import STAGE
from rota.model import state
from rota.model.event import Move, moves_of
from rota.model.priority import PRIORITIES
from rota.model.requirements import Requirements
from rota.model.stage import Stage
from rota.planning.distance import distance
from rota.planning.order import effective
from rota.planning.stages import Near, due, due_by_attempts, next_moment, next_queue, raised, relaxed
from rota.store.sql.leases import LEASES_OF_TASKS
from rota.store.sql.tasks import STAGE_TASKS, TaskRow

_WAITING = (state.READY, state.SCHEDULED, state.BLOCKED)


def stages_due(context: Context, row: TaskRow, _at: int) -> None:
    """A timer: let the stages come that are due. One that can not come now does when the task waits again."""
    if row.state in state.ENDED or row.stages is None:
        return
    stages = context.book.stages_of(context.transaction, row.stages)
    found = due(stages, row.fired, row.waits_from, row.deadline, context.now)
    free = row.state in _WAITING and not context.transaction.each(LEASES_OF_TASKS, [(row.id,)])
    if not free:
        found = [at for at in found if stages[at].only_notifies and stages[at].before_deadline is not None]
    if not free:
        # Those that were put off come when the task waits again; the others have their time still.
        found_now = sum(1 << at for at in found)
        later = next_moment(stages, row.fired | found_now, row.waits_from, row.deadline, context.now)
        if later is not None:
            context.changes.add_timer(later, STAGE, row.id)
    if not found:
        return
    if all(stages[at].only_notifies for at in found):
        changed = _come(context, row, stages, found, ())
        if free:
            set_timer(context, row.id, stages, changed.fired, row.waits_from, row.deadline)
        return
    _move(context, row, stages, found)


def after_failure(context: Context, row: TaskRow, attempts: int) -> TaskRow:
    """The task as it is after the stages that come with this many failed attempts. It rests nowhere at the moment."""
    if row.stages is None:
        return row
    stages = context.book.stages_of(context.transaction, row.stages)
    found = due_by_attempts(stages, row.fired, attempts)
    return _come(context, row, stages, found, ()) if found else row


def _move(context: Context, row: TaskRow, stages: tuple[Stage, ...], found: list[int]) -> None:
    if leave(context, [row]):
        return  # an agent has it by now
    temporary = temporary_shape(context, row)
    changed, told = _changed(context, row, stages, found)
    groups: Groups = {}
    put(context, changed, groups, start=row.start, shape=_still(context, changed, temporary), reason=row.reason)
    moves = [move for (came_into, lane), numbers in groups.items() for move in moves_of(numbers, came_into, lane)]
    _write(context, changed)
    _tell(context, changed, told, moves)
    context.flush()
    if changed.waiting:
        hand_up(context, [row.id])


def _come(
    context: Context, row: TaskRow, stages: tuple[Stage, ...], found: list[int], moves: Iterable[Move]
) -> TaskRow:
    changed, told = _changed(context, row, stages, found)
    _write(context, changed)
    _tell(context, changed, told, list(moves))
    return changed


def _write(context: Context, row: TaskRow) -> None:
    values = (row.id, row.queue, row.shape, row.own_shape, row.promoted, row.fired)
    context.transaction.each(STAGE_TASKS, [values])


def _changed(
    context: Context, row: TaskRow, stages: tuple[Stage, ...], found: list[int]
) -> tuple[TaskRow, list[dict[str, Any]]]:
    """The task after these stages, and for each of them what is to be told of it."""
    told = []
    for at in found:
        row, changed = _after_one(context, row, stages[at])
        row = row._replace(fired=row.fired | 1 << at)
        stage = msgspec.to_builtins(stages[at])
        when = {name: value for name, value in stage.items() if name != "change"}
        told.append({"stage": at, "when": when, "changed": changed})
    return row, told


def _after_one(context: Context, row: TaskRow, stage: Stage) -> tuple[TaskRow, dict[str, Any]]:
    change, changed = stage.change, dict[str, Any]()
    band = effective(row.band, row.promoted)
    better = raised(change, band)
    if better < band:
        row = row._replace(promoted=better)
        changed["priority"] = PRIORITIES[better]
    book, transaction = context.book, context.transaction
    own = row.shape if row.own_shape is None else row.own_shape
    old = book.needs_of(transaction, own)
    new = relaxed(change, old, _near(context, row))
    if new != old:
        shape = book.shape(transaction, new)
        # What an assignment asks for stays until it is taken back.
        row = row._replace(shape=shape) if row.own_shape is None else row._replace(own_shape=shape)
        changed.update(_difference(old, new))
    target = next_queue(change)
    if target is not None and target in {queue.name for queue in book.queues.values() if not queue.removed}:
        queue = book.queue(target)
        if queue.id != row.queue:
            row = row._replace(queue=queue.id)
            changed["queue"] = target
    if change.notify is not None:
        changed["notify"] = change.notify
    return row, changed


def _difference(old: Requirements, new: Requirements) -> dict[str, Any]:
    names = (name for name in new.__struct_fields__ if getattr(old, name) != getattr(new, name))
    return {name: _plain(name, getattr(new, name)) for name in names}


def _plain(name: str, value: Any) -> Any:
    return dict(value) if name in ("skills", "resources") else list(value) if isinstance(value, tuple) else value


def _near(context: Context, row: TaskRow) -> Near:
    """The regions near one: as the queue's policy says, else those of agents whose names begin alike."""
    queue = context.queue_of(row)
    regions = {agent.spec.region for agent in context.book.agents.values() if agent.pool == queue.pool}

    def near(region: str) -> frozenset[str]:
        said = queue.policy.near.get(region)
        if said is not None:
            return frozenset(said)
        return frozenset(other for other in regions if other is not None and distance(region, other) < 1.0)

    return near


def _still(context: Context, row: TaskRow, temporary: int | None) -> int | None:
    """The shape with which the task waits for a while: without the agent that failed it, as before."""
    if temporary is None:
        return None
    book, transaction = context.book, context.transaction
    avoid = book.needs_of(transaction, temporary).avoid
    if not avoid:
        return None
    needs = book.needs_of(transaction, row.shape)
    return book.shape(transaction, msgspec.structs.replace(needs, avoid=avoid))


def _tell(context: Context, row: TaskRow, told: list[dict[str, Any]], moves: list[Move]) -> None:
    """One event for each stage, the last with the moves, and one for each text."""
    for at, data in enumerate(told):
        better = {"promoted": [row.id]} if "priority" in data["changed"] else {}
        last = at == len(told) - 1
        context.changes.say("stage", row.id, tuple(moves) if last else (), **data, **better)
        if "notify" in data["changed"]:
            context.changes.say("notify", row.id, text=data["changed"]["notify"], stage=data["stage"])
