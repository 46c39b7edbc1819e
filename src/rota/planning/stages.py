"""Stages: which are due, when the next is, and what a task is after one. Pure; the engine fires and records them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from rota.model.priority import BANDS
from rota.model.requirements import Requirements
from rota.model.stage import Change, Stage
from rota.model.times import SECOND

Near = Callable[[str], frozenset[str]]
"""The regions near a region."""
BEST_BY_STEPS = BANDS["critical"]
"""Raises by steps end here: nobody grows old into an emergency."""


def moment_of(stage: Stage, waits_from: int | None, deadline: int | None) -> int | None:
    """When the stage is due, microseconds; None = no clock says so (yet). Spans are in seconds (see `settled`)."""
    if stage.after is not None and waits_from is not None:
        return waits_from + round(float(stage.after) * SECOND)
    if stage.before_deadline is not None and deadline is not None:
        return deadline - round(float(stage.before_deadline) * SECOND)
    return None


def due(stages: Sequence[Stage], fired: int, waits_from: int | None, deadline: int | None, now: int) -> list[int]:
    """The stages that are due by the clock and have not come yet, in the order in which they were due.

    `fired` has a bit for each stage that came, the first the lowest.
    """
    found = []
    for at, stage in enumerate(stages):
        moment = moment_of(stage, waits_from, deadline)
        if not fired >> at & 1 and moment is not None and moment <= now:
            found.append((moment, at))
    return [at for _moment, at in sorted(found)]


def due_by_attempts(stages: Sequence[Stage], fired: int, attempts: int) -> list[int]:
    """The stages that come with this many failed attempts, fewest first."""
    found = [
        (stage.attempts, at)
        for at, stage in enumerate(stages)
        if stage.attempts is not None and stage.attempts <= attempts and not fired >> at & 1
    ]
    return [at for _attempts, at in sorted(found)]


def next_moment(
    stages: Sequence[Stage], fired: int, waits_from: int | None, deadline: int | None, since: int | None = None
) -> int | None:
    """When the next stage that has not come yet is due, microseconds, of those due later than `since`.

    None = none is by the clock.
    """
    moments = (moment_of(stage, waits_from, deadline) for at, stage in enumerate(stages) if not fired >> at & 1)
    return min((moment for moment in moments if moment is not None and (since is None or moment > since)), default=None)


def next_change(stages: Sequence[Stage], fired: int, waits_from: int | None, deadline: int | None) -> int | None:
    """As `next_moment`, of the stages that do more than to notify."""
    telling = sum(1 << at for at, stage in enumerate(stages) if stage.only_notifies)
    return next_moment(stages, fired | telling, waits_from, deadline)


def raised(change: Change, band: int) -> int:
    """The band of a task that stood in `band`: better, or the same."""
    if change.priority is not None:
        return min(band, BANDS[change.priority])
    if change.raise_by is not None:
        return min(band, max(band - change.raise_by, BEST_BY_STEPS))
    return band


def relaxed(change: Change, needs: Requirements, near: Near) -> Requirements:
    """What the task asks of an agent after the change: whoever might do it before still may.

    Only handing it to a person asks for somebody else.
    """
    levels = {skill: min(level, change.skills.get(skill, level)) for skill, level in needs.skills}
    found = msgspec.structs.replace(
        needs,
        skills=tuple(sorted((skill, level) for skill, level in levels.items() if level > 0)),
        regions=_widened(change, needs.regions, near),
        role=None if "role" in change.drop else needs.role,
        pin=None if "pin" in change.drop else needs.pin,
        ban=() if "ban" in change.drop else needs.ban,
        max_cost=None if "max_cost" in change.drop else needs.max_cost,
    )
    if change.person is None:
        return found
    return Requirements(kind=found.kind, role=change.person.role, ban=found.ban, limits=found.limits, near=found.near)


def _widened(change: Change, regions: tuple[str, ...], near: Near) -> tuple[str, ...]:
    if change.widen == "any" or "regions" in change.drop:
        return ()
    if change.widen is None:
        return regions
    return tuple(sorted({*regions, *(other for region in regions for other in near(region))}))


def next_queue(change: Change) -> str | None:
    """The queue into which the task is moved; None = it stays."""
    return change.person.queue if change.person is not None and change.person.queue is not None else change.queue
