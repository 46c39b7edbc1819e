"""What a task asks for after its stages: one that nobody may do now may be somebody's later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from rota.model.queue import QueuePolicy
from rota.model.requirements import Requirements
from rota.model.stage import Stage
from rota.model.stage_check import settled
from rota.model.task import TaskSpec
from rota.planning.distance import distance
from rota.planning.stages import moment_of, next_queue, relaxed

Asked = tuple[str, Requirements]
"""The pool whose agents are asked, and for what."""


def first_that_fits(
    spec: TaskSpec,
    asked: Asked,
    queues: Mapping[str, QueuePolicy],
    regions: Sequence[str],
    deadline: int | None,
    now: int,
    fits: Callable[[Asked], bool],
) -> Asked:
    """As it asks now, or after the first stages that come by the clock with which it `fits`; else as it asks now.

    `regions` are those of all agents. Stages that come with failures do not come while nobody may do the task.
    """
    policy = queues.get(spec.queue, QueuePolicy())
    stages = (*settled(policy.stages), *settled(spec.stages))
    if not stages or fits(asked):
        return asked

    def near(region: str) -> frozenset[str]:
        said = policy.near.get(region)
        return frozenset(said if said is not None else (one for one in regions if distance(region, one) < 1.0))

    found = asked
    for stage in _by_the_clock(stages, deadline, now):
        target = queues.get(next_queue(stage.change) or "")
        found = (found[0] if target is None else target.pool, relaxed(stage.change, found[1], near))
        if fits(found):
            return found
    return asked


def _by_the_clock(stages: Sequence[Stage], deadline: int | None, now: int) -> Iterator[Stage]:
    moments = ((moment_of(stage, now, deadline), at) for at, stage in enumerate(stages))
    for _moment, at in sorted((moment, at) for moment, at in moments if moment is not None):
        yield stages[at]
