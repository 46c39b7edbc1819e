"""Schedules: set, removed, paused, resumed."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.engine.context import Context
from rota.engine.timer_kinds import CRON
from rota.model import bounds, check
from rota.model.commands.fleet import Ok
from rota.model.commands.schedules import PauseSchedule, RemoveSchedule, ResumeSchedule, SetSchedule
from rota.model.errors import RotaError, invalid
from rota.model.schedule import ScheduleSpec
from rota.model.task import TaskSpec
from rota.model.times import is_date, micros, seconds
from rota.planning.ticks import Timing, fault, next_tick, timing_of
from rota.store.protocol import Rerun
from rota.store.sql import schedules as sql
from rota.store.sql.schedules import ScheduleRow

MOST = 1_000
TICK = "tick"
"""Where the payload of a task says which tick it is of."""
_ONCE = ("ref", "after")
"""Fields that tie a task to others of one submit."""


def set_schedule(context: Context, command: SetSchedule) -> Ok:
    """Create a schedule or replace it."""
    spec = _checked(context, command.schedule)
    transaction = context.transaction
    found = transaction.one(sql.LOCK_SCHEDULE_NAMED, spec.name)
    if not found:
        _add(context, spec)
        return Ok()
    row = ScheduleRow(*found[0])
    known = spec_of(row)
    if known == spec:
        return Ok(changed=False)
    keeps = known.enabled and timing(known) == timing(spec)
    due = row.due if keeps else next_tick(timing(spec), context.now)
    if row.paused or not spec.enabled:
        due = None
    transaction.one(sql.SET_SCHEDULE, _text(spec), due, row.id)
    _wait_for(context, row.id, due)
    context.changes.say("set_schedule", None, schedule=msgspec.to_builtins(spec))
    return Ok()


def remove_schedule(context: Context, command: RemoveSchedule) -> Ok:
    """Remove a schedule."""
    row = _locked(context, command.schedule)
    context.transaction.one(sql.DROP_SCHEDULE, row.id)
    context.changes.say("remove_schedule", None, schedule=row.name)
    return Ok()


def pause_schedule(context: Context, command: PauseSchedule) -> Ok:
    """Let no tick come."""
    reason = check.text(command.reason, "reason", bounds.REASON) or None
    row = _locked(context, command.schedule)
    if row.paused:
        return Ok(changed=False)
    context.transaction.one(sql.PAUSE_SCHEDULE, 1, reason, None, row.id)
    context.changes.say("pause_schedule", None, schedule=row.name, reason=reason)
    return Ok()


def resume_schedule(context: Context, command: ResumeSchedule) -> Ok:
    """End a pause."""
    row = _locked(context, command.schedule)
    if not row.paused:
        return Ok(changed=False)
    spec = spec_of(row)
    due = next_tick(timing(spec), context.now) if spec.enabled else None
    context.transaction.one(sql.PAUSE_SCHEDULE, 0, None, due, row.id)
    _wait_for(context, row.id, due)
    context.changes.say("resume_schedule", None, schedule=row.name)
    return Ok()


def spec_of(row: ScheduleRow) -> ScheduleSpec:
    """What the schedule says."""
    return msgspec.json.decode(row.spec, type=ScheduleSpec)


def timing(spec: ScheduleSpec) -> Timing:
    """When it comes."""
    return timing_of(spec.cron, None if spec.every is None else float(spec.every), spec.time_zone)


def no_schedule(name: str) -> RotaError:
    """There is none of this name."""
    return RotaError("no_schedule", f"there is no schedule named {name[:100]!r}", field="schedule")


def _add(context: Context, spec: ScheduleSpec) -> None:
    transaction = context.transaction
    if transaction.one(sql.COUNT_SCHEDULES)[0][0] >= MOST:
        raise RotaError("too_large", f"there are {MOST:,} schedules already", field="schedule")
    due = next_tick(timing(spec), context.now) if spec.enabled else None
    # Timers keep the numbers of schedules, so none is ever used again.
    number = transaction.new_ids(1)[0]
    if not transaction.one(sql.ADD_SCHEDULE, number, spec.name, _text(spec), due):
        raise Rerun(f"another node set the schedule {spec.name!r} at the same moment")
    _wait_for(context, number, due)
    context.changes.say("set_schedule", None, schedule=msgspec.to_builtins(spec))


def _wait_for(context: Context, number: int, due: int | None) -> None:
    if due is not None:
        context.changes.add_timer(due, CRON, number)


def _locked(context: Context, name: str) -> ScheduleRow:
    check.name(name, "schedule")
    found = context.transaction.one(sql.LOCK_SCHEDULE_NAMED, name)
    if not found:
        raise no_schedule(name)
    return ScheduleRow(*found[0])


def _text(spec: ScheduleSpec) -> str:
    return msgspec.json.encode(spec).decode()


def _checked(context: Context, spec: ScheduleSpec) -> ScheduleSpec:
    """The schedule with `every` in seconds; refused when it, or the task of each tick, can not be."""
    check_schedule(spec, "schedule")
    context.book.queue(spec.task.queue, "schedule.task.queue")
    return normal(spec)


def normal(spec: ScheduleSpec) -> ScheduleSpec:
    """The schedule as it is kept: `every` in seconds."""
    return msgspec.structs.replace(spec, every=None if spec.every is None else seconds(spec.every, "schedule.every"))


def check_schedule(spec: ScheduleSpec, field: str) -> None:
    """Refuse a schedule that can not be, as far as it can be judged without the database."""
    check.name(spec.name, f"{field}.name")
    if spec.cron is not None:
        check.text(spec.cron, f"{field}.cron", bounds.KEY)
    check.name(spec.time_zone, f"{field}.time_zone")
    every = None if spec.every is None else seconds(spec.every, f"{field}.every")
    found = fault(spec.cron, every, spec.time_zone)
    if found is not None:
        raise invalid(f"{field}.{found[0]}", found[1])
    _check_task(spec.task, f"{field}.task")


def _check_task(task: TaskSpec, field: str) -> None:
    check.spec(task, field)
    check.json_text(task.payload, f"{field}.payload", bounds.PAYLOAD_BYTES)
    for key in _ONCE:
        if getattr(task, key):
            raise invalid(f"{field}.{key}", "is for tasks of one submit; leave it out")
    for key in ("deadline", "start", "ttl", "estimate"):
        _check_span(getattr(task, key), f"{field}.{key}")
    if task.payload is not None and not isinstance(task.payload, dict):
        raise invalid(f"{field}.payload", f"must be an object: the tick's time is put into it as {TICK!r}")
    if isinstance(task.payload, dict) and TICK in task.payload:
        raise invalid(f"{field}.payload.{TICK}", "is where the tick's time is put; give yours another name")


def _check_span(value: Any, field: str) -> None:
    if value is None:
        return
    if is_date(value):
        raise invalid(field, "must be a span from each tick, such as '2h'; a date is the same for all of them")
    micros(value, field)
