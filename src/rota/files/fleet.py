"""A fleet as fleet.toml describes it, checked and ready to use: agents, their processes, queues, pools."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec

from rota.files.auto_slots import slots_of
from rota.files.guard import Guard, guard_of
from rota.files.keylines import line_of
from rota.files.limits import limits_of
from rota.files.nobody import Described, for_nobody
from rota.files.place import Caution, Misfit, Path, nearest, quoted
from rota.files.processes import ProcessSettings as ProcessSettings
from rota.files.processes import Workspace as Workspace
from rota.files.processes import process_settings
from rota.files.routing import doubtful_stages, near_of, preemption_of, rules_of, stages_of
from rota.files.schedules import schedules_of
from rota.files.spans import maybe_span, span_of
from rota.files.strategy import check_strategies, terms_of
from rota.files.tables import AgentTable, FleetTable, PoolTable, QueueTable
from rota.files.targets import Targets, targets_of
from rota.files.working_hours import hours_of, reserves_of, zone_of_agent
from rota.model.agent import AgentSpec, Cost
from rota.model.bounds import NAME
from rota.model.errors import RotaError
from rota.model.limit import LimitSpec
from rota.model.queue import Backoff, PoolPolicy, QueuePolicy
from rota.model.rule import Rule
from rota.model.schedule import ScheduleSpec
from rota.planning.snapshot import profile_of

TERM_S = 7 * 86_400.0
"""The longest lease term, seconds."""


class FleetAgent(msgspec.Struct, frozen=True, kw_only=True):
    """One agent. `process` is None when it connects from outside; `table` numbers its `[[agent]]`, from 0."""

    spec: AgentSpec
    process: ProcessSettings | None
    table: int
    line: int
    """Where its `[[agent]]` begins."""


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file. `database` is as written; an agent table with a `count` has become that many agents."""

    folder: str
    file: str | None = None
    database: str | None = None
    queues: dict[str, QueuePolicy] = {}
    pools: dict[str, PoolPolicy] = {}
    tenants: dict[str, int] = {}
    """Their weights."""
    agents: tuple[FleetAgent, ...] = ()
    limits: tuple[LimitSpec, ...] = ()
    rules: tuple[Rule, ...] = ()
    schedules: tuple[ScheduleSpec, ...] = ()
    targets: Targets = Targets()
    guard: Guard | None = None
    cautions: tuple[Caution, ...] = ()
    """What may be wrong with it, though something outside the file may make it right."""


def fleet_of(table: FleetTable, folder: str, file: str, lines: Mapping[Path, int]) -> Fleet:
    """The fleet that the tables describe; a `Misfit` where they do not fit together. `lines` says where they stand."""
    if table.database is not None and not table.database.strip():
        raise Misfit(("database",), "this is empty; name a file or a postgresql:// address, or leave it out")
    _check_printable(table)
    near = near_of(table.region)
    queues = {name: _queue(queue, table.queue, near, ("queue", name)) for name, queue in table.queue.items()}
    _check_overflow(queues)
    check_strategies(table.strategy)
    pools = {name: _pool(pool, table.strategy, ("pool", name)) for name, pool in table.pool.items()}
    agents = [
        agent
        for at, entry in enumerate(table.agent)
        for agent in _agents(entry, at, folder, lines.get(("agent", at), 1))
    ]
    _check_names(agents)
    _check_pools(agents, queues, pools)
    _check_databases(table)
    rules = rules_of(table.rule, queues)
    limits = limits_of(table.limit, queues, {name for rule in rules for name in rule.set.limits})
    schedules = schedules_of(table.schedule, queues)
    specs = [agent.spec for agent in agents]
    described = Described(specs, list(map(profile_of, specs)), queues, pools, rules, limits, schedules)
    closed = all(agent.process is not None for agent in agents)
    doubts = [*doubtful_stages(queues), *for_nobody(described, closed=closed)]
    return Fleet(
        folder=folder,
        file=file,
        database=table.database,
        queues=queues,
        pools=pools,
        agents=tuple(agents),
        tenants={name: tenant.weight for name, tenant in table.tenant.items()},
        limits=limits,
        rules=rules,
        schedules=schedules,
        targets=targets_of(table.targets),
        guard=guard_of(table.guard),
        cautions=tuple(_caution(doubt.at(file, line_of(lines, doubt.path))) for doubt in doubts),
    )


def _caution(error: RotaError) -> Caution:
    return Caution(error.field or "", error.message)


def _check_printable(table: FleetTable) -> None:
    for path, name in _names(table):
        if name is not None and not (name.isprintable() and name.strip()):
            raise Misfit(path, f"the name {quoted(name)} is blank or holds a control character; choose another")


def _names(table: FleetTable) -> Iterator[tuple[Path, str | None]]:
    for name, queue in table.queue.items():
        yield ("queue", name), name
        yield ("queue", name, "pool"), queue.pool
        yield ("queue", name, "overflow_queue"), queue.overflow_queue
    for name in table.pool:
        yield ("pool", name), name
    for name in table.tenant:
        yield ("tenant", name), name
    for at, agent in enumerate(table.agent):
        for field in ("name", "role", "region", "pool"):
            yield ("agent", at, field), getattr(agent, field)
        for skill in agent.skills:
            yield ("agent", at, "skills", skill), skill
        for resource in agent.resources:
            yield ("agent", at, "resources", resource), resource
        for number, reserve in enumerate(agent.reserve):
            yield ("agent", at, "reserve", number, "tenant"), reserve.tenant


def _queue(table: QueueTable, queues: Collection[str], near: dict[str, tuple[str, ...]], path: Path) -> QueuePolicy:
    base = span_of(table.backoff.base, (*path, "backoff", "base"), least=0)
    cap = span_of(table.backoff.cap, (*path, "backoff", "cap"), least=0)
    if cap < base:
        raise Misfit((*path, "backoff", "cap"), f"this is less than base, {base:g} seconds; make it at least that")
    return QueuePolicy(
        pool=table.pool,
        max_attempts=table.max_attempts,
        backoff=Backoff(base=base, cap=cap),
        term=span_of(table.term, (*path, "term"), least=1, most=TERM_S),
        ttl=maybe_span(table.ttl, (*path, "ttl")),
        ordering=table.ordering,
        patience=table.patience,
        target_wait={
            name: span_of(wait, (*path, "target_wait", name), least=0) for name, wait in table.target_wait.items()
        },
        approval=table.approval,
        max_unreviewed=table.max_unreviewed,
        depth=table.depth,
        overflow=table.overflow,
        overflow_queue=table.overflow_queue,
        stages=stages_of(table.stages, table.max_attempts, queues, (*path, "stages")),
        near=near,
        group_size=table.group_size,
    )


def _pool(table: PoolTable, own: Mapping[str, dict[str, float]], path: Path) -> PoolPolicy:
    terms = terms_of(table.strategy, own, (*path, "strategy"))
    preempt = preemption_of(table.preempt, (*path, "preempt"))
    fields = {**msgspec.structs.asdict(table), "terms": terms, "preempt": preempt}
    del fields["database"]
    return PoolPolicy(**fields)


def _check_overflow(queues: Mapping[str, QueuePolicy]) -> None:
    for name, policy in queues.items():
        path: Path = ("queue", name, "overflow_queue")
        target = policy.overflow_queue
        if policy.overflow == "move" and target is None:
            raise Misfit(
                ("queue", name, "overflow"),
                "`move` needs overflow_queue: the queue that takes what is too much",
            )
        if policy.overflow != "move" and target is not None:
            raise Misfit(path, 'this is only used with overflow = "move"; add that, or leave this out')
        if policy.overflow != "refuse" and policy.depth is None:
            raise Misfit(("queue", name, "overflow"), "this is only used with depth; add it, or leave this out")
        if target == name:
            raise Misfit(path, "a queue cannot take its own overflow; name another one")
        if target is not None and target not in queues and target != "default":
            raise Misfit(path, f"this file has no queue {quoted(target)}{nearest(target, queues)}")


def _agents(table: AgentTable, at: int, folder: str, line: int) -> list[FleetAgent]:
    path: Path = ("agent", at)
    process = process_settings(table, path, folder)
    names = [table.name] if table.count == 1 else [f"{table.name}-{number}" for number in range(1, table.count + 1)]
    if len(names[-1]) > NAME:
        raise Misfit((*path, "name"), f"with its number this is longer than {NAME} characters; shorten it")
    slots, least_slots = slots_of(table, path)
    cost = None if table.cost is None else Cost(**msgspec.structs.asdict(table.cost))
    spec = AgentSpec(
        name=table.name,
        role=table.role,
        slots=slots,
        least_slots=least_slots,
        skills=table.skills,
        region=table.region,
        pool=table.pool,
        cost=cost,
        weight=table.weight,
        resources={name: float(amount) for name, amount in table.resources.items()},
        hours=hours_of(table.hours, (*path, "hours")),
        time_zone=zone_of_agent(table.time_zone, table, path),
        reserve=reserves_of(table, path),
        limit=table.limit,
    )
    return [
        FleetAgent(spec=msgspec.structs.replace(spec, name=name), process=process, table=at, line=line)
        for name in names
    ]


def _check_names(agents: list[FleetAgent]) -> None:
    first: dict[str, int] = {}
    for agent in agents:
        taken = first.setdefault(agent.spec.name, agent.table)
        if taken != agent.table:
            message = f"agent[{taken}] is called {quoted(agent.spec.name)} already; give this one another name"
            raise Misfit(("agent", agent.table, "name"), message)


def _check_pools(agents: list[FleetAgent], queues: Mapping[str, QueuePolicy], pools: Mapping[str, PoolPolicy]) -> None:
    """An agent in a pool that nothing else names would wait for ever: most likely a slip of the pen."""
    known = {"default", *pools, *(policy.pool for policy in queues.values())}
    for agent in agents:
        pool = agent.spec.pool
        if pool not in known:
            message = f"no queue of this file is in pool {quoted(pool)}{nearest(pool, known)}"
            raise Misfit(("agent", agent.table, "pool"), f"{message}; if it is right, add [pool.NAME] for it")


def _check_databases(table: FleetTable) -> None:
    """Limits count across the pools of a file, and nothing counts across databases."""
    for name, pool in table.pool.items():
        if pool.database is not None and pool.database != table.database:
            here = "the file names none" if table.database is None else f"the file's is {quoted(table.database)}"
            message = f"pool {quoted(name)} would live in another database ({here}), and no limit counts across two"
            raise Misfit(("pool", name, "database"), f"{message}; give the pool a fleet.toml of its own")
