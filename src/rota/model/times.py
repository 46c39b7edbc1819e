"""Times: integer microseconds inside, RFC 3339 UTC and seconds outside."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeGuard

from rota.model.bounds import SPAN_S
from rota.model.errors import RotaError, invalid

SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)
_SPAN = re.compile(r"(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")
_A_DATE = "an RFC 3339 time such as 2026-11-22T10:00:00Z"
_UNITS = (86_400.0, 3_600.0, 60.0, 1.0)

Span = str | float | int
"""A length of time as users write it: seconds as a number, or text such as `90s`, `5m`, `1h30m`, `2d`."""
When = str | float | int
"""A moment as users write it: RFC 3339 text, or a span counted from now."""


def rfc3339(at: int) -> str:
    """Microseconds since 1970 -> `2026-11-22T10:00:00.000000Z`."""
    return f"{_second(at // SECOND)}.{at % SECOND:06d}Z"


@lru_cache(1_024)
def _second(at: int) -> str:
    """Seconds since 1970 -> `2026-11-22T10:00:00`. Most moments that are told are of the last few seconds."""
    return (_NAIVE_EPOCH + timedelta(seconds=at)).isoformat()


def maybe_rfc3339(at: int | None) -> str | None:
    """As `rfc3339`, with None for None."""
    return None if at is None else rfc3339(at)


def seconds(span: Span, field: str) -> float:
    """A span in seconds; refused when negative, not a number, or longer than ten years."""
    if isinstance(span, bool) or not isinstance(span, str | int | float):
        raise invalid(field, f"must be a time, not {type(span).__name__}")
    value = _span_text(span, field) if isinstance(span, str) else span
    if not 0 <= value <= SPAN_S:
        raise invalid(field, f"{str(span)[:60]} is not between 0 seconds and ten years")
    return float(value)


def micros(span: Span, field: str) -> int:
    """A span in microseconds; refused as in `seconds`."""
    return round(seconds(span, field) * SECOND)


def moment(when: When, now: int, field: str) -> int:
    """A moment in microseconds since 1970. RFC 3339 text must carry an offset; spans count from `now`."""
    if is_date(when):
        at = _date_text(when, field)
        if not 0 <= at <= now + SPAN_S * SECOND:
            raise invalid(field, f"{when[:60]} is not between 1970 and ten years from now")
        return at
    return now + _from_now(when, field)


def _from_now(when: When, field: str) -> int:
    """As `micros`, where a moment was asked for: what can not be read was perhaps to be a date."""
    if isinstance(when, str) and _span_in(when) is None:
        told = f"is not a length of time from now such as '90s', '5m', '1h30m', '2d', nor {_A_DATE}"
        raise invalid(field, f"{when[:60]!r} {told}")
    return micros(when, field)


def ago(when: When, now: int, field: str) -> int:
    """As `moment`, but spans count back: `1h` is an hour before `now`."""
    return moment(when, now, field) if is_date(when) else now - micros(when, field)


def ahead(when: When, now: int, field: str) -> int:
    """As `moment`, but a moment that is over is refused."""
    at = moment(when, now, field)
    if at <= now:
        raise RotaError("past", f"{when!r} is not in the future", field=field)
    return at


def is_date(when: When) -> TypeGuard[str]:
    """Whether this is to be a date, not a span."""
    return isinstance(when, str) and len(when) > 8 and when[4:5] == "-"


def _span_text(text: str, field: str) -> float:
    found = _span_in(text)
    if found is None:
        raise invalid(
            field, f"{text[:60]!r} is not a length of time; write seconds, or text such as '90s', '5m', '1h30m', '2d'"
        )
    return found


def _span_in(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        found = _SPAN.fullmatch(text.strip()) if text.strip() else None
    if found is None:
        return None
    return sum(float(part) * unit for part, unit in zip(found.groups(), _UNITS, strict=True) if part)


def _date_text(text: str, field: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(field, f"{text[:60]!r} is not {_A_DATE}") from None
    if at.tzinfo is None:
        raise invalid(field, f"{text[:60]!r} has no offset; end it with Z or +hh:mm")
    return round((at - _EPOCH) / timedelta(microseconds=1))
