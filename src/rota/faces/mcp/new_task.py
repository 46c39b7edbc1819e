"""A task as tools take it: the fields of `TaskSpec` that an agent can make use of, with words to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from rota.model.priority import Priority
from rota.model.task import After, TaskSpec
from rota.model.times import Span, When

Skills = dict[str, int] | list[str]
"""Levels by name, or names alone, which means level 1."""


class Parent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task that this one waits for."""

    task: str
    rule: Annotated[str, Meta(pattern="^(cancel|run|hold)$", description="If it ends badly, this task does so.")] = (
        "cancel"
    )
    until: Annotated[str, Meta(pattern="^(done|approved)$")] = "done"


class NewTask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A task to be submitted."""

    title: str
    description: Annotated[str, Meta(description="All the agent needs to know.")] = ""
    kind: Annotated[str, Meta(description="Sort of work; success and speed are learnt per kind.")] = "task"
    payload: Annotated[Any, Meta(description="Any JSON for the agent.")] = None
    ref: Annotated[str | None, Meta(description="A name for `after` of others in this call.")] = None
    after: Annotated[list[str | Parent], Meta(description="Wait for these: ids or refs.")] = []
    priority: Priority = "normal"
    skills: Annotated[Skills, Meta(description="Needed: names, or levels by name.")] = {}
    role: Annotated[str | None, Meta(description="Only agents of this role.")] = None
    estimate: Annotated[Span | None, Meta(description="Probable length of the work: seconds or '20m'.")] = None
    deadline: Annotated[When | None, Meta(description="RFC 3339, or a span from now.")] = None
    start: Annotated[When | None, Meta(description="Not before: RFC 3339, or a span from now.")] = None
    ttl: Annotated[Span | None, Meta(description="Expires if nobody got it within this.")] = None
    project: Annotated[str | None, Meta(description="Id or key.")] = None
    queue: str = "default"
    tenant: Annotated[str, Meta(description="For whom; work is shared fairly between tenants.")] = "default"
    approval: Annotated[bool | None, Meta(description="A reviewer approves the result first.")] = None
    max_attempts: int | None = None
    sequence: Annotated[str | None, Meta(description="Tasks of one sequence run one after another.")] = None
    unique: Annotated[str | None, Meta(description="While one with this key is open, it is answered instead.")] = None
    affinity: Annotated[str | None, Meta(description="Same key, same agent where possible.")] = None
    group: Annotated[str | None, Meta(description="Handed out together.")] = None
    limits: Annotated[list[str], Meta(description="Named limits it counts against.")] = []
    touches: Annotated[
        list[str], Meta(description="Paths it changes, such as src/auth/**; tasks that clash are not done at once.")
    ] = []
    resources: Annotated[dict[str, float], Meta(description="What it uses of an agent's, such as {'gpu': 1}.")] = {}
    pin: Annotated[str | None, Meta(description="The only agent that may do it.")] = None
    ban: Annotated[list[str], Meta(description="Agents that may not.")] = []
    regions: list[str] = []
    near: Annotated[str | None, Meta(description="The region near which it is best done.")] = None
    max_cost: float | None = None
    held: Annotated[bool, Meta(description="Wait until it is released.")] = False


class Blocker(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A task that an agent found to be done first: what it can say of it."""

    title: str
    description: Annotated[str, Meta(description="All the agent needs to know.")] = ""
    kind: str = "task"
    payload: Annotated[Any, Meta(description="Any JSON for the agent.")] = None
    priority: Priority = "normal"
    skills: Annotated[Skills, Meta(description="Needed: names, or levels by name.")] = {}
    role: Annotated[str | None, Meta(description="Only agents of this role.")] = None
    estimate: Annotated[Span | None, Meta(description="Seconds or '20m'.")] = None
    ref: str | None = None
    after: Annotated[list[str], Meta(description="Ids, or refs of this call.")] = []


def spec_of(task: NewTask | Blocker, **more: Any) -> TaskSpec:
    """The task as it is submitted; `more` fills in what it leaves out."""
    said: dict[str, Any] = {
        name: value for name in task.__struct_fields__ if (value := getattr(task, name)) != _USUAL[name]
    }
    said["skills"] = levels(task.skills)
    said["after"] = [_parent(after) for after in task.after]
    return TaskSpec(**{**more, **said})


def levels(skills: Skills | None) -> dict[str, int]:
    """Levels by name."""
    if isinstance(skills, Mapping):
        return dict(skills)
    return dict.fromkeys(skills or (), 1)


def specs_of(tasks: Sequence[NewTask | Blocker], **more: Any) -> list[TaskSpec]:
    """All of them."""
    return [spec_of(task, **more) for task in tasks]


def _parent(after: str | Parent) -> str | After:
    if isinstance(after, str):
        return after
    return msgspec.convert(msgspec.to_builtins(after), After)


_USUAL: dict[str, Any] = {
    field.name: None if field.required else (field.default if field.default is not msgspec.NODEFAULT else None)
    for field in msgspec.structs.fields(NewTask)
}
