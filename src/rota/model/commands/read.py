"""Questions: what can be asked without changing anything, and the answers."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.model.agent import AgentView
from rota.model.event import EventView
from rota.model.priority import Priority
from rota.model.project import ProjectView
from rota.model.queue import QueueView
from rota.model.state import State
from rota.model.task import AttemptView, TaskView


class GetTask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One task with everything about it."""

    task: str


class ListTasks(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Tasks, newest first, by any of these filters together. `cursor` goes on after a page."""

    state: State | None = None
    queue: str | None = None
    project: str | None = None
    tenant: str | None = None
    priority: Priority | None = None
    kind: str | None = None
    batch: str | None = None
    agent: str | None = None
    """Who has the task now."""
    unique: str | None = None
    limit: int = 100
    cursor: str | None = None


class TaskPage(msgspec.Struct, kw_only=True):
    """A page of tasks; `cursor` is None on the last one."""

    tasks: list[TaskView]
    cursor: str | None = None


class GetHistory(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What happened to one task: its attempts and its events, oldest first."""

    task: str


class TaskHistory(msgspec.Struct, kw_only=True):
    """The story of a task."""

    task: TaskView
    attempts: list[AttemptView]
    events: list[EventView]


class Explain(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why a task waits or why its agent got it."""

    task: str


class Explanation(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The reasons the plan gives."""

    task: str
    state: State
    reason: str
    """A stable code, then facts: `ready`, `paused`, `limit:KEY`, `nobody:role=2`, `blocked`, ..."""
    text: str
    """The same as a sentence."""
    ahead: int | None = None
    """Ready tasks of the same lane that come before it (counted up to 10,000)."""
    better_lanes: int | None = None
    """Lanes of better bands in its pool that hold tasks."""
    agents: dict[str, str] = {}
    """For each agent of the pool: `may`, or the reason why not."""
    waiting_for: list[str] = []
    """Parents it waits for."""
    why: dict[str, Any] = {}
    """For a task given away: what was recorded."""


class ListAgents(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Agents by name."""

    pool: str | None = None
    limit: int = 1_000
    cursor: str | None = None


class AgentPage(msgspec.Struct, kw_only=True):
    """A page of agents."""

    agents: list[AgentView]
    cursor: str | None = None


class GetAgent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One agent, with the tasks in its hands."""

    agent: str


class ListQueues(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All queues with their counts."""


class QueuePage(msgspec.Struct, kw_only=True):
    """The queues."""

    queues: list[QueueView]


class GetQueue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One queue."""

    queue: str


class ListProjects(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Projects, oldest first."""

    limit: int = 100
    cursor: str | None = None


class ProjectPage(msgspec.Struct, kw_only=True):
    """A page of projects."""

    projects: list[ProjectView]
    cursor: str | None = None


class GetProject(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One project, by id or key."""

    project: str


class GetStatistics(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Counts of what happened in the last `minutes`, and of what waits and runs now."""

    minutes: int = 60


class Statistics(msgspec.Struct, kw_only=True):
    """Counts and sums. `waited_s` is the sum of queue times of the tasks given."""

    minutes: int
    counts: dict[str, int]
    """By what happened: submitted, given, done, failed, lost, dead, cancelled, expired, deadline_met, ..."""
    waited_s: float
    per_queue: dict[str, dict[str, int]]
    waiting: int
    running: int
    aside: dict[str, int]
    agents: int


class ListEvents(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The history of everything, oldest first, from after `cursor`; without one from the beginning, or from `since`."""

    cursor: str | None = None
    since: str | None = None
    """RFC 3339: leave out what was before."""
    limit: int = 500


class EventPage(msgspec.Struct, kw_only=True):
    """A page of events; go on with `cursor`, which is never None, as more may come."""

    events: list[EventView]
    cursor: str


class GetBatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How far the tasks of one batch label have come."""

    batch: str


class BatchGroup(msgspec.Struct, kw_only=True):
    """Tasks of a batch that are in one queue, of one kind and in one state."""

    queue: str
    kind: str
    state: State
    tasks: int
    estimated: int
    """How many of them came with an estimate."""
    estimate_s: float
    """The sum of these estimates, seconds."""


class BatchView(msgspec.Struct, kw_only=True):
    """A batch as counted now; all is empty or None when no task has the label."""

    batch: str
    tasks: int
    states: dict[str, int]
    groups: list[BatchGroup]
    submitted: str | None = None
    """When the first of them was submitted."""
    finished: str | None = None
    """When the last that has ended did."""


class ListAttempts(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The ended attempts at the tasks of a batch, by task and number; `cursor` goes on after a page."""

    batch: str
    limit: int = 1_000
    cursor: str | None = None


class TaskAttempt(msgspec.Struct, kw_only=True):
    """An attempt with its task."""

    task: str
    attempt: AttemptView


class AttemptPage(msgspec.Struct, kw_only=True):
    """A page of attempts; `cursor` is None on the last one."""

    attempts: list[TaskAttempt]
    cursor: str | None = None


class Backup(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Write a complete copy of the database to `path` while work goes on."""

    path: str


class BackedUp(msgspec.Struct, kw_only=True):
    """Where the copy is and how large."""

    path: str
    bytes: int
