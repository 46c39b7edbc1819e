"""Where a waiting task stands in the order of work, why there, and when its turn is expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rota.engine.book import Book, LaneKey
from rota.engine.estimates import ANY_AGENT, Estimates
from rota.engine.stand import facts_of_row
from rota.model.commands.read import OrderView
from rota.model.priority import PRIORITIES
from rota.model.times import SECOND, rfc3339
from rota.planning.expect import Before, ends_in, starts_in
from rota.planning.order import Facts, due, own_due
from rota.planning.snapshot import TENANT, Agent, PassKey
from rota.store.protocol import Reader
from rota.store.sql.fleet import PASSES
from rota.store.sql.listing import ShownRow
from rota.store.sql.waiting import WORK_AHEAD

COUNTED = 10_000
"""Tasks of one lane that are counted before the task; more are told as at least so many."""
END_OF_TIME = (1 << 63) - 1


def place_in_order(
    reader: Reader,
    book: Book,
    row: ShownRow,
    may: Sequence[Agent],
    lanes: Iterable[LaneKey],
    competing: Iterable[int],
    now: int,
) -> OrderView:
    """Each part of the key with its reason.

    `may` are the agents that could take the task, `lanes` the keys of all lanes of its pool that hold tasks,
    `competing` the numbers of those whose tasks these agents may do too.
    """
    assert row.lane is not None
    key = book.lane_key(reader, row.lane)
    estimates = Estimates(reader)
    facts = facts_of_row(book, estimates, row)
    ahead = _ahead(reader, key, lanes)
    before = _before(reader, book, row, key, competing)
    belief = estimates.belief(ANY_AGENT, row.kind)
    estimate_s = facts.estimate / SECOND
    running = sum(agent.running for agent in may)
    start = starts_in(before, sum(agent.slots for agent in may), running, estimate_s, belief)
    end = None if start is None else ends_in(start, estimate_s, belief)
    return OrderView(
        band=PRIORITIES[key.band],
        late=bool(key.late),
        due=None if key.late else rfc3339(max(row.due, 0)),
        estimate_s=estimate_s,
        tenant_ahead_s=ahead.tenant_s,
        project_ahead_s=ahead.share_s,
        why=_reasons(book, facts, key, row),
        before=before.tasks,
        work_before_s=round(before.work_s, 3),
        starts_p50=None if start is None else _at(now, start.p50),
        starts_p90=None if start is None else _at(now, start.p90),
        finishes_p50=None if end is None else _at(now, end.p50),
        finishes_p90=None if end is None else _at(now, end.p90),
    )


def _at(now: int, seconds: float) -> str:
    return rfc3339(now + round(seconds * SECOND))


def _reasons(book: Book, facts: Facts, key: LaneKey, row: ShownRow) -> list[str]:
    policy = book.queues[key.queue].policy
    said = [f"band {PRIORITIES[key.band]}" + _because(facts, key)]
    if key.late:
        said.append("late: even the quickest such work would hardly meet the deadline; the late go shortest first")
    elif (needed := due(facts, policy)) < own_due(facts, policy):
        said.append(f"due {rfc3339(max(row.due, 0))}: " + _needed(row.due, needed))
    elif facts.deadline is not None and facts.deadline == row.due:
        said.append(f"due {rfc3339(row.due)}: its deadline")
    else:
        told = f"submission + target wait + patience x estimate ({policy.ordering})"
        said.append(f"due {rfc3339(max(row.due, 0))}: {told}")
    said.append(f"{'told' if row.estimate is not None else 'expected'} to take {facts.estimate / SECOND:g} s")
    return said


def _needed(stands_at: int, needed: int) -> str:
    if stands_at <= needed:
        return "a task that waits for it needs it by then"
    return f"a task that waits for it needs it by {rfc3339(max(needed, 0))}; half its estimate later, the shorter first"


def _because(facts: Facts, key: LaneKey) -> str:
    if key.band == facts.band:
        return ": its own priority"
    if facts.lent == key.band:
        return ": lent by a task that waits for it"
    return ": promoted by a stage"


def _before(reader: Reader, book: Book, row: ShownRow, key: LaneKey, competing: Iterable[int]) -> Before:
    """Tasks of competing lanes that come first. Tenants that stand back are counted too: they do so for a moment."""
    tasks, work = 0, 0
    for lane in competing:
        other = book.lane_key(reader, lane)
        if (other.band, other.late) > (key.band, key.late):
            continue
        same = (other.band, other.late) == (key.band, key.late)
        until = (row.due, row.id) if same else (END_OF_TIME, 0)
        n, cost = reader.one(WORK_AHEAD, lane, *until, COUNTED)[0]
        tasks, work = tasks + int(n), work + int(cost)
    return Before(tasks, work / SECOND)


class _Ahead(NamedTuple):
    """How far the tenant, and inside it the project, is ahead of those that wait and had least, seconds of work."""

    tenant_s: float
    share_s: float


def _ahead(reader: Reader, key: LaneKey, lanes: Iterable[LaneKey]) -> _Ahead:
    rivals = [other for other in lanes if other.band == key.band]
    tenants = {PassKey(key.band, other.tenant, TENANT) for other in rivals}
    shares = {PassKey(key.band, key.tenant, other.share) for other in rivals if other.tenant == key.tenant}
    rows = reader.each(PASSES, [(key.pool, *one) for one in sorted(tenants | shares)])
    had = {PassKey(*row[:3]): int(row[3]) for row in rows}
    own, ours = PassKey(key.band, key.tenant, TENANT), PassKey(key.band, key.tenant, key.share)
    return _Ahead(_over(had, own, tenants), _over(had, ours, shares) if len(shares) > 1 else 0.0)


def _over(had: Mapping[PassKey, int], own: PassKey, all_of_them: Iterable[PassKey]) -> float:
    least = min((had.get(one, 0) for one in all_of_them), default=0)
    return max(had.get(own, 0) - least, 0) / SECOND
