"""`list_agents` and `list_queues`: who can work, and what waits."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.faces.mcp.fence import maybe_fenced
from rota.faces.mcp.tool import Call, Hints, Tool
from rota.model.agent import AgentView, Cost
from rota.model.bounds import PAGE
from rota.model.commands.read import AgentPage, ListAgents, ListQueues, QueuePage
from rota.model.errors import RotaError
from rota.model.queue import QueueView


class ListOfAgents(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    pool: str | None = None
    role: str | None = None
    free: Annotated[bool, Meta(description="Only those with a free slot.")] = False
    limit: Annotated[int, Meta(ge=1, le=PAGE)] = 100
    cursor: Annotated[str | None, Meta(description="From a page before.")] = None


class AgentLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An agent."""

    name: str
    state: str
    healthy: bool
    slots: int
    running: int
    free: int
    load: float
    """Running over slots, 0 to 1."""
    done: int
    failed: int
    role: str | None = None
    skills: dict[str, int] = {}
    region: str | None = None
    pool: str = "default"
    cost: Cost | None = None
    listening: int = 0
    tasks: list[str] = []
    last_seen: str | None = None
    reason: str | None = None


class Agents(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    agents: list[AgentLine]
    """Least loaded first."""
    slots: int
    running: int
    free: int
    cursor: str | None = None


def agent_line(agent: AgentView) -> AgentLine:
    """An agent, as a dispatcher wants to know it."""
    slots = agent.slots if agent.slots_now is None else agent.slots_now
    open_for_work = agent.state == "active" and agent.healthy
    return AgentLine(
        name=agent.name,
        state=agent.state,
        healthy=agent.healthy,
        slots=slots,
        running=agent.running,
        free=max(slots - agent.running, 0) if open_for_work else 0,
        load=round(agent.running / slots, 3) if slots else 1.0,
        done=agent.done,
        failed=agent.failed,
        role=agent.role,
        skills=agent.skills,
        region=agent.region,
        pool=agent.pool,
        cost=agent.cost,
        listening=agent.listening,
        tasks=agent.tasks,
        last_seen=agent.last_seen,
        reason=maybe_fenced(agent.reason, f"agent {agent.name} reason"),
    )


def list_agents(call: Call) -> Agents:
    """A page of agents."""
    asked: ListOfAgents = call.arguments
    page: AgentPage = call.distributor.call(ListAgents(pool=asked.pool, limit=asked.limit, cursor=asked.cursor))
    found = [
        line
        for line in map(agent_line, page.agents)
        if (asked.role is None or line.role == asked.role) and (line.free or not asked.free)
    ]
    return Agents(
        agents=sorted(found, key=lambda line: (not line.free, line.load, line.name)),
        slots=sum(line.slots for line in found),
        running=sum(line.running for line in found),
        free=sum(line.free for line in found),
        cursor=page.cursor,
    )


class ListOfQueues(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments."""

    queue: Annotated[str | None, Meta(description="Only this one.")] = None


class QueueLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A queue."""

    name: str
    pool: str
    waiting: int
    running: int
    aside: dict[str, int] = {}
    """Blocked, scheduled, held, asked, in review, dead."""
    paused: bool = False
    reason: str | None = None
    depth: int | None = None
    """The most that may wait."""
    overflow: str | None = None
    ordering: str = "deadline"
    max_attempts: int = 5
    term_s: float = 60.0
    ttl_s: float | None = None
    approval: bool = False
    target_wait_s: dict[str, float] = {}


class Queues(msgspec.Struct, kw_only=True):
    """Answer."""

    queues: list[QueueLine]
    waiting: int
    running: int


def queue_line(queue: QueueView) -> QueueLine:
    """A queue with what matters of its policy."""
    policy = queue.policy
    return QueueLine(
        name=queue.name,
        pool=policy.pool,
        waiting=queue.waiting,
        running=queue.running,
        aside=queue.aside,
        paused=queue.paused,
        reason=maybe_fenced(queue.reason, f"queue {queue.name} reason"),
        depth=policy.depth,
        overflow=None if policy.depth is None else policy.overflow,
        ordering=policy.ordering,
        max_attempts=policy.max_attempts,
        term_s=policy.term,
        ttl_s=policy.ttl,
        approval=policy.approval,
        target_wait_s=policy.target_wait,
    )


def list_queues(call: Call) -> Queues:
    """All queues, or one."""
    asked: ListOfQueues = call.arguments
    page: QueuePage = call.distributor.call(ListQueues())
    found = [queue_line(queue) for queue in page.queues if asked.queue in (None, queue.name)]
    if asked.queue is not None and not found:
        raise RotaError("no_queue", f"there is no queue {asked.queue[:100]!r}", field="queue")
    return Queues(
        queues=found, waiting=sum(queue.waiting for queue in found), running=sum(queue.running for queue in found)
    )


AGENTS = Tool(
    name="list_agents",
    group="dispatcher",
    title="List agents",
    description="Agents with their free slots, load, skills, health and record, the least loaded first.",
    takes=ListOfAgents,
    gives=Agents,
    scope="read",
    hints=Hints(reads=True),
    run=list_agents,
    example={"free": True},
)
QUEUES = Tool(
    name="list_queues",
    group="dispatcher",
    title="List queues",
    description="Queues with what waits, runs, or is set aside in each, and their policies.",
    takes=ListOfQueues,
    gives=Queues,
    scope="read",
    hints=Hints(reads=True),
    run=list_queues,
    example={},
)
