"""When a task's stages are looked at next: a timer for the earliest that has not come yet."""

from __future__ import annotations

from rota.engine.context import Context
from rota.engine.timer_kinds import STAGE
from rota.model import state
from rota.model.stage import Stage
from rota.planning.stages import next_moment
from rota.store.sql.tasks import TaskRow


def waits(came_into: int, waiting: int) -> bool:
    """Whether a task in this state waits for an agent, or to be admitted to a limit, and for nothing else."""
    return came_into == state.READY or (came_into == state.BLOCKED and waiting == 0)


def arm(context: Context, row: TaskRow, came_into: int, waiting: int) -> None:
    """The task came to rest in this state: note since when it waits, and see to it that its next stage comes."""
    if row.stages is None:
        return
    waits_from = row.waits_from
    if waits_from is None and waits(came_into, waiting):
        waits_from = context.now
        context.changes.waits_from.append((row.id, waits_from))
    stages = context.book.stages_of(context.transaction, row.stages)
    set_timer(context, row.id, stages, row.fired, waits_from, row.deadline)


def set_timer(
    context: Context, task: int, stages: tuple[Stage, ...], fired: int, waits_from: int | None, deadline: int | None
) -> None:
    """A timer for the next of these stages, if one comes by the clock. What is due already comes at once."""
    at = next_moment(stages, fired, waits_from, deadline)
    if at is not None:
        context.changes.add_timer(max(at, context.now), STAGE, task)
