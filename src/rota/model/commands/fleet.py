"""Agents, queues, pools and projects: changing what the plan works with."""

from __future__ import annotations

import msgspec

from rota.model.agent import AgentSpec
from rota.model.project import ProjectSpec
from rota.model.queue import PoolPolicy, QueuePolicy
from rota.model.task import TaskSpec


class Register(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Register an agent, or change what it registered.

    One name is one process: a second `instance` is refused while the first was heard from within 30 s, unless
    `replace` says that it takes over; then the first one's tasks go back at once and its words are refused.
    """

    agent: AgentSpec
    instance: str | None = None
    replace: bool = False
    local: bool = False
    """The agent lives in this node's own process: when the node ends, its tasks go back at once."""


class Registered(msgspec.Struct, kw_only=True):
    """The agent is known. `given_back` are tasks an earlier instance held."""

    name: str
    given_back: list[str] = []


class Drain(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Give the agent nothing new; what it has, it finishes."""

    agent: str
    reason: str = ""


class ResumeAgent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """End a drain."""

    agent: str


class SetHealth(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Say whether the agent is fit to work: while it is not, it is given nothing. What it has, it goes on with."""

    agent: str
    healthy: bool
    reason: str = ""
    instance: str | None = None


class RemoveAgent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Forget the agent; tasks in its hands go back to their old place."""

    agent: str


class SetQueue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Create a queue or replace its policy. Its pool can only change while it is empty."""

    queue: str
    policy: QueuePolicy = QueuePolicy()


class SetPool(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Create a pool or replace its policy."""

    pool: str
    policy: PoolPolicy = PoolPolicy()


class SetTenant(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Give a tenant its weight: its share of the work against the other tenants that wait."""

    tenant: str
    weight: int = 1


class PauseQueue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Give out nothing of this queue until it is resumed; tasks still come in."""

    queue: str
    reason: str = ""


class ResumeQueue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """End a pause."""

    queue: str


class PurgeQueue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Cancel all ready tasks of a queue, at most 10,000 a call; repeat until it answers 0."""

    queue: str
    reason: str = "purged"


class Purged(msgspec.Struct, kw_only=True):
    """How many tasks were cancelled."""

    cancelled: int


class CreateProject(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Create a project, with its first tasks if there are any: all or nothing.

    The same `request` again answers the same project and creates nothing.
    """

    project: ProjectSpec
    tasks: list[TaskSpec] = []
    request: str | None = None


class ProjectMade(msgspec.Struct, kw_only=True):
    """The project's id and its first tasks' ids."""

    project: str
    ids: list[str] = []


class AddToProject(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Submit tasks into a project that is open, named by id or key: all or none.

    The same `request` again answers the same ids and submits nothing.
    """

    project: str
    tasks: list[TaskSpec]
    request: str | None = None


class FinalizeProject(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Close a project whose tasks have all ended; it takes no more."""

    project: str


class DeleteProject(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Delete a project: unfinished tasks are cancelled, finished ones keep their story without it."""

    project: str


class RemoveFromProject(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Take tasks out of a project that is open: unfinished ones are cancelled, finished ones keep their story without
    it. Whatever waited for one of them does not wait for it any more."""

    project: str
    tasks: list[str]


class Ok(msgspec.Struct, kw_only=True):
    """It was done. `changed` is false when it was so already."""

    changed: bool = True
