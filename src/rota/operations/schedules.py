"""Showing schedules, and when they come."""

from __future__ import annotations

from rota.engine.book import Book
from rota.engine.schedules import no_schedule, spec_of, timing
from rota.model import check
from rota.model.commands.schedules import ListSchedules, NextTicks, SchedulePage, Ticks
from rota.model.errors import invalid
from rota.model.ids import task_id
from rota.model.schedule import ScheduleView
from rota.model.times import maybe_rfc3339, rfc3339, seconds
from rota.planning.ticks import Timing, fault, first_ticks, timing_of
from rota.store.protocol import Reader
from rota.store.sql.schedules import SCHEDULE_NAMED, SCHEDULES, ScheduleRow

MOST = 100


def listed(reader: Reader, book: Book, request: ListSchedules, now: int) -> SchedulePage:
    """All of them by name."""
    del book, request, now
    views = [_view(ScheduleRow(*row)) for row in reader.one(SCHEDULES)]
    return SchedulePage(schedules=sorted(views, key=lambda view: view.name))


def next_ticks(reader: Reader, book: Book, request: NextTicks, now: int) -> Ticks:
    """The moments that come next."""
    del book
    check.number(request.n, "n", 1, MOST)
    return Ticks(ticks=[rfc3339(at) for at in first_ticks(_timing(reader, request), now, request.n)])


def _timing(reader: Reader, request: NextTicks) -> Timing:
    every = None if request.every is None else seconds(request.every, "every")
    if request.schedule is None:
        found = fault(request.cron, every, request.time_zone)
        if found is not None:
            raise invalid(*found)
        return timing_of(request.cron, every, request.time_zone)
    if request.cron is not None or every is not None:
        raise invalid("schedule", "name a schedule, or give cron or every, not both")
    rows = reader.one(SCHEDULE_NAMED, check.name(request.schedule, "schedule"))
    if not rows:
        raise no_schedule(request.schedule)
    return timing(spec_of(ScheduleRow(*rows[0])))


def _view(row: ScheduleRow) -> ScheduleView:
    return ScheduleView(
        name=row.name,
        schedule=spec_of(row),
        next=maybe_rfc3339(row.due),
        last=maybe_rfc3339(row.last),
        task=None if row.task is None else task_id(row.task),
        paused=bool(row.paused),
        reason=row.reason,
        trouble=row.trouble,
    )
