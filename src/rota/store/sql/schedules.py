"""Statements about schedules and the ticks that came."""

from __future__ import annotations

from typing import NamedTuple

from rota.store.statement import One


class ScheduleRow(NamedTuple):
    """A schedule as kept. Moments are microseconds."""

    id: int
    name: str
    spec: str
    paused: int
    reason: str | None
    due: int | None
    """Its next tick; None = none comes."""
    last: int | None
    """The last tick that came."""
    task: int | None
    """The last task it submitted."""
    trouble: str | None
    """Why the last tick submitted nothing."""


_ROW = ", ".join(ScheduleRow._fields)

SCHEDULES = One("schedules", f"SELECT {_ROW} FROM schedule ORDER BY id")
COUNT_SCHEDULES = One("count_schedules", "SELECT count(*) FROM schedule")
SCHEDULE_NAMED = One("schedule_named", f"SELECT {_ROW} FROM schedule WHERE name = ?")
LOCK_SCHEDULE = One("lock_schedule", f"SELECT {_ROW} FROM schedule WHERE id = ? {{lock}}")
LOCK_SCHEDULE_NAMED = One("lock_schedule_named", f"SELECT {_ROW} FROM schedule WHERE name = ? {{lock}}")
ADD_SCHEDULE = One(
    "add_schedule",
    "INSERT INTO schedule (id, name, spec, due) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO NOTHING RETURNING id",
)
SET_SCHEDULE = One("set_schedule", "UPDATE schedule SET spec = ?, due = ?, trouble = NULL WHERE id = ?")
PAUSE_SCHEDULE = One("pause_schedule", "UPDATE schedule SET paused = ?, reason = ?, due = ? WHERE id = ?")
SCHEDULE_CAME = One("schedule_came", "UPDATE schedule SET due = ?, last = ?, task = ?, trouble = ? WHERE id = ?")
SCHEDULE_SOONER = One("schedule_sooner", "UPDATE schedule SET due = ? WHERE id = ? AND due = ? RETURNING id")
DROP_SCHEDULE = One("drop_schedule", "DELETE FROM schedule WHERE id = ?")

ADD_TICK = One(
    "add_tick", "INSERT INTO tick (at, schedule) VALUES (?, ?) ON CONFLICT (at, schedule) DO NOTHING RETURNING at"
)
"""No row when the tick has come already, here or at another node."""
SET_TICK_TASK = One("set_tick_task", "UPDATE tick SET task = ? WHERE at = ? AND schedule = ?")
DROP_OLD_TICKS = One("drop_old_ticks", "DELETE FROM tick WHERE at < ?")
