"""Weekly windows by the clock on the wall, over days, weeks and changes of the clock."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rota.model.times import SECOND
from rota.planning.hours import DAYS, is_open, next_change, window_of, zone_of


def at(text: str, zone: str = "UTC") -> int:
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).timestamp()) * SECOND


def test_office_hours() -> None:
    office = ["mon-fri 09:00-17:00"]
    assert is_open(office, "UTC", at("2026-11-25T09:00:00"))  # a Wednesday
    assert not is_open(office, "UTC", at("2026-11-25T08:59:59"))
    assert not is_open(office, "UTC", at("2026-11-25T17:00:00"))
    assert not is_open(office, "UTC", at("2026-11-28T12:00:00"))
    assert is_open(office, "Asia/Tokyo", at("2026-11-25T00:30:00"))
    assert is_open([], "UTC", at("2026-11-28T12:00:00")), "without windows always"


def test_a_night_goes_on_into_the_next_day() -> None:
    night = ["fri 22:00-06:00"]
    assert is_open(night, "UTC", at("2026-11-27T23:00:00"))
    assert is_open(night, "UTC", at("2026-11-28T05:59:00"))
    assert not is_open(night, "UTC", at("2026-11-28T06:00:00"))
    assert not is_open(night, "UTC", at("2026-11-27T05:00:00"))
    sunday = ["sun 22:00-06:00"]
    assert is_open(sunday, "UTC", at("2026-11-30T05:00:00")), "into Monday"


def test_days_may_go_over_the_weekend_and_stand_alone() -> None:
    assert window_of("fri-mon 00:00-24:00").days == {4, 5, 6, 0}
    assert window_of("tue, thu 10:00-11:00".replace(", ", ",")).days == {1, 3}
    assert window_of("daily 10:00-11:00").days == set(range(7))


def test_the_next_change() -> None:
    office = ["mon-fri 09:00-17:00"]
    assert next_change(office, "UTC", at("2026-11-25T10:00:00")) == at("2026-11-25T17:00:00")
    assert next_change(office, "UTC", at("2026-11-27T17:00:00")) == at("2026-11-30T09:00:00"), "after the weekend"
    assert next_change(["daily 00:00-24:00"], "UTC", at("2026-11-25T10:00:00")) is None
    joined = ["daily 09:00-12:00", "daily 12:00-17:00"]
    assert next_change(joined, "UTC", at("2026-11-25T10:00:00")) == at("2026-11-25T17:00:00")


def test_clocks_that_are_put_forward_and_back() -> None:
    office = ["mon-sun 09:00-17:00"]
    for day in ("2026-03-29", "2026-10-25"):  # both Sundays on which Berlin changes its clocks
        before = at(f"{day}T00:30:00", "Europe/Berlin")
        opens = next_change(office, "Europe/Berlin", before)
        assert opens == at(f"{day}T09:00:00", "Europe/Berlin")
    assert at("2026-03-29T09:00:00", "Europe/Berlin") - at("2026-03-28T09:00:00", "Europe/Berlin") == 23 * 3600 * SECOND


@pytest.mark.parametrize(
    ("hours", "now", "change"),
    [
        ("daily 02:30-06:00", "2026-03-29T00:30:00+01:00", "2026-03-29T03:00:00+02:00"),  # over its beginning
        ("daily 22:00-02:30", "2026-03-29T00:30:00+01:00", "2026-03-29T03:00:00+02:00"),  # over its end
        ("sun 02:10-02:50", "2026-03-23T12:00:00+01:00", "2026-04-05T02:10:00+02:00"),  # over all of it
        ("daily 02:30-06:00", "2026-10-25T02:01:00+01:00", "2026-10-25T02:30:00+01:00"),  # the hour that comes twice
        ("daily 02:30-06:00", "2026-10-25T02:31:00+02:00", "2026-10-25T02:00:00+01:00"),  # out of it again
        ("daily 01:00-02:30", "2026-10-25T02:31:00+02:00", "2026-10-25T02:00:00+01:00"),  # into it again
    ],
)
def test_windows_in_the_hour_of_the_change(hours: str, now: str, change: str) -> None:
    assert next_change([hours], "Europe/Berlin", at(now)) == at(change)


DAY = 24 * 60
CHANGING = {
    "UTC": ("2026-03-29", "2026-10-25"),
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),  # by half an hour
    "Africa/Casablanca": ("2026-02-15", "2026-03-22"),  # back for Ramadan
}


def test_clocks_change_on_these_days() -> None:
    """Or the next test shows nothing."""
    for zone, days in CHANGING.items():
        for day in days:
            before = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
            assert (before.utcoffset() != (before + timedelta(days=1)).utcoffset()) == (zone != "UTC"), zone


@st.composite
def minute_windows(draw: st.DrawFn) -> str:
    """Mostly around the hours in which clocks are changed."""
    first, last = draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))
    minutes = st.one_of(st.integers(0, 4 * 60), st.integers(0, DAY - 1))
    begin, end = draw(minutes), draw(minutes)
    if begin == end:
        end += 1
    return f"{first}-{last} {begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"


@pytest.mark.parametrize(("zone", "day"), [(zone, day) for zone, days in CHANGING.items() for day in days])
@settings(max_examples=5)
@given(st.lists(minute_windows(), min_size=1, max_size=3))
def test_the_next_change_is_the_first_one(zone: str, day: str, hours: list[str]) -> None:
    """Minute by minute over the weeks around a change of the clocks."""
    first = at(f"{day}T00:00:00") - 8 * DAY * 60 * SECOND
    moments = range(first, first + 16 * DAY * 60 * SECOND, 60 * SECOND)
    said = [is_open(hours, zone, moment) for moment in moments]
    changes = [moment for moment, was, now in zip(moments[1:], said, said[1:], strict=False) if was != now]
    for now in moments[::7]:
        after = bisect_right(changes, now)
        found = next_change(hours, zone, now)
        if after < len(changes):
            assert found == changes[after]
        else:
            assert found is None or found > moments[-1]


@st.composite
def windows(draw: st.DrawFn) -> str:
    first, last = draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))
    begin, end = sorted(draw(st.lists(st.integers(0, 47), min_size=2, max_size=2, unique=True)))
    if draw(st.booleans()) and begin:
        begin, end = end, begin
    return f"{first}-{last} {begin // 2:02}:{begin % 2 * 30:02}-{end // 2:02}:{end % 2 * 30:02}"


zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
moments = st.integers(
    round(datetime(2026, 1, 1, tzinfo=UTC).timestamp()), round(datetime(2027, 1, 1, tzinfo=UTC).timestamp())
).map(lambda found: found * SECOND)


@given(st.lists(windows(), min_size=1, max_size=3), zones, moments)
def test_nothing_changes_before_the_next_change(hours: list[str], zone: str, now: int) -> None:
    opens = is_open(hours, zone, now)
    change = next_change(hours, zone, now)
    end = change if change is not None else now + 8 * 86_400 * SECOND
    step = round(timedelta(minutes=30).total_seconds()) * SECOND
    looked_at = range(now, end, step)
    assert all(is_open(hours, zone, moment) == opens for moment in looked_at if moment < end)
    if change is not None:
        assert change > now
        assert is_open(hours, zone, change) != opens


@pytest.mark.parametrize(
    "text", ["", "mon 9-17", "mon 09:00", "moon 09:00-17:00", "mon 09:00-09:00", "mon 24:00-08:00", "mon 09:60-10:00",
             "mon 23:00-25:00", "mon- 09:00-17:00", "daily-mon 09:00-17:00"]
)  # fmt: skip
def test_what_is_no_window(text: str) -> None:
    with pytest.raises(ValueError, match=r"[a-z]"):
        window_of(text)


@pytest.mark.parametrize("name", ["", "Berlin/Europe", "../etc/passwd", "Nowhere", "\0"])
def test_what_is_no_time_zone(name: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        zone_of(name)
