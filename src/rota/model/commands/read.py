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
    whole: bool = False
    """With description, payload, result and parents of each, as `get_task` shows them."""
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


class RefusalView(msgspec.Struct, kw_only=True):
    """Why an agent may not do a task."""

    code: str
    """Stable, one of `rota.planning.refusal.CODES`."""
    text: str
    passes: str
    """`never`, `by_itself` (with time), `when_freed` (the agent ends tasks), `when_changed`."""
    data: dict[str, Any] = {}
    """The facts; `until` is when it may have passed, RFC 3339."""


class OrderView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Where a waiting task stands in the order of work (docs/scheduling.md), and why."""

    band: str
    late: bool = False
    due: str | None = None
    """None for late ones: they go shortest first."""
    estimate_s: float = 0.0
    tenant_ahead_s: float = 0.0
    """How far its tenant is ahead of the one that had least in this band, seconds of work per weight."""
    project_ahead_s: float = 0.0
    """How far its project is ahead of the one of the same tenant that had least, seconds of work."""
    why: list[str] = []
    """The reason for each part."""
    before: int = 0
    """Tasks that are given before it and compete for the same agents, tenants that stand back included. Where more than
    1,000 wait in its band it may be an estimate from counts, up to 10,000 of a lane; then `why` says so."""
    work_before_s: float = 0.0
    starts_p50: str | None = None
    """When it will probably start, not before limits and working hours let it; None when nobody knows."""
    starts_p90: str | None = None
    finishes_p50: str | None = None
    finishes_p90: str | None = None


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
    refusals: dict[str, RefusalView] = {}
    """The reasons with their facts, by agent; who may is not named."""
    order: OrderView | None = None
    """Its place in the order of work; for ready tasks."""
    waiting_for: list[str] = []
    """Parents it waits for."""
    why: dict[str, Any] = {}
    """For a task given away: what was recorded, of its last attempt when that has ended."""


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


class ExplainAgent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an agent would be given next, and what it is refused and why."""

    agent: str
    limit: int = 20
    above: Priority | None = None
    """Only work of a better priority than this. Where none waits, the agent itself is not looked at either."""


class NextTask(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A task that the agent may take."""

    task: str
    priority: str
    late: bool = False
    due: str | None = None


class RefusedWork(msgspec.Struct, kw_only=True):
    """Tasks that wait and that the agent gets none of."""

    priority: str
    queue: str
    needs: str
    """What they ask, as JSON."""
    waiting: int
    code: str
    text: str


class AgentExplanation(msgspec.Struct, kw_only=True):
    """An agent and what waits for it."""

    agent: str
    slots: int
    running: int
    barred: str | None
    """Why it gets nothing at all at present."""
    next: list[NextTask]
    """In the order of work."""
    refused: list[RefusedWork]


class ListQueues(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All queues with their counts."""


class QueuePage(msgspec.Struct, kw_only=True):
    """The queues."""

    queues: list[QueueView]


class ListTenants(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All tenants with their weights."""


class TenantPage(msgspec.Struct, kw_only=True):
    """Tenants by name, with their weights."""

    tenants: dict[str, int]


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
    counts: bool = True
    """Count its tasks by state, which takes the longer the more there are."""


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
    """Leave out what was before: RFC 3339, or a span that counts back from now, such as `1h`."""
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
