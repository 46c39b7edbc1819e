"""The stages a task is submitted with: those of its queue, then its own."""

from __future__ import annotations

from collections.abc import Sequence

from rota.engine.book import Book, Queue
from rota.engine.context import Context
from rota.model.errors import RotaError, invalid
from rota.model.stage import STAGES, Stage
from rota.model.stage_check import check_stages, settled
from rota.model.task import TaskSpec
from rota.planning.stages import next_queue


def stage_list(context: Context, spec: TaskSpec, queue: Queue, field: str) -> int | None:
    """The number of the task's list of stages; None = it has none. Refused where one of its own can never come."""
    if not spec.stages and not queue.policy.stages:
        return None
    if not spec.stages:
        return context.book.stage_list(context.transaction, settled(queue.policy.stages))
    field = f"{field}.stages"
    check_stages(spec.stages, field, attempts=spec.max_attempts or queue.policy.max_attempts)
    for at, stage in enumerate(spec.stages):
        if stage.before_deadline is not None and spec.deadline is None:
            raise invalid(f"{field}[{at}].before_deadline", "never comes: the task has no deadline; give it one")
    check_targets(context.book, spec.stages, field)
    stages = (*queue.policy.stages, *spec.stages)
    if len(stages) > STAGES:
        told = f"are {len(stages)} with those of queue {queue.name!r}; a task has at most {STAGES}"
        raise RotaError("too_large", told, field=field)
    return context.book.stage_list(context.transaction, settled(stages))


def check_targets(book: Book, stages: Sequence[Stage], field: str, *more: str) -> None:
    """Refuse stages that lead into a queue that is not there; `more` are queues about to be made."""
    for at, stage in enumerate(stages):
        target = next_queue(stage.change)
        if target is not None and target not in more:
            book.queue(target, f"{field}[{at}].change.queue")
