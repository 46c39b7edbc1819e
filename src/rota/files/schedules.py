"""Schedules in fleet.toml: `[[schedule]]` tables, checked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from rota.engine.schedules import check_schedule
from rota.files.place import Misfit, Path, nearest, quoted
from rota.model.bounds import NAME
from rota.model.errors import RotaError
from rota.model.schedule import CatchUp, Overlap, ScheduleSpec
from rota.model.task import TaskSpec
from rota.model.times import Span, seconds

_OWN = "schedule."


class ScheduleTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A task that is submitted again and again: by `cron`, or every so often. See [schedules.md](schedules.md)."""

    name: Annotated[
        Annotated[str, Meta(min_length=1, max_length=NAME)],
        Meta(description="Its name. Its tasks have the batch `schedule:NAME`."),
    ]
    cron: Annotated[
        str | None,
        Meta(
            description='When it comes: minute, hour, day, month, weekday, as in `"0 7 * * mon-fri"`; or `@hourly`, '
            "`@daily`, `@weekly`, `@monthly`, `@yearly`."
        ),
    ] = None
    every: Annotated[
        Span | None,
        Meta(description="Instead of `cron`: at whole multiples of this since 1970 in UTC; at least 1 second."),
    ] = None
    time_zone: Annotated[str, Meta(description="Whose clock on the wall `cron` reads, such as `Europe/Berlin`.")] = (
        "UTC"
    )
    overlap: Annotated[
        Overlap,
        Meta(description="While the task of the last tick is unfinished: `allow` another one, or `skip` the tick."),
    ] = "allow"
    catch_up: Annotated[
        CatchUp,
        Meta(
            description="Of the ticks that nobody was there for: `one`, the newest, comes late; `all`, at most 100; "
            "`none`."
        ),
    ] = "one"
    enabled: Annotated[bool, Meta(description="Whether it comes at all.")] = True
    task: Annotated[
        TaskSpec,
        Meta(
            description="The task, with the fields of [task-files.md](task-files.md) but `ref` and `after`; its "
            "`deadline` and `start` are spans from the tick. The tick's time is put into its payload as `tick`."
        ),
    ]


def schedules_of(tables: Sequence[ScheduleTable], queues: Collection[str]) -> tuple[ScheduleSpec, ...]:
    """The schedules of a file with these queues; a `Misfit` where one can not be."""
    first: dict[str, int] = {}
    found = []
    for at, table in enumerate(tables):
        path: Path = ("schedule", at)
        taken = first.setdefault(table.name, at)
        if taken != at:
            message = f"schedule[{taken}] is called {quoted(table.name)} already; give this one another name"
            raise Misfit((*path, "name"), message)
        found.append(_schedule(table, path))
        queue = table.task.queue
        if queue not in queues and queue != "default":
            message = f"this file has no queue {quoted(queue)}{nearest(queue, queues)}"
            raise Misfit((*path, "task", "queue"), message)
    return tuple(found)


def _schedule(table: ScheduleTable, path: Path) -> ScheduleSpec:
    spec = ScheduleSpec(**msgspec.structs.asdict(table))
    try:
        check_schedule(spec, "schedule")
    except RotaError as error:
        field = (error.field or "").removeprefix(_OWN)
        raise Misfit((*path, *field.split(".")), error.message, error.code) from None
    return msgspec.structs.replace(spec, every=None if spec.every is None else seconds(spec.every, "every"))
