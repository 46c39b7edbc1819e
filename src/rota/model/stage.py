"""Stages: changes to a task that come with time or trouble. Aging, escalation and fallback chains are stages."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rota.model.bounds import ATTEMPTS, LEVEL, NAME, REASON, SKILLS
from rota.model.priority import Priority
from rota.model.times import Span

STAGES = 16
"""The most that one task may have, those of its queue included."""

Droppable = Literal["role", "pin", "ban", "regions", "max_cost"]
Wider = Literal["near", "any"]

_Name = Annotated[str, Meta(min_length=1, max_length=NAME)]


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The people a task is handed to: those of a role, those of a queue's pool, or both."""

    role: Annotated[_Name | None, Meta(description="Only agents of this role get it from then on.")] = None
    queue: Annotated[_Name | None, Meta(description="It goes into this queue, in whose pool the people are.")] = None


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a stage changes: one thing or several at once."""

    priority: Annotated[Priority | None, Meta(description="Raise it to this priority, if it stands lower.")] = None
    raise_by: Annotated[
        Annotated[int, Meta(ge=1, le=4)] | None,
        Meta(description="Raise it by so many priorities, to `critical` at most."),
    ] = None
    skills: Annotated[
        dict[_Name, Annotated[int, Meta(ge=0, le=LEVEL)]],
        Meta(max_length=SKILLS, description="Lower these skills to these levels; 0 = not needed any more."),
    ] = {}
    drop: Annotated[
        list[Droppable], Meta(max_length=8, description="Requirements that it has no longer, such as `role`.")
    ] = []
    widen: Annotated[
        Wider | None,
        Meta(description="`near`: also the regions near its own; `any`: all regions. Nothing when it names none."),
    ] = None
    queue: Annotated[_Name | None, Meta(description="Move it into this queue.")] = None
    notify: Annotated[
        Annotated[str, Meta(min_length=1, max_length=REASON)] | None,
        Meta(description="Say this in an event `notify`."),
    ] = None
    person: Annotated[
        Person | None,
        Meta(description="Hand it to a person: what it asks of an agent is forgotten but for bans and `limits`."),
    ] = None


class Stage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A change, and when it comes: exactly one of `after`, `attempts` and `before_deadline`. It comes once.

    A stage changes a task that waits. If an agent has the task when its time comes it is put off until the task waits
    again, but for a `before_deadline` that only notifies.
    """

    after: Annotated[
        Span | None, Meta(description="So long after it first waited for an agent, while it waits for one.")
    ] = None
    attempts: Annotated[
        Annotated[int, Meta(ge=1, le=ATTEMPTS)] | None, Meta(description="When so many attempts have failed.")
    ] = None
    before_deadline: Annotated[Span | None, Meta(description="So long before its deadline, if it has one.")] = None
    change: Annotated[Change, Meta(description="What is changed then.")]

    @property
    def only_notifies(self) -> bool:
        """Whether nothing about the task itself is changed."""
        return self.change == Change(notify=self.change.notify)
