"""Where a task stands in the order of work, as the engine finds it: its lane, its due date, what it costs."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

from rota.engine.book import Book, LaneKey, Queue
from rota.engine.context import Context
from rota.engine.estimates import Estimates
from rota.planning.order import Facts, Standing, standing
from rota.store.sql.listing import ShownRow
from rota.store.sql.tasks import TaskRow


class Stand(NamedTuple):
    """A place among those that wait."""

    lane: int
    due: int
    cost: int
    """Expected work, microseconds, frozen when the task first became ready."""
    turns_late: int | None
    """When it will have to move among the late, microseconds."""


def facts_of(context: Context, row: TaskRow) -> Facts:
    """What decides the task's place."""
    return facts_of_row(context.book, context.estimates, row)


def facts_of_row(book: Book, estimates: Estimates, row: TaskRow | ShownRow) -> Facts:
    """As `facts_of`, for whoever only reads."""
    policy = book.pools[book.queues[row.queue].pool].policy
    expected = estimates.of(row.kind, row.estimate, policy.late_quantile)
    low = expected.low if not row.cost else round(row.cost * (expected.low / max(expected.mean, 1)))
    return Facts(
        row.submitted, row.band, row.deadline, row.cost or expected.mean, low,
        row.promoted, row.lent, row.needed_by, row.must_by,
    )  # fmt: skip


def stand(context: Context, row: TaskRow, shape: int | None = None) -> Stand:
    """Where the task stands now, if it is ready: by its own shape, or one with temporary requirements."""
    queue = context.queue_of(row)
    facts = facts_of(context, row)
    found = standing(facts, context.now, queue.policy)
    lane = lane_for(context, queue, found, row.shape if shape is None else shape, row.tenant, row.project)
    return Stand(lane, found.due, facts.estimate, found.turns_late)


def lane_for(context: Context, queue: Queue, found: Standing, shape: int, tenant: int, project: int | None) -> int:
    """The lane of tasks of this shape, tenant and project that stand so."""
    share = context.book.shares.of(context.transaction, project)
    key = LaneKey(queue.pool, queue.id, shape, found.band, tenant, int(found.late), share)
    return context.book.lane(context.transaction, key)


def keys_of(affinity: str | None, group: str | None) -> tuple[int, int]:
    """Affinity and group as numbers. Without an affinity key the group is that too, so that the next of it follow."""
    if group is None:
        return (0 if affinity is None else key_hash(affinity)), 0
    number = key_hash(group)
    return (number if affinity is None else key_hash(affinity)), number


def key_hash(key: str | None) -> int:
    """A number for an affinity key or a group, the same everywhere and for ever; 0 = none."""
    if key is None:
        return 0
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest()) >> 1 or 1
