"""Where a waiting task stands in the order of work, why there, and when its turn is expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, sqrt
from typing import NamedTuple

from rota.engine.book import Book, LaneKey
from rota.engine.estimates import ANY_AGENT, Estimates
from rota.engine.stand import facts_of_row
from rota.model.commands.read import OrderView
from rota.model.priority import PRIORITIES
from rota.model.times import SECOND, rfc3339
from rota.planning.estimate import Belief
from rota.planning.order import Facts, own_due, standing
from rota.planning.snapshot import Agent
from rota.store.protocol import Reader
from rota.store.sql.fleet import PASSES
from rota.store.sql.listing import ShownRow
from rota.store.sql.waiting import DEPTHS, WORK_AHEAD

COUNTED = 10_000
"""Tasks of one lane that are counted before the task; more are told as at least so many."""
END_OF_TIME = (1 << 63) - 1
Z90 = 1.2816
"""Quantile .9 of the standard normal distribution."""


class Before(NamedTuple):
    """What stands before a task."""

    tasks: int
    work_s: float


def place_in_order(
    reader: Reader, book: Book, row: ShownRow, key: LaneKey, may: Sequence[Agent], lanes: Sequence[int], now: int
) -> OrderView:
    """Each part of the key with its reason. `may` are the agents that could take the task, `lanes` what competes."""
    estimates = Estimates(reader)
    facts = facts_of_row(book, estimates, row)
    policy = book.queues[key.queue].policy
    found = standing(facts, now, policy)
    before = _before(reader, book, row, key, lanes)
    passes = _passes(reader, book, key)
    own, least = passes.get(key.tenant, 0), min(passes.values(), default=0)
    start = _starts(before, may, facts, estimates.belief(ANY_AGENT, row.kind), now)
    low, high = _finishes(start, facts.estimate, estimates.belief(ANY_AGENT, row.kind))
    return OrderView(
        band=PRIORITIES[key.band],
        late=bool(key.late),
        due=rfc3339(max(found.due, 0)) if not key.late else None,
        estimate_s=facts.estimate / SECOND,
        tenant_ahead_s=max(own - least, 0) / SECOND,
        why=_reasons(book, facts, key, row, own_due(facts, policy)),
        before=before.tasks,
        work_before_s=round(before.work_s, 3),
        starts_p50=None if start is None else rfc3339(start[0]),
        starts_p90=None if start is None else rfc3339(start[1]),
        finishes_p50=None if low is None else rfc3339(low),
        finishes_p90=None if high is None else rfc3339(high),
    )


def _reasons(book: Book, facts: Facts, key: LaneKey, row: ShownRow, own: int) -> list[str]:
    said = [f"band {PRIORITIES[key.band]}" + _because(facts, key)]
    if key.late:
        said.append("late: even the quickest such work would hardly meet the deadline; the late go shortest first")
    elif facts.deadline is not None and facts.deadline == row.due:
        said.append(f"due {rfc3339(row.due)}: its deadline")
    elif row.due < own:
        said.append(f"due {rfc3339(max(row.due, 0))}: a task that waits for it needs it by then")
    else:
        ordering = book.queues[key.queue].policy.ordering
        said.append(f"due {rfc3339(max(row.due, 0))}: submission + target wait + patience x estimate ({ordering})")
    said.append(f"{'told' if row.estimate is not None else 'expected'} to take {facts.estimate / SECOND:g} s")
    return said


def _because(facts: Facts, key: LaneKey) -> str:
    if key.band == facts.band:
        return ": its own priority"
    if facts.lent == key.band:
        return ": lent by a task that waits for it"
    return ": promoted by a stage"


def _before(reader: Reader, book: Book, row: ShownRow, key: LaneKey, lanes: Sequence[int]) -> Before:
    """Tasks of competing lanes that come first. Tenants that stand back are counted too: they do so for a moment."""
    tasks, work = 0, 0
    depths = {lane: int(n) for lane, n, _rows in reader.one(DEPTHS) if n > 0}
    for lane in lanes:
        other = book.lane_key(reader, lane)
        if (other.band, other.late) > (key.band, key.late) or lane not in depths:
            continue
        if (other.band, other.late) == (key.band, key.late):
            n, cost = reader.one(WORK_AHEAD, lane, row.due, row.id, COUNTED)[0]
        else:
            n, cost = reader.one(WORK_AHEAD, lane, END_OF_TIME, 0, COUNTED)[0]
        tasks, work = tasks + int(n), work + int(cost)
    return Before(tasks, work / SECOND)


def _passes(reader: Reader, book: Book, key: LaneKey) -> dict[int, int]:
    tenants = {
        other.tenant
        for lane, n, _rows in reader.one(DEPTHS)
        if n > 0 and (other := book.lane_key(reader, lane)).pool == key.pool and other.band == key.band
    }
    rows = reader.each(PASSES, [(key.pool, key.band, tenant) for tenant in sorted(tenants)])
    had: Mapping[int, int] = {tenant: had for _band, tenant, had in rows}
    return {tenant: had.get(tenant, 0) for tenant in tenants}


def _starts(before: Before, may: Sequence[Agent], facts: Facts, belief: Belief, now: int) -> tuple[int, int] | None:
    """When a slot comes to it: the work before it and in hands, spread over the slots of those that may take it."""
    slots = sum(agent.slots for agent in may)
    if not slots:
        return None
    running = sum(agent.running for agent in may)
    if before.tasks + running < slots:
        return now, now
    each = before.work_s / before.tasks if before.tasks else facts.estimate / SECOND
    # What is in hands is half done on average.
    mean = (before.work_s + running * each / 2) / slots
    spread = each * sqrt(max(exp(min(belief.var_log, 20.0)) - 1.0, 0.0) * (before.tasks + running)) / slots
    return now + round(mean * SECOND), now + round((mean + Z90 * spread) * SECOND)


def _finishes(start: tuple[int, int] | None, estimate: int, belief: Belief) -> tuple[int | None, int | None]:
    if start is None:
        return None, None
    sigma = sqrt(belief.var_log)
    median = estimate * exp(-belief.var_log / 2)
    return start[0] + round(median), start[1] + round(median * exp(min(Z90 * sigma, 20.0)))
