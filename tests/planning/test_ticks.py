"""Ticks against a plain walk over the minutes of a calendar, at the turns of clocks as well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from rota.model.times import SECOND
from rota.planning.ticks import Timing, fault, first_ticks, newest_ticks, next_tick, ticks_after

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Australia/Lord_Howe",
)
MINUTE = 60 * SECOND
BEGIN = round(datetime(2025, 1, 1, tzinfo=UTC).timestamp())


def us(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp()) * SECOND


def minutes_of(ticks: list[int]) -> list[str]:
    return [datetime.fromtimestamp(at / SECOND, UTC).strftime("%m-%d %H:%M") for at in ticks]


def ranges(least: int, most: int) -> some.SearchStrategy[tuple[str, frozenset[int]]]:
    """A field with what it means: a star, a step, a value, a range, a list."""
    whole = range(least, most + 1)
    one = some.integers(least, most)
    return some.one_of(
        some.just(("*", frozenset(whole))),
        some.integers(2, 20).map(lambda step: (f"*/{step}", frozenset(whole[::step]))),
        one.map(lambda value: (str(value), frozenset([value]))),
        some.tuples(one, one).map(lambda two: (f"{min(two)}-{max(two)}", frozenset(range(min(two), max(two) + 1)))),
        some.lists(one, min_size=2, max_size=4).map(lambda many: (",".join(map(str, many)), frozenset(many))),
    )


def days(least: int, most: int) -> some.SearchStrategy[tuple[str, frozenset[int]]]:
    """Mostly any day, so that most schedules come within two of them."""
    any_day = some.just(("*", frozenset(range(least, most + 1))))
    return some.one_of(any_day, any_day, any_day, ranges(least, most))


NIGHT = some.integers(0, 4).map(lambda hour: (f"{hour}-4", frozenset(range(hour, 5))))
"""Where clocks turn."""
HOURS = some.one_of(NIGHT, ranges(0, 23))


def walked(fields: list[tuple[str, frozenset[int]]], zone: str, begin: int, end: int) -> list[int]:
    """Every minute looked at by itself, as cron of Debian does: jobs at a time of day, and the others."""
    texts, meant = [text for text, _ in fields], [values for _, values in fields]
    tz = ZoneInfo(zone)
    at_a_time = not texts[0].startswith("*") and not texts[1].startswith("*")
    both = texts[2].startswith("*") or texts[4].startswith("*")

    def fits(wall: datetime) -> bool:
        day, weekday = wall.day in meant[2], wall.isoweekday() % 7 in {value % 7 for value in meant[4]}
        right_day = day and weekday if both else day or weekday
        return wall.minute in meant[0] and wall.hour in meant[1] and right_day and wall.month in meant[3]

    def wall(at: int) -> datetime:
        return datetime.fromtimestamp(at // SECOND, UTC).astimezone(tz)

    found = set()
    for at in range(begin // MINUTE * MINUTE + MINUTE, end + MINUTE, MINUTE):
        now, before = wall(at), wall(at - MINUTE)
        if fits(now) and not (at_a_time and now.fold):
            found.add(at)
        # The clock was put forward over times of day: their jobs come at the first minute after.
        skipped = now.replace(tzinfo=None) - before.replace(tzinfo=None) - timedelta(minutes=1)
        if at_a_time and skipped > timedelta(0):
            over = [now.replace(tzinfo=None) - timedelta(minutes=n + 1) for n in range(skipped // timedelta(minutes=1))]
            found.update([at] if any(map(fits, over)) else [])
    return sorted(at for at in found if begin < at <= end)


@settings(max_examples=60, deadline=None)
@given(
    fields=some.tuples(ranges(0, 59), HOURS, days(1, 31), days(1, 12), days(0, 7)).map(list),
    zone=some.sampled_from(ZONES),
    start=some.integers(0, 700 * 1_440).map(lambda minutes: (BEGIN + minutes * 60) * SECOND),
    turn=some.sampled_from([None, "2025-03-29T12:00Z", "2025-10-25T12:00Z", "2025-03-08T12:00Z", "2025-11-01T12:00Z"]),
)
def test_as_a_walk_over_all_minutes(
    fields: list[tuple[str, frozenset[int]]], zone: str, start: int, turn: str | None
) -> None:
    cron = " ".join(text for text, _ in fields)
    begin = us(turn) if turn else start
    end = begin + 2 * 86_400 * SECOND
    if fault(cron, None, zone) is not None:
        assert walked(fields, zone, begin, end) == []
        return
    timing = Timing(cron, None, zone)
    wanted = walked(fields, zone, begin, end)
    assert newest_ticks(timing, begin, end, 10_000) == wanted, cron
    assert newest_ticks(timing, begin, end, 3) == wanted[-3:]
    # From wherever it is asked, the next one is the same: so a restart in between changes nothing.
    for at in (begin, begin + 3 * MINUTE + 7, begin + 86_400 * SECOND, end - MINUTE):
        after = [tick for tick in wanted if tick > at]
        assert not after or next_tick(timing, at) == after[0], cron


@given(some.integers(1, 10**8), some.integers(0, 10**16), some.integers(0, 10**12), some.integers(1, 50))
def test_every_so_often(every: int, begin: int, length: int, most: int) -> None:
    timing = Timing(None, every * SECOND)
    found = newest_ticks(timing, begin, begin + length, most)
    assert all(at % (every * SECOND) == 0 and begin < at <= begin + length for at in found)
    assert len(found) == min(most, (begin + length) // (every * SECOND) - begin // (every * SECOND))
    assert next_tick(timing, begin) == next(ticks_after(timing, begin)) > begin


@given(some.text(max_size=120) | some.text(alphabet="0123456789*/,-#L@ MONFEB", max_size=40))
def test_any_text_is_taken_or_refused(cron: str) -> None:
    found = fault(cron, None, "UTC")
    assert (found is None) == (next_tick(Timing(cron, None), 0) is not None if found is None else False)
    assert found is None or (found[0] == "cron" and found[1])


@pytest.mark.parametrize(
    ("cron", "after", "ticks"),
    [
        ("30 2 * * *", "2026-03-27T12:00Z", ["03-28 01:30", "03-29 01:00", "03-30 00:30"]),
        ("30 2 * * *", "2026-10-24T00:00Z", ["10-24 00:30", "10-25 00:30", "10-26 01:30"]),
        ("30 2 * * *", "2026-10-25T00:45Z", ["10-26 01:30", "10-27 01:30", "10-28 01:30"]),
        ("0,30 2 * * *", "2026-03-28T12:00Z", ["03-29 01:00", "03-30 00:00", "03-30 00:30"]),
        ("0 * * * *", "2026-10-24T23:30Z", ["10-25 00:00", "10-25 01:00", "10-25 02:00"]),
        ("@daily", "2026-10-24T00:00Z", ["10-24 22:00", "10-25 23:00", "10-26 23:00"]),
        ("0 9 L * *", "2026-01-30T12:00Z", ["01-31 08:00", "02-28 08:00", "03-31 07:00"]),
        ("0 9 * * MON#1", "2026-01-30T12:00Z", ["02-02 08:00", "03-02 08:00", "04-06 07:00"]),
    ],
)
def test_where_clocks_turn_in_berlin(cron: str, after: str, ticks: list[str]) -> None:
    assert minutes_of(first_ticks(Timing(cron, None, "Europe/Berlin"), us(after), 3)) == ticks


@pytest.mark.parametrize("cron", ["*/20 2 * * *", "0 */2 * * *", "* 1-2 * * *"])
def test_where_clocks_turn_by_half_an_hour(cron: str) -> None:
    minute, hour = cron.split()[:2]
    fits = {
        "*/20": range(0, 60, 20), "0": range(1), "*": range(60), "2": range(2, 3), "*/2": range(0, 24, 2),
        "1-2": range(1, 3),
    }  # fmt: skip
    fields = [(minute, frozenset(fits[minute])), (hour, frozenset(fits[hour])), ("*", frozenset(range(1, 32)))]
    fields += [("*", frozenset(range(1, 13))), ("*", frozenset(range(7)))]
    for begin, end in (("2026-04-04T12:30Z", "2026-04-04T20:30Z"), ("2026-10-03T12:30Z", "2026-10-03T20:30Z")):
        wanted = walked(fields, "Australia/Lord_Howe", us(begin), us(end))
        for at in range(us(begin), us(end), 13 * MINUTE):
            after = [tick for tick in wanted if tick > at]
            assert newest_ticks(Timing(cron, None, "Australia/Lord_Howe"), at, us(end), 1_000) == after


def test_long_ago_is_found_in_a_moment() -> None:
    timing = Timing("* * * * *", None, "Europe/Berlin")
    found = newest_ticks(timing, us("1990-01-01T00:00Z"), us("2026-01-01T00:00:30Z"), 100)
    assert (len(found), found[-1]) == (100, us("2026-01-01T00:00Z"))
    assert newest_ticks(Timing("0 0 29 2 *", None), us("2025-01-01T00:00Z"), us("2028-02-28T00:00Z"), 100) == []
