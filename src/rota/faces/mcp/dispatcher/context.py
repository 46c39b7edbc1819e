"""`get_distribution_context`: task volumes, agent capacities, priority schemes, performance targets, constraints."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from rota.engine.book import Book
from rota.faces.mcp.dispatcher.attention import Attention, attention
from rota.faces.mcp.dispatcher.goals import goals_of
from rota.faces.mcp.dispatcher.lists import AgentLine, QueueLine, agent_line, queue_line
from rota.faces.mcp.looking import looking
from rota.faces.mcp.tool import Call, Hints, Tool
from rota.files.targets import Targets
from rota.model.agent import AgentView
from rota.model.commands.limits import LimitPage, ListLimits
from rota.model.commands.read import (
    AgentPage,
    GetStatistics,
    ListAgents,
    ListQueues,
    ListTenants,
    QueuePage,
    Statistics,
    TenantPage,
)
from rota.model.commands.route import ListRules, RulePage
from rota.model.errors import invalid
from rota.model.priority import PRIORITIES, TARGET_WAIT_S
from rota.model.queue import Preemption
from rota.model.rule import name_of
from rota.model.times import rfc3339
from rota.operations.distributor import Distributor
from rota.operations.lanes import lanes_of

REQUEST = "get_distribution_context"
AGENTS = 200
"""Agents that are listed one by one; the sums are of all."""
MINUTES = 60
ORDER = "(band, late, ahead, due, seq), smallest first"


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What comes with the envelope; the query is for people, the answer is always whole."""

    query: str = ""


class GetContext(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Arguments: the envelope of a context query, all of it optional."""

    requesting_agent: str = "task-distributor"
    request_type: str = REQUEST
    payload: Annotated[Payload, Meta(description="{'query': '...'}")] = Payload()


class Volumes(msgspec.Struct, kw_only=True):
    """What there is to do, and how it flowed in the last hour."""

    waiting: int
    running: int
    aside: dict[str, int]
    by_priority: dict[str, int]
    by_tenant: dict[str, int]
    queues: list[QueueLine]
    last_hour: dict[str, int]
    submitted_per_minute: float
    done_per_minute: float
    mean_wait_s: float | None


class Capacities(msgspec.Struct, kw_only=True):
    """Who can do it. Free slots are those of active, healthy agents."""

    agents: int
    slots: int
    running: int
    free: int
    utilisation: float | None
    by_role: dict[str, int]
    """Free slots."""
    by_skill: dict[str, int]
    """Free slots of agents that have it at any level."""
    roster: list[AgentLine]
    """The first 200, least loaded first."""


class Priorities(msgspec.Struct, kw_only=True):
    """How it is decided what goes first."""

    levels: list[str]
    target_wait_s: dict[str, float]
    order: str
    strategies: dict[str, str]
    """By pool, how the agent is chosen."""
    preemption: dict[str, Preemption]
    """By pool; a missing one preempts nothing."""
    tenants: dict[str, int]
    """Their weights."""
    starvation: str


class Goals(msgspec.Struct, kw_only=True):
    """What is to be reached: `[targets]` of fleet.toml. Spans are seconds, shares 0 to 1."""

    targets: Targets
    source: str


class LimitLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A limit, and how much of it is left where it is used."""

    name: str
    unit: str
    capacity: float
    on_empty: str
    period_s: float | None = None
    left: dict[str, float] = {}


class Constraints(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What must not be."""

    limits: list[LimitLine]
    used_up: dict[str, str] = {}
    """Keys of providers that are used up, with the time when they open."""
    rules: list[str] = []
    """Routing rules by name, in their order."""
    review: list[str] = []
    """Queues whose results are approved before they count."""
    paused: list[str] = []
    depth: dict[str, int] = {}
    """The most that may wait, by queue."""


class Context(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Answer."""

    requesting_agent: str
    request_type: str
    at: str
    task_volumes: Volumes
    agent_capacities: Capacities
    priority_schemes: Priorities
    performance_targets: Goals
    constraints: Constraints
    findings: list[str] = []
    """What strikes at first sight, the most pressing first."""
    attention: list[Attention] = []


def run(call: Call) -> Context:
    """Put it together from what every operation shows."""
    asked: GetContext = call.arguments
    if asked.request_type != REQUEST:
        raise invalid("request_type", f"is {REQUEST!r}, or is left out")
    rota = call.distributor
    queues: QueuePage = rota.call(ListQueues())
    agents = _agents(rota)
    limits: LimitPage = rota.call(ListLimits())
    rules: RulePage = rota.call(ListRules())
    goals, source = goals_of(call.session.folder)
    volumes = _volumes(rota, queues)
    capacities = _capacities(agents)
    return Context(
        requesting_agent=asked.requesting_agent,
        request_type=asked.request_type,
        at=rfc3339(rota.node.clock()),
        task_volumes=volumes,
        agent_capacities=capacities,
        priority_schemes=_priorities(rota),
        performance_targets=Goals(targets=goals, source=source),
        constraints=_constraints(queues, limits, [name_of(rule, at) for at, rule in enumerate(rules.rules)]),
        findings=_findings(volumes, capacities),
        attention=attention(rota),
    )


def _agents(rota: Distributor) -> list[AgentView]:
    found: list[AgentView] = []
    cursor: str | None = None
    while True:
        page: AgentPage = rota.call(ListAgents(cursor=cursor))
        found += page.agents
        if (cursor := page.cursor) is None:
            return found


def _volumes(rota: Distributor, queues: QueuePage) -> Volumes:
    now: Statistics = rota.call(GetStatistics(minutes=MINUTES))
    by_priority, by_tenant = _waiting(rota)
    given = now.counts.get("given", 0)
    return Volumes(
        waiting=now.waiting,
        running=now.running,
        aside=now.aside,
        by_priority=by_priority,
        by_tenant=by_tenant,
        queues=[queue_line(queue) for queue in queues.queues],
        last_hour=now.counts,
        submitted_per_minute=round(now.counts.get("submitted", 0) / MINUTES, 3),
        done_per_minute=round(now.counts.get("done", 0) / MINUTES, 3),
        mean_wait_s=round(now.waited_s / given, 3) if given else None,
    )


def _waiting(rota: Distributor) -> tuple[dict[str, int], dict[str, int]]:
    """Ready tasks by priority, promotions counted, and by tenant."""
    by_priority: Counter[str] = Counter()
    by_tenant: Counter[str] = Counter()
    with looking(rota) as view:
        for pool in view.book.pools:
            for one in lanes_of(view.reader, view.book, pool):
                by_priority[PRIORITIES[one.key.band]] += one.tasks
                by_tenant[view.book.tenant_name(view.reader, one.key.tenant)] += one.tasks
    return {name: by_priority[name] for name in PRIORITIES}, dict(by_tenant.most_common(50))


def _capacities(agents: list[AgentView]) -> Capacities:
    lines = sorted(map(agent_line, agents), key=lambda line: (not line.free, line.load, line.name))
    by_role: Counter[str] = Counter()
    by_skill: Counter[str] = Counter()
    for line in lines:
        by_role[line.role or "any"] += line.free
        for skill in line.skills:
            by_skill[skill] += line.free
    slots, running = sum(line.slots for line in lines), sum(line.running for line in lines)
    return Capacities(
        agents=len(lines),
        slots=slots,
        running=running,
        free=sum(line.free for line in lines),
        utilisation=round(running / slots, 4) if slots else None,
        by_role=dict(by_role),
        by_skill=dict(by_skill.most_common(100)),
        roster=lines[:AGENTS],
    )


def _priorities(rota: Distributor) -> Priorities:
    tenants: TenantPage = rota.call(ListTenants())
    with looking(rota) as view:
        book: Book = view.book
        pools = [(pool.name, pool.policy) for pool in book.pools.values()]
    return Priorities(
        levels=list(PRIORITIES),
        target_wait_s=dict(zip(PRIORITIES, TARGET_WAIT_S, strict=True)),
        order=ORDER,
        strategies={name: policy.strategy for name, policy in pools},
        preemption={name: policy.preempt for name, policy in pools if policy.preempt is not None},
        tenants=tenants.tenants,
        starvation="inside a priority by deadline or target wait; tenants ahead of their share stand back",
    )


def _constraints(queues: QueuePage, limits: LimitPage, rules: list[str]) -> Constraints:
    return Constraints(
        limits=[
            LimitLine(
                name=one.name,
                unit=one.limit.unit,
                capacity=one.limit.capacity,
                on_empty=one.limit.on_empty,
                period_s=one.limit.period,
                left={use.key: use.left for use in one.uses[:20]},
            )
            for one in limits.limits
        ],
        used_up=limits.parked,
        rules=rules,
        review=[queue.name for queue in queues.queues if queue.policy.approval],
        paused=[queue.name for queue in queues.queues if queue.paused],
        depth={queue.name: queue.policy.depth for queue in queues.queues if queue.policy.depth is not None},
    )


def _findings(volumes: Volumes, capacities: Capacities) -> list[str]:
    found = []
    if volumes.waiting and not capacities.agents:
        found.append(f"{volumes.waiting} tasks wait and there is no agent: call register_roster.")
    elif volumes.waiting and not capacities.free:
        found.append(f"{volumes.waiting} tasks wait and every slot is taken: agents are the bottleneck.")
    elif volumes.waiting and capacities.free:
        found.append(
            f"{volumes.waiting} tasks wait beside {capacities.free} free slots: nobody claims, or they do not fit; "
            "call assign_tasks, then explain_task for what is left."
        )
    for queue in volumes.queues:
        if queue.depth and queue.waiting >= 0.8 * queue.depth:
            found.append(f"Queue {queue.name} is {queue.waiting / queue.depth:.0%} full.")
        if queue.paused and queue.waiting:
            found.append(f"Queue {queue.name} is paused with {queue.waiting} tasks waiting.")
    for state, do in (
        ("review", "approve_task or reject_task"),
        ("asked", "answer"),
        ("dead", "explain_task, redrive"),
    ):
        if volumes.aside.get(state):
            found.append(f"{volumes.aside[state]} tasks are {state}: {do}.")
    return found


def _example() -> dict[str, Any]:
    return {
        "requesting_agent": "task-distributor",
        "request_type": REQUEST,
        "payload": {"query": "task volumes, agent capacities, priority schemes, performance targets, constraints"},
    }


TOOL = Tool(
    name="get_distribution_context",
    group="dispatcher",
    title="Get distribution context",
    description="Everything to start from: task volumes, agent capacities, priority schemes, performance targets, "
    "constraints, and what needs attention. Takes the context query's envelope; no argument is needed.",
    takes=GetContext,
    gives=Context,
    scope="read",
    hints=Hints(reads=True),
    run=run,
    example=_example(),
)
