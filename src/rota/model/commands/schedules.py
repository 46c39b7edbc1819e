"""Schedules: setting, removing, pausing, and looking at what comes."""

from __future__ import annotations

import msgspec

from rota.model.schedule import ScheduleSpec, ScheduleView
from rota.model.times import Span


class SetSchedule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Create a schedule, or replace the one of the same name. Its first tick lies ahead.

    Each tick submits its task once, over restarts and nodes. One whose times stay as they are keeps its place: ticks
    that nobody was there for are still caught up.
    """

    schedule: ScheduleSpec


class RemoveSchedule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Remove a schedule. The tasks that it submitted stay."""

    schedule: str
    """Its name."""


class PauseSchedule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Let no tick come until it is resumed. Ticks of that time are not caught up."""

    schedule: str
    reason: str = ""


class ResumeSchedule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """End a pause: the next tick is the first after now."""

    schedule: str


class ListSchedules(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All schedules, with what comes next and what came last."""


class SchedulePage(msgspec.Struct, kw_only=True):
    """The schedules by name."""

    schedules: list[ScheduleView]


class NextTicks(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """When a schedule comes next, or when one would that there is not yet: by its name, by cron, or every so often."""

    schedule: str | None = None
    cron: str | None = None
    every: Span | None = None
    time_zone: str = "UTC"
    n: int = 5
    """How many, up to 100."""


class Ticks(msgspec.Struct, kw_only=True):
    """Moments, RFC 3339 UTC, first to last. Fewer than were asked for when no more come in 50 years."""

    ticks: list[str]
