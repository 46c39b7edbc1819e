"""`submit_tasks` and `schedule_task`: bringing tasks in."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.faces.mcp.new_task import NewTask, spec_of, specs_of
from rota.faces.mcp.tool import Call, Hints, Tool
from rota.model.commands.read import GetTask
from rota.model.commands.submit import Submit, Submitted
from rota.model.task import TaskView
from rota.model.times import When

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


class ScheduleTask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    task: NewTask
    start: Annotated[When, Meta(description="RFC 3339 with an offset, or a span from now, such as '2h'.")]
    key: Annotated[str | None, Meta(description="The same call with the same key submits nothing twice.")] = None


class Scheduled(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    task: str
    state: str
    start: str | None = None
    deadline: str | None = None


def schedule(call: Call) -> Scheduled:
    """Submit it with a start."""
    asked: ScheduleTask = call.arguments
    spec = spec_of(asked.task)
    spec.start = asked.start
    found: Submitted = call.distributor.call(Submit(tasks=[spec], key=asked.key))
    view: TaskView = call.distributor.call(GetTask(task=found.ids[0]))
    return Scheduled(task=view.id, state=view.state, start=view.start, deadline=view.deadline)


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
    description="Submit one task that is given out only from a moment on: at a time, or after a span. Once; repeating "
    "schedules (cron) do not exist yet.",
    takes=ScheduleTask,
    gives=Scheduled,
    scope="submit",
    hints=Hints(),
    run=schedule,
    example={"task": {"title": "Look at the loss curve"}, "start": "2h"},
    renamed=(("tasks[0].start", "start"), ("tasks[0].", "task.")),
)
