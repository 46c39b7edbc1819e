"""Schedules: a task that is submitted again and again, by cron or every so often."""

from __future__ import annotations

from typing import Literal

import msgspec

from rota.model.task import TaskSpec
from rota.model.times import Span

Overlap = Literal["allow", "skip"]
"""What a tick does while the task of the one before is unfinished: submit another, or nothing."""
CatchUp = Literal["one", "all", "none"]
"""Which of the ticks come late that nobody was there for: the newest, all (up to 100), or none."""


class ScheduleSpec(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A schedule. It has `cron` or `every`, not both."""

    name: str
    cron: str | None = None
    """Five fields: minute, hour, day of the month, month, day of the week; or `@hourly`, `@daily`, `@weekly`,
    `@monthly`, `@yearly`."""
    every: Span | None = None
    """At whole multiples of this since 1970 in UTC: `15m` is at :00, :15, :30 and :45."""
    time_zone: str = "UTC"
    """Whose clock on the wall `cron` reads."""
    overlap: Overlap = "allow"
    catch_up: CatchUp = "one"
    enabled: bool = True
    task: TaskSpec
    """What each tick submits. Its deadline and start are spans from then. The tick's time stands in its payload as
    `tick`, its batch is `schedule:NAME`."""


class ScheduleView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A schedule as shown. Times are RFC 3339 UTC."""

    name: str
    schedule: ScheduleSpec
    next: str | None = None
    """The next tick; None = none comes: it is paused or not enabled."""
    last: str | None = None
    """The last tick that came, whether it submitted a task or not."""
    task: str | None = None
    """The last task it submitted."""
    paused: bool = False
    reason: str | None = None
    """Why it is paused."""
    trouble: str | None = None
    """Why the last tick submitted nothing."""
