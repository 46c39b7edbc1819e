"""When a provider says that its limit opens again, read out of what a command wrote: pure, the moment is given."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

MOST_S = 8 * 86_400.0
"""A later moment is none that a provider would name, seconds."""
JUST_S = 900.0
"""A time of day that is not longer past is that of today, as a provider says it whose clock is behind, seconds: it
opens in a moment, and not tomorrow."""
LEAST_YEAR_S = 1_500_000_000
"""A smaller number is no time of day since 1970, but something else."""

_EPOCH = re.compile(r"(?:reset[a-z_ ]*|reached)\W{1,4}(\d{10})(?:\d{3})?\b", re.IGNORECASE)
_MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))")
_SPAN = re.compile(
    r"(?:retry|try|again|reset|wait|available)[^\d\n]{0,40}?((?:\d+(?:\.\d+)?\s*(?:days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?![a-z])"
    r"[\s,and]*)+)",
    re.IGNORECASE,
)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(d|h|m|s)", re.IGNORECASE)
_BARE = re.compile(r"retry[-_ ]after\W{1,4}(\d+(?:\.\d+)?)(?![\d:-])", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?:reset|again|available)[^\d\n]{0,30}?(\d{1,2})(?::(\d\d))?\s*(am|pm)?\b(?:\s*\(([A-Za-z_]+(?:/[A-Za-z_+-]+)*)\))?",
    re.IGNORECASE,
)
_SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}


def reset_after_s(text: str, now: datetime) -> float | None:
    """Seconds until the limit opens; None when the text does not say. `now` is in the time zone of this machine."""
    for found in (_epoch(text, now), _moment(text, now), _span(text), _clock(text, now)):
        if found is not None and 0 <= found <= MOST_S:
            return found
    return None


def _epoch(text: str, now: datetime) -> float | None:
    found = _EPOCH.search(text)
    if found is None or int(found[1]) < LEAST_YEAR_S:
        return None
    return int(found[1]) - now.timestamp()


def _moment(text: str, now: datetime) -> float | None:
    found = _MOMENT.search(text)
    try:
        return None if found is None else (datetime.fromisoformat(found[1]) - now).total_seconds()
    except ValueError:
        return None


def _span(text: str) -> float | None:
    found = _SPAN.search(text)
    if found is not None:
        return sum(float(number) * _SECONDS[unit.lower()] for number, unit in _PART.findall(found[1]))
    bare = _BARE.search(text)
    return None if bare is None else float(bare[1])


def _clock(text: str, now: datetime) -> float | None:
    """`resets 2:30pm (Europe/Berlin)`: the next time that a clock shows this."""
    found = _CLOCK.search(text)
    if found is None or (found[2] is None and found[3] is None):
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3] is not None:
        hour = hour % 12 + (12 if found[3].lower() == "pm" else 0)
    if hour > 23 or minute > 59:
        return None
    there = now
    if found[4] is not None:
        try:
            there = now.astimezone(ZoneInfo(found[4]))
        except (KeyError, ValueError, OSError):
            return None
    at = there.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if 0 <= (there - at).total_seconds() <= JUST_S:
        return None
    # Not the difference of what the clock shows, which is an hour off in the nights when it is changed.
    return (at if at > there else at + timedelta(days=1)).timestamp() - there.timestamp()
