"""What a task asks for after its stages: one that nobody may do now may be somebody's later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rota.model.queue import QueuePolicy
from rota.model.requirements import Requirements
from rota.model.stage import Stage
from rota.model.stage_check import settled
from rota.planning.distance import distance
from rota.planning.stages import Near, moment_of, next_queue, raised, relaxed


class Asked(NamedTuple):
    """The pool whose agents are asked, for what, and in which band."""

    pool: str
    needs: Requirements
    band: int


def first_that_fits(
    asked: Asked,
    stages: Sequence[Stage],
    queues: Mapping[str, QueuePolicy],
    near: Near,
    deadline: int | None,
    now: int,
    fits: Callable[[Asked], bool],
) -> Asked | None:
    """As it asks now, or after the first stages that come by the clock with which it `fits`; None = with none.

    Stages that come with failures do not come while nobody may do the task.
    """
    if fits(asked):
        return asked
    for stage in _by_the_clock(settled(stages), deadline, now):
        target = queues.get(next_queue(stage.change) or "")
        pool = asked.pool if target is None else target.pool
        asked = Asked(pool, relaxed(stage.change, asked.needs, near), raised(stage.change, asked.band))
        if fits(asked):
            return asked
    return None


def near_by(policy: QueuePolicy, regions: Sequence[str]) -> Near:
    """The regions near one, as the queue says, else those of `regions` whose names begin alike."""

    def near(region: str) -> frozenset[str]:
        said = policy.near.get(region)
        return frozenset(said if said is not None else (one for one in regions if distance(region, one) < 1.0))

    return near


def _by_the_clock(stages: Sequence[Stage], deadline: int | None, now: int) -> Iterator[Stage]:
    moments = ((moment_of(stage, now, deadline), at) for at, stage in enumerate(stages))
    for _moment, at in sorted((moment, at) for moment, at in moments if moment is not None):
        yield stages[at]
