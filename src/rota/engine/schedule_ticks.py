"""Ticks of schedules that have come: each submits its task once, in the turn that writes down that it came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rota.engine.context import Context
from rota.engine.schedules import TICK, spec_of, timing
from rota.engine.submit import take_in
from rota.engine.timer_kinds import CRON
from rota.model import state
from rota.model.bounds import REASON
from rota.model.commands.submit import Submitted
from rota.model.errors import RotaError
from rota.model.ids import task_id, task_number
from rota.model.schedule import ScheduleSpec
from rota.model.times import SECOND, rfc3339
from rota.planning.ticks import newest_ticks, next_tick
from rota.store.sql import schedules as sql
from rota.store.sql.schedules import ScheduleRow

ALL = 100
"""The most ticks that one schedule catches up."""
LATE_S = 60.0
"""A tick that could not come for longer than this was missed, seconds: with `none` it does not come any more."""
KEEP_TICKS_S = 7 * 86_400.0
"""How long it is remembered which ticks came: a clock that is put back by less makes none come twice."""
_MOST = {"one": 1, "none": 1, "all": ALL}


def come(context: Context, due: Sequence[tuple[int, int]]) -> None:
    """Timers: let the ticks of these schedules come, pairs of moment and schedule. Other turns may have moved them."""
    for at, number in due:
        found = context.transaction.one(sql.LOCK_SCHEDULE, number)
        if found and found[0][5] == at:
            _come(context, ScheduleRow(*found[0]), at)


def look_again(context: Context) -> None:
    """Ticks that come sooner than was thought, since the clock was put back; and no schedule without a timer."""
    context.transaction.one(sql.DROP_OLD_TICKS, context.now - round(KEEP_TICKS_S * SECOND))
    for row in (ScheduleRow(*found) for found in context.transaction.one(sql.SCHEDULES)):
        if row.due is None:
            continue
        sooner = next_tick(timing(spec_of(row)), context.now)
        if sooner is None or sooner >= row.due:
            context.changes.add_timer(row.due, CRON, row.id)
        elif context.transaction.one(sql.SCHEDULE_SOONER, sooner, row.id, row.due):
            context.changes.add_timer(sooner, CRON, row.id)


def _come(context: Context, row: ScheduleRow, due: int) -> None:
    spec = spec_of(row)
    times = timing(spec)
    ticks = newest_ticks(times, due - 1, context.now, _MOST[spec.catch_up])
    if spec.catch_up == "none":
        ticks = [at for at in ticks if context.now - at <= LATE_S * SECOND]
    if not ticks or ticks[0] > due:
        until = ticks[0] if ticks else context.now
        context.changes.say("ticks_missed", None, schedule=row.name, since=rfc3339(due), until=rfc3339(until))
    for at in ticks:
        row = _tick(context, row, spec, at)
    following = next_tick(times, context.now)
    context.transaction.one(sql.SCHEDULE_CAME, following, row.last, row.task, row.trouble, row.id)
    if following is not None:
        context.changes.add_timer(following, CRON, row.id)


def _tick(context: Context, row: ScheduleRow, spec: ScheduleSpec, at: int) -> ScheduleRow:
    """One tick; the schedule as it is afterwards."""
    if not context.transaction.one(sql.ADD_TICK, at, row.name):
        return row  # it came before the clock was put back, or at another node
    row = row._replace(last=at)
    if spec.overlap == "skip" and _is_unfinished(context, row.task):
        assert row.task is not None
        return _skipped(context, row, f"{task_id(row.task)} of an earlier tick is unfinished")
    try:
        answer = _submitted(context, spec, at)
    except RotaError as error:
        return _skipped(context, row, str(error))
    number = task_number(answer.ids[0])
    context.transaction.one(sql.SET_TICK_TASK, number, at, row.name)
    context.changes.say("tick", number, schedule=row.name, tick=rfc3339(at))
    return row._replace(task=number, trouble=None)


def _submitted(context: Context, spec: ScheduleSpec, at: int) -> Submitted:
    payload: dict[str, Any] = {**(spec.task.payload or {}), TICK: rfc3339(at)}
    task = msgspec.structs.replace(spec.task, payload=payload)
    return take_in(context, [task], batch=f"schedule:{spec.name}")


def _skipped(context: Context, row: ScheduleRow, reason: str) -> ScheduleRow:
    assert row.last is not None
    reason = reason[:REASON]
    context.changes.say("tick_skipped", None, schedule=row.name, tick=rfc3339(row.last), reason=reason)
    return row._replace(trouble=reason)


def _is_unfinished(context: Context, task: int | None) -> bool:
    """Whether the task is still to be done. One that was archived or removed is not."""
    if task is None:
        return False
    context.flush()
    found = context.lock([task])
    return task in found and found[task].state not in state.ENDED
