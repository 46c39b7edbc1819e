"""Ticks: the moments at which a schedule comes, by cron on the clock on the wall, or every so often.

Where clocks are put forward, a time of day that is skipped comes as soon as there is a time again; where they are put
back, a time of day comes once, the first time. With `*` as hour or minute ticks follow the time that really passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import NamedTuple

from cronsim import CronSim, CronSimError

from rota.model.bounds import NAME, SPAN_S
from rota.model.times import SECOND
from rota.planning.hours import zone_of

NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
LEAST_S = 1.0
"""The shortest `every`, seconds."""
EXAMPLE = "0 7 * * mon-fri"
FORM = "five fields: minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7"
_FIELDS = 5
_HOUR = 3_600 * SECOND
_WINDOWS = (_HOUR, 6 * _HOUR, 24 * _HOUR, 7 * 24 * _HOUR, 31 * 24 * _HOUR, 366 * 24 * _HOUR, 5 * 366 * 24 * _HOUR)
"""How far back ticks are looked for, microseconds: further only while there are not enough."""


class Timing(NamedTuple):
    """When a schedule comes: `cron` in a time zone, or every so many microseconds."""

    cron: str | None
    every: int | None
    time_zone: str = "UTC"


def timing_of(cron: str | None, every_s: float | None, time_zone: str) -> Timing:
    """The timing, after `fault` found nothing."""
    return Timing(cron, None if every_s is None else round(every_s * SECOND), time_zone)


def fault(cron: str | None, every_s: float | None, time_zone: str) -> tuple[str, str] | None:
    """The field that can not be as it is, and why, with the fix; None when all is well."""
    if cron is None and every_s is None:
        return "cron", f'this says not when it comes; give cron = "{EXAMPLE}" or every = "15m"'
    if cron is not None and every_s is not None:
        return "every", "it comes by cron or every so often, not both; remove one"
    if every_s is not None:
        return _every_fault(every_s, time_zone)
    assert cron is not None
    try:
        zone_of(time_zone)
    except ValueError as error:
        return "time_zone", str(error)
    return _cron_fault(cron)


def next_tick(timing: Timing, after: int) -> int | None:
    """The first tick later than `after`, microseconds; None when none comes in 50 years."""
    return next(ticks_after(timing, after), None)


def ticks_after(timing: Timing, after: int) -> Iterator[int]:
    """The ticks later than `after`, microseconds, first to last."""
    if timing.every is not None:
        at = after // timing.every * timing.every
        while True:
            at += timing.every
            yield at
    assert timing.cron is not None
    cron = _spelled_out(timing.cron)
    if _follows_real_time(cron):
        yield from _in_real_time(cron, zone_of(timing.time_zone), after)
        return
    zone = _zone(timing.time_zone)
    for found in CronSim(cron, datetime.fromtimestamp(after // SECOND, UTC).astimezone(zone)):
        at = _micros(found)
        # A time that the clock skips is none; one that came when the clock showed it first does not come again.
        if at > after and datetime.fromtimestamp(at // SECOND, UTC).astimezone(zone) == found:
            yield at
            after = at


def newest_ticks(timing: Timing, after: int, until: int, most: int) -> list[int]:
    """The last ticks, at most so many, that are later than `after` and not later than `until`, first to last."""
    if timing.every is not None:
        last = until // timing.every
        first = max(after // timing.every + 1, last - most + 1)
        return [number * timing.every for number in range(first, last + 1)]
    found: list[int] = []
    for window in (*_WINDOWS, until):
        begin = max(after, until - window)
        found = list(_between(timing, begin, until))
        if len(found) >= most or begin == after:
            break
    return found[-most:]


def _follows_real_time(cron: str) -> bool:
    return any(field.startswith("*") for field in cron.split()[:2])


def _in_real_time(cron: str, zone: tzinfo, after: int) -> Iterator[int]:
    """Every moment at which the clock on the wall shows such a time, twice where it is put back."""
    while True:
        ahead = _ahead(zone, after + SECOND)
        for found in CronSim(cron, datetime.fromtimestamp((after + ahead) // SECOND, UTC)):
            at = _micros(found) - ahead
            if _ahead(zone, at) != ahead:
                # The clock is put forward or back before: from then on it is read anew.
                after = _last_moment(zone, ahead, after + SECOND, at)
                break
            yield at
            after = at
        else:
            return


def _last_moment(zone: tzinfo, ahead: int, first: int, last: int) -> int:
    """The last whole second, from `first` until before `last`, at which the zone is so far ahead of UTC."""
    low, high = first // SECOND, last // SECOND
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _ahead(zone, middle * SECOND) == ahead else (low, middle)
    return low * SECOND


def _ahead(zone: tzinfo, at: int) -> int:
    """How far the zone is ahead of UTC at a moment, microseconds."""
    offset = datetime.fromtimestamp(at // SECOND, UTC).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


def _between(timing: Timing, after: int, until: int) -> Iterator[int]:
    for at in ticks_after(timing, after):
        if at > until:
            return
        yield at


def _every_fault(every_s: float, time_zone: str) -> tuple[str, str] | None:
    if not LEAST_S <= every_s <= SPAN_S:
        return "every", f"{every_s:g} seconds are not between {LEAST_S:g} second and ten years"
    if time_zone != "UTC":
        return "time_zone", "this is only used with cron; add that, or leave this out"
    return None


def _cron_fault(cron: str) -> tuple[str, str] | None:
    if len(cron) > NAME:
        return "cron", f"this has {len(cron):,} characters; the most is {NAME}"
    written = _spelled_out(cron)
    if written.startswith("@"):
        return "cron", f"{cron!r} is none of {', '.join(NICKNAMES)}"
    if len(written.split()) != _FIELDS:
        return "cron", f'{cron!r} has not {FORM}; such as "{EXAMPLE}"'
    try:
        CronSim(written, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        what = str(error).replace("day-of-month", "day").replace("day-of-week", "weekday").lower()
        return "cron", f'{cron!r}: {what}; write {FORM}, such as "{EXAMPLE}"'
    if next_tick(Timing(cron, None), 0) is None:
        return "cron", f"{cron!r} never comes; no month has such a day"
    return None


def _spelled_out(cron: str) -> str:
    return NICKNAMES.get(cron.strip().lower(), cron.strip())


def _zone(name: str) -> tzinfo:
    # CronSim knows UTC by this object.
    return UTC if name == "UTC" else zone_of(name)


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def first_ticks(timing: Timing, after: int, n: int) -> list[int]:
    """The next ticks, at most so many."""
    return list(islice(ticks_after(timing, after), n))
