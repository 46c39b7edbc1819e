"""Working hours: weekly windows, by the clock on the wall of a time zone.

`mon-fri 09:00-17:00`, `sat,sun 10:00-14:00`, `daily 22:00-06:00`: a window that ends before it begins goes on into the
next day. 24:00 is the end of the day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rota.model.times import SECOND

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"([a-z,-]+)\s+(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_DAY = 24 * 60
_DAY_S = _DAY * 60
EPOCH_WEEKDAY = 3
"""The first of January 1970 was a Thursday."""
FAR = 16
"""Days that are looked through: a window of one day of the week may be skipped once by a clock that is put forward."""
EXAMPLE = "mon-fri 09:00-17:00"


class Window(NamedTuple):
    """From `begin` to `end`, minutes of the day, on these days (0 = Monday); `end` may lie in the next day."""

    days: frozenset[int]
    begin: int
    end: int


def window_of(text: str) -> Window:
    """The window that is written so; ValueError with the fix when it is none."""
    found = _FORM.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f'{text[:60]!r} is not days and times; write it like "{EXAMPLE}"')
    begin, end = (_minute(found[at], found[at + 1], text) for at in (2, 4))
    if begin in (end, _DAY):
        raise ValueError(f"{text[:60]!r} takes no time; let it end after it begins")
    return Window(_days(found[1], text), begin, end if end > begin else end + _DAY)


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name; ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name[:60]!r} is no time zone; write it like Europe/Berlin, or UTC") from None


def is_open(hours: Sequence[str], time_zone: str, now: int) -> bool:
    """Whether `now` (microseconds) is inside one of the windows. Without windows it always is."""
    if not hours:
        return True
    local = datetime.fromtimestamp(now / SECOND, UTC).astimezone(_zone(time_zone))
    minute = local.hour * 60 + local.minute
    return covers(hours, local.weekday(), minute)


def covers(hours: Sequence[str], weekday: int, minute: int) -> bool:
    """Whether this minute of this day (0 = Monday), by the clock on the wall, is inside one of the windows."""
    return not hours or any(_holds(_window(text), weekday, minute) for text in hours)


def edges(hours: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The day and the minute at which each window begins and ends; nothing without windows."""
    for window in map(_window, hours):
        for day in window.days:
            for minute in (window.begin, window.end):
                yield (day + minute // _DAY) % 7, minute % _DAY


def next_change(hours: Sequence[str], time_zone: str, now: int) -> int | None:
    """The first moment after now at which `is_open` says something else, microseconds; None = there is none.

    That is where the clock on the wall comes to an edge of a window, or where it is put forward or back: over the
    edge when it is put forward, out of a window or into one again when it is put back.
    """
    if not hours:
        return None
    listed, today = tuple(hours), now // SECOND // _DAY_S
    for day in range(today, today + FAR):
        for second in _changes(listed, time_zone, day):
            if second * SECOND > now:
                return second * SECOND
    return None


@lru_cache(maxsize=10_000)
def _changes(hours: tuple[str, ...], time_zone: str, day: int) -> tuple[int, ...]:
    """When `is_open` changes on this day since 1970 in UTC, in seconds. Asked again and again while plans are made."""
    moments = _moments(hours, _zone(time_zone), day * _DAY_S, (day + 1) * _DAY_S)
    return tuple(
        at for at in moments if is_open(hours, time_zone, at * SECOND) != is_open(hours, time_zone, at * SECOND - 1)
    )


def _moments(hours: Sequence[str], zone: ZoneInfo, begin: int, end: int) -> list[int]:
    """Where something may change from `begin` to before `end`, at most a day, in seconds and in their order."""
    before, after = _offset(zone, begin), _offset(zone, end)
    if before == after:
        return _edges(hours, begin, end, before)
    turn = _turn(zone, begin, end)
    return [*_edges(hours, begin, turn, before), turn, *_edges(hours, turn, end, after)]


def _turn(zone: ZoneInfo, begin: int, end: int) -> int:
    """The first second of the offset that holds at `end`; at `begin` another one does. No zone changes twice a day."""
    after = _offset(zone, end)
    while end - begin > 1:
        middle = (begin + end) // 2
        if _offset(zone, middle) == after:
            end = middle
        else:
            begin = middle
    return end


def _edges(hours: Iterable[str], begin: int, end: int, offset: int) -> list[int]:
    """Where windows begin and end, in seconds, while clocks on the wall are ahead of UTC by this offset."""
    found: set[int] = set()
    # A window that begins the day before may end in this one.
    days = range((begin + offset) // _DAY_S - 1, (end + offset) // _DAY_S + 1)
    for window in map(_window, hours):
        for day in days:
            if (day + EPOCH_WEEKDAY) % 7 in window.days:
                midnight = day * _DAY_S - offset
                found.update(midnight + minute * 60 for minute in (window.begin, window.end))
    return sorted(at for at in found if begin <= at < end)


def _offset(zone: ZoneInfo, second: int) -> int:
    found = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
    return 0 if found is None else round(found.total_seconds())


def _holds(window: Window, weekday: int, minute: int) -> bool:
    today = weekday in window.days and window.begin <= minute < window.end
    return today or ((weekday - 1) % 7 in window.days and minute + _DAY < window.end)


def _days(words: str, text: str) -> frozenset[int]:
    if words == "daily":
        return frozenset(range(7))
    found: set[int] = set()
    for word in words.split(","):
        first, dash, last = word.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise ValueError(f"{word[:20]!r} in {text[:60]!r} is no day; write {', '.join(DAYS)}, or daily")
        day, end = DAYS.index(first), DAYS.index(last or first)
        found.update((day + at) % 7 for at in range((end - day) % 7 + 1))
    return frozenset(found)


def _minute(hour: str, minute: str, text: str) -> int:
    found = int(hour) * 60 + int(minute)
    if int(minute) > 59 or found > _DAY:
        raise ValueError(f"{hour}:{minute} in {text[:60]!r} is no time of the day")
    return found


@lru_cache(maxsize=1_000)
def _window(text: str) -> Window:
    return window_of(text)


@lru_cache(maxsize=1_000)
def _zone(name: str) -> ZoneInfo:
    return zone_of(name)
