"""Working hours: weekly windows, by the clock on the wall of a time zone.

`mon-fri 09:00-17:00`, `sat,sun 10:00-14:00`, `daily 22:00-06:00`: a window that ends before it begins goes on into the
next day. 24:00 is the end of the day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rota.model.times import SECOND

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"([a-z,-]+)\s+(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_DAY = 24 * 60
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
    return any(_holds(_window(text), local.weekday(), minute) for text in hours)


def next_change(hours: Sequence[str], time_zone: str, now: int) -> int | None:
    """The first moment after now at which `is_open` may say something else, microseconds; None = there is none.

    Where clocks are put forward over an edge, the moment is the same on the clock that is put forward.
    """
    zone = _zone(time_zone)
    local = datetime.fromtimestamp(now / SECOND, UTC).astimezone(zone)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    opens = is_open(hours, time_zone, now)
    for edge in sorted(set(_edges(hours, day))):
        at = round(edge.replace(tzinfo=zone).timestamp()) * SECOND
        if at > now and is_open(hours, time_zone, at) != opens:
            return at
    return None


def _edges(hours: Iterable[str], day: datetime) -> Iterable[datetime]:
    for text in hours:
        window = _window(text)
        for ahead in range(-1, 9):
            start = day + timedelta(days=ahead)
            if start.weekday() in window.days:
                yield start + timedelta(minutes=window.begin)
                yield start + timedelta(minutes=window.end)


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
