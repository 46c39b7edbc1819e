"""`submit_tasks` and `schedule_task`: bringing tasks in."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.faces.mcp.new_task import NewTask, spec_of, specs_of
from rota.faces.mcp.tool import Call, Hints, Tool
from rota.model.commands.read import GetTask
from rota.model.commands.schedules import NextTicks, SetSchedule, Ticks
from rota.model.commands.submit import Submit, Submitted
from rota.model.errors import RotaError, invalid
from rota.model.schedule import CatchUp, Overlap, ScheduleSpec
from rota.model.task import TaskSpec, TaskView
from rota.model.times import Span, When
from rota.operations.table import OPERATIONS

_SHOWN = 3
"""So many of the next ticks are answered."""
MOST = 1_000
"""Tasks of one call; larger submits go through files."""


class SubmitTasks(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    tasks: Annotated[list[NewTask], Meta(min_length=1, max_length=MOST)]
    project: Annotated[str | None, Meta(description="For all that name none.")] = None
    key: Annotated[str | None, Meta(description="The same call with the same key submits nothing twice.")] = None
    batch: Annotated[str | None, Meta(description="A label on all of them.")] = None


class SubmittedTasks(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    ids: list[str]
    """In the order of the call."""
    existing: list[str] = []
    """Those of them that were there already, by `unique`."""
    refs: dict[str, str] = {}
    """The id of each ref."""


def submit(call: Call) -> SubmittedTasks:
    """All or none."""
    asked: SubmitTasks = call.arguments
    more = {} if asked.project is None else {"project": asked.project}
    found: Submitted = call.distributor.call(
        Submit(tasks=specs_of(asked.tasks, **more), key=asked.key, batch=asked.batch)
    )
    refs = {task.ref: number for task, number in zip(asked.tasks, found.ids, strict=True) if task.ref is not None}
    return SubmittedTasks(ids=found.ids, existing=found.existing, refs=refs)


class Repeat(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """When a task comes again and again."""

    name: Annotated[str, Meta(description="Of the schedule; the same name again replaces it.")]
    cron: Annotated[str | None, Meta(description="Minute, hour, day, month, weekday, or @daily.")] = None
    every: Annotated[Span | None, Meta(description="Instead of cron: seconds or '15m'.")] = None
    time_zone: Annotated[str, Meta(description="Of cron, such as Europe/Berlin.")] = "UTC"
    overlap: Annotated[Overlap, Meta(description="While the last task is unfinished.")] = "allow"
    catch_up: Annotated[CatchUp, Meta(description="Of ticks that nobody was there for.")] = "one"


class ScheduleTask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    task: NewTask
    start: Annotated[
        When | None, Meta(description="Once: RFC 3339 with an offset, or a span from now, such as '2h'.")
    ] = None
    repeat: Annotated[Repeat | None, Meta(description="Again and again, instead of start.")] = None
    key: Annotated[str | None, Meta(description="The same call with the same key submits nothing twice.")] = None


class Scheduled(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    task: str | None = None
    state: str | None = None
    start: str | None = None
    deadline: str | None = None
    schedule: str | None = None
    """Of one that repeats: its name."""
    next: list[str] = []
    """Of one that repeats: when it comes next."""


def schedule(call: Call) -> Scheduled:
    """Submit it with a start, or set a schedule that submits it at each tick."""
    asked: ScheduleTask = call.arguments
    if asked.start is not None and asked.repeat is not None:
        raise invalid("repeat", "a task comes once, at its start, or again and again; leave one of them out")
    if asked.repeat is not None:
        return _repeating(call, asked.repeat, spec_of(asked.task))
    if asked.start is None:
        raise invalid("start", "is missing; say when it comes, or how it repeats")
    spec = spec_of(asked.task)
    spec.start = asked.start
    found: Submitted = call.distributor.call(Submit(tasks=[spec], key=asked.key))
    view: TaskView = call.distributor.call(GetTask(task=found.ids[0]))
    return Scheduled(task=view.id, state=view.state, start=view.start, deadline=view.deadline)


def _repeating(call: Call, repeat: Repeat, task: TaskSpec) -> Scheduled:
    needed = OPERATIONS["set_schedule"].scope
    if needed not in call.session.scopes:
        raise RotaError(
            "not_allowed", f"what repeats is a schedule, and to set one needs the scope {needed}", field="repeat"
        )
    spec = ScheduleSpec(**msgspec.structs.asdict(repeat), task=task)
    call.distributor.call(SetSchedule(schedule=spec))
    ticks: Ticks = call.distributor.call(NextTicks(schedule=spec.name, n=_SHOWN))
    return Scheduled(schedule=spec.name, next=ticks.ticks)


SUBMIT = Tool(
    name="submit_tasks",
    group="dispatcher",
    title="Submit tasks",
    description="Submit tasks, all or none. Say what each needs (skills, role), how long it takes (estimate), what it "
    "waits for (after: ids, or refs of this call), how urgent it is (priority, deadline).",
    takes=SubmitTasks,
    gives=SubmittedTasks,
    scope="submit",
    hints=Hints(),
    run=submit,
    example={
        "tasks": [
            {"ref": "data", "title": "Prepare the training set", "skills": ["audio"], "estimate": "2h"},
            {"title": "Train", "after": ["data"], "role": "ai-engineer", "priority": "high"},
        ]
    },
)
SCHEDULE = Tool(
    name="schedule_task",
    group="dispatcher",
    title="Schedule a task",
    description="Submit one task that is given out only from a start on: at a time, or after a span. With repeat "
    "instead it is submitted again and again, by cron or every so often; the tick's time is in its payload.",
    takes=ScheduleTask,
    gives=Scheduled,
    scope="submit",
    hints=Hints(),
    run=schedule,
    example={"task": {"title": "Look at the loss curve"}, "start": "2h"},
    renamed=(
        ("tasks[0].start", "start"),
        ("tasks[0].", "task."),
        ("schedule.task.", "task."),
        ("schedule.", "repeat."),
    ),
)
