"""Where a waiting task stands in the order of work, why there, and when its turn is expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rota.engine.book import Book, LaneKey
from rota.engine.estimates import ANY_AGENT, Estimates
from rota.engine.limit_standing import standings_of
from rota.engine.stand import facts_of_row
from rota.model.commands.read import OrderView
from rota.model.priority import PRIORITIES
from rota.model.times import SECOND, rfc3339
from rota.operations.lanes import Waiting, barred
from rota.operations.line_before import Line, line_before
from rota.planning.estimate import Belief
from rota.planning.expect import Span, ends_in, starts_in
from rota.planning.limit import PARTS, opens_after
from rota.planning.order import Facts, due, own_due
from rota.planning.rooms import Room
from rota.store.protocol import Reader
from rota.store.sql.listing import ShownRow


def place_in_order(
    reader: Reader, book: Book, row: ShownRow, rooms: Sequence[Room], lanes: Sequence[Waiting], now: int
) -> OrderView:
    """Each part of the key with its reason.

    `rooms` are what agents have for the task, `lanes` those whose tasks these agents may do too, its own among them.
    """
    assert row.lane is not None
    key = book.lane_key(reader, row.lane)
    estimates = Estimates(reader)
    facts = facts_of_row(book, estimates, row)
    line = line_before(reader, book, row, lanes, now)
    belief = estimates.belief(ANY_AGENT, row.kind)
    estimate_s = facts.estimate / SECOND
    start = starts_in(line.before, rooms, estimate_s, belief, now)
    for other in _let_go_on(reader, book, row.lane, line, estimate_s, belief, now):
        start = None if start is None or other is None else start.after(other)
    end = None if start is None else ends_in(start, estimate_s, belief)
    return OrderView(
        band=PRIORITIES[key.band],
        late=bool(key.late),
        due=None if key.late else rfc3339(max(row.due, 0)),
        estimate_s=estimate_s,
        tenant_ahead_s=(line.ahead.tenant or 0) / SECOND,
        project_ahead_s=(line.ahead.share or 0) / SECOND,
        why=[*_reasons(book, facts, key, row), *_sharing(book, key, line)],
        before=line.before.tasks,
        work_before_s=round(line.before.work_s, 3),
        starts_p50=None if start is None else _at(now, start.p50),
        starts_p90=None if start is None else _at(now, start.p90),
        finishes_p50=None if end is None else _at(now, end.p50),
        finishes_p90=None if end is None else _at(now, end.p90),
    )


def _let_go_on(
    reader: Reader, book: Book, lane: int, line: Line, estimate_s: float, belief: Belief, now: int
) -> Iterator[Span | None]:
    """When each limit, or whatever else shuts the lane, lets the task start; None = nobody knows."""
    shut = barred(reader, book, lane, now)
    if shut is not None:
        yield _from(shut.opens, now)
    for name, found in standings_of(reader, book.charged(reader, lane), now).items():
        before, measure = line.charged_alike[name], found.limit.measure
        if measure.concurrency:
            slots, busy = measure.most // PARTS, found.used.used // PARTS
            yield starts_in(before, [Room(slots, min(busy, slots), now)], estimate_s, belief, now)
        else:
            yield _from(opens_after(measure, found.used, found.gauge.each, before.tasks, now), now)


def _from(moment: int | None, now: int) -> Span | None:
    if moment is None:
        return None
    seconds = max(moment - now, 0) / SECOND
    return Span(seconds, seconds)


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


def _sharing(book: Book, key: LaneKey, line: Line) -> Iterator[str]:
    """The part of the key that is `ahead`, and how what stands before was found."""
    ahead, ordering = line.ahead, book.queues[key.queue].policy.ordering
    if ahead.most is None:
        yield f"ahead 0: with ordering {ordering} it does not count what tenants had"
    elif ahead.tenant is None:
        yield "ahead 0: no other tenant's tasks wait in its band"
    else:
        yield _ahead("tenant", ahead.tenant, ahead.most)
    if ahead.most is not None and ahead.share is not None:
        yield _ahead("project", ahead.share, ahead.most)
    if line.about:
        yield f"about {line.before.tasks} before it: so many are counted by due date, and shared out by estimate"


def _ahead(whose: str, over: int, most: int) -> str:
    had = f"its {whose} had {over / SECOND:g} s of work more than the one that had least"
    if over <= most:
        return f"ahead 0: {had}, and may have {most / SECOND:g} s more"
    return f"ahead {over / SECOND:g} s: {had}; it stands back until that is {most / SECOND:g} s"
