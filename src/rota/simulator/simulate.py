"""Simulating a workload: reading it, making the fleet, running the engine on it, and putting together what came out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from rota.files.task_check import parent_of
from rota.model.commands.fleet import Register, SetPool, SetQueue, SetTenant
from rota.model.commands.limits import SetLimit
from rota.model.commands.route import SetRules
from rota.model.errors import RotaError, invalid
from rota.model.queue import PoolPolicy, QueuePolicy
from rota.model.times import SECOND
from rota.simulator.arrival import Workload
from rota.simulator.attempts import Attempts
from rota.simulator.drive import Drive, SimulationFault
from rota.simulator.fleet import SimulatedFleet, fleet_from, plain_fleet
from rota.simulator.ledger import Ledger
from rota.simulator.live import Live
from rota.simulator.measures.bound import Bound
from rota.simulator.measures.fairness import Shares
from rota.simulator.measures.laws import LawBroken
from rota.simulator.measures.load import Load
from rota.simulator.measures.sketch import rounded
from rota.simulator.options import Options, changed, options_of
from rota.simulator.patience import span_of
from rota.simulator.references import References
from rota.simulator.result import Outcome, Result, Speed, Stuck
from rota.simulator.settings import WORKLOAD_KEYS
from rota.simulator.shaping import Survey, shaped, survey
from rota.simulator.simulation import Simulation
from rota.simulator.stuck import stuck
from rota.simulator.tally import Tally
from rota.simulator.workloads.open_workload import open_workload, preset_of

ORIGIN = 1_767_571_200 * SECOND
"""When every simulation begins: 2026-01-05T00:00:00Z, a Monday."""
QUIET_TERM_S = 7 * 86_400.0
"""Where no agent ever crashes, heartbeats change nothing but the time that a simulation takes: leases last so long."""
WINDOW_MEANS = 100
"""Load variation is taken over so many mean works when nothing else is set."""
COLLECT_EVERY = 50_000
"""New objects after which Python looks for circles among them."""
LONGEST_S = 3 * 365 * 86_400.0


class Setup(NamedTuple):
    """Everything that was checked before anything runs."""

    workload: Workload
    fleet: SimulatedFleet
    options: Options
    survey: Survey
    queues: dict[str, QueuePolicy]
    pools: dict[str, PoolPolicy]
    wanted: frozenset[str]
    seed: int

    @property
    def weights(self) -> dict[str, float]:
        """Every tenant's weight: the fleet's, else the workload's, else 1."""
        known = {**self.workload.weights, **self.fleet.tenants}
        return {name: float(known.get(name, 1.0)) for name in sorted(self.survey.tenants)}


def prepared(
    text: str, *, fleet: str | None = None, slots: str | None = None, given: Mapping[str, str], seed: int = 0
) -> Setup:
    """Read the workload and the fleet and check all of it; refused naming file and line, or setting, and the fix."""
    options = options_of(given, preset_of(text))
    workload = open_workload(text, options.settings, seed)
    for key in sorted(set(options.given) & WORKLOAD_KEYS - workload.uses):
        known = ", ".join(sorted(workload.uses))
        raise invalid(f"--set {key}", f"this means nothing to {workload.kind}; remove it (they take {known})")
    team = _team(workload, fleet, slots).behaving(options.agents)
    found = survey(workload, options.settings, team.capacity, seed)
    if found.last_s > LONGEST_S:
        raise invalid(workload.name, f"goes on for {found.last_s:g} s; the longest is three years; raise --set pace")
    pools = {
        name: changed(team.pools.get(name, PoolPolicy()), options.pool, "pool") for name in ("default", *team.pools)
    }
    queues = _queues(team, found, options)
    for name in sorted({policy.pool for policy in queues.values()} | {agent.spec.pool for agent in team.agents}):
        pools.setdefault(name, changed(PoolPolicy(), options.pool, "pool"))
    return Setup(workload, team, options, found, queues, pools, _wanted(workload, options, team, seed), seed)


def _team(workload: Workload, fleet: str | None, slots: str | None) -> SimulatedFleet:
    if fleet is not None and slots is not None:
        raise invalid("--slots", "a fleet is named already; take one of --fleet and --slots")
    if fleet is not None:
        return fleet_from(fleet)
    if slots is not None:
        return plain_fleet(slots)
    if workload.fleet is None:
        raise invalid("--fleet", "nobody is there to do the tasks; name a fleet.toml, or take --slots N")
    return workload.fleet


def _queues(team: SimulatedFleet, found: Survey, options: Options) -> dict[str, QueuePolicy]:
    """The fleet's queues, the default one, and for a plain fleet every queue that a task names."""
    names = dict.fromkeys(("default", *team.queues, *(() if team.file else sorted(found.queues))))
    queues = {name: changed(team.queues.get(name, QueuePolicy()), options.queue, "queue") for name in names}
    quiet = all(agent.behaviour.crash == 0 for agent in team.agents)
    if quiet and "term" not in options.queue:
        queues = {name: msgspec.structs.replace(policy, term=QUIET_TERM_S) for name, policy in queues.items()}
    return queues


def _wanted(workload: Workload, options: Options, team: SimulatedFleet, seed: int) -> frozenset[str]:
    """Names that tasks of other arrivals wait for."""
    wanted: set[str] = set()
    for arrival in shaped(workload, options.settings, team.capacity, seed):
        if arrival.group:
            return frozenset()
        wanted.update(parent_of(after) for work in arrival.works for after in work.spec.after)
    return frozenset(wanted)


def simulate(
    setup: Setup,
    *,
    on_end: Callable[[Live, str, int], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Run one simulation. `on_end` is told of every task that ends, in order; `progress` of how many have.

    `simulation_fault` when a law was broken that holds for every run: the engine or the simulator is wrong then.
    """
    drive = Drive(setup.seed, ORIGIN)
    try:
        return _simulate(setup, drive, on_end, progress)
    except (LawBroken, SimulationFault) as fault:
        raise RotaError("simulation_fault", f"this simulation says nothing: {fault}") from fault
    finally:
        drive.close()


def _simulate(
    setup: Setup, drive: Drive, on_end: Callable[[Live, str, int], None] | None, progress: Callable[[int], None] | None
) -> Outcome:
    fleet, settings, found = setup.fleet, setup.options.settings, setup.survey
    _furnish(drive, setup)
    start = ORIGIN + round(found.first_s * SECOND)
    window = settings.window or WINDOW_MEANS * found.mean_s * fleet.slots / fleet.capacity
    pools = {name: policy.pool for name, policy in setup.queues.items()}
    masks = {fleet.eligible(needs, pools.get(queue, "")) for queue, needs in found.needs}
    weights = setup.weights
    best_speed = max(agent.behaviour.speed for agent in fleet.agents)
    tally = Tally(weights, settings.slowdown_floor, best_speed, _equal_slots(setup, masks))
    load = Load(fleet, _pools(fleet, masks), start, max(round(window * SECOND), 1))
    ledger = Ledger(drive, fleet, tally, load, Shares(weights), start)
    ledger.know_agents()
    ledger.on_end = on_end
    references = References(setup.workload.name, setup.wanted)
    ledger.keep = lambda live: references.keeps(live.work.spec)
    attempts = Attempts(fleet, setup.seed, start)
    simulation = Simulation(
        drive,
        fleet,
        pools,
        ledger,
        attempts,
        Bound(found.work_s, fleet.capacity, best_speed),
        references,
        settings,
        term=round(min(policy.term for policy in setup.queues.values()) * SECOND),
        origin=ORIGIN,
        batches=_lets_everything_in(setup),
        span=span_of(setup.pools.values()),
    )
    simulation.progress = progress
    with _collecting_seldom():
        simulation.run(shaped(setup.workload, settings, fleet.capacity, setup.seed))
    left = ledger.unfinished(simulation.last)
    reasons = stuck(left, drive)
    result = _result(setup, simulation, ledger, attempts, start, reasons, window)
    tasks_per_s = tally.tasks / simulation.seconds if simulation.seconds else 0.0
    speed = Speed(seconds=simulation.seconds, tasks_per_s=tasks_per_s, turns=drive.turns)
    return Outcome(result=result, speed=speed, bars=ledger.bars)


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """What a turn makes goes by itself when it is over; looking for circles in it took 2 % of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(COLLECT_EVERY, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _lets_everything_in(setup: Setup) -> bool:
    """Whether no submission can be refused for want of room."""
    refusing = any(limit.on_empty == "refuse" for limit in setup.fleet.limits)
    return not refusing and all(policy.depth is None for policy in setup.queues.values())


def _furnish(drive: Drive, setup: Setup) -> None:
    """Pools, queues and agents, as a user would make them known."""
    try:
        for name, policy in setup.pools.items():
            drive.ask(SetPool(pool=name, policy=policy))
        # Queues may name each other: first all of them, then how they overflow.
        for name, queue in setup.queues.items():
            plain = msgspec.structs.replace(queue, overflow="refuse", overflow_queue=None, stages=())
            drive.ask(SetQueue(queue=name, policy=plain))
        for name, queue in setup.queues.items():
            drive.ask(SetQueue(queue=name, policy=queue))
        for tenant, weight in whole(setup.weights).items():
            drive.ask(SetTenant(tenant=tenant, weight=weight))
        for limit in setup.fleet.limits:
            drive.ask(SetLimit(limit=limit))
        if setup.fleet.rules:
            drive.ask(SetRules(rules=list(setup.fleet.rules)))
        for agent in setup.fleet.agents:
            drive.ask(Register(agent=agent.spec))
    except RotaError as error:
        field = (error.field or "").removeprefix("policy.")
        given = [key for key in setup.options.given if key.split(".")[0] in ("queue", "pool")]
        exact = [key for key in given if key.endswith(f".{field}")]
        where = f"--set {(exact or given)[0]}" if given else error.field
        raise RotaError(error.code, error.message, field=where, **error.data) from None
    drive.events()


def whole(weights: Mapping[str, float]) -> dict[str, int]:
    """The weights as whole numbers in the same proportion, to a percent of the least."""
    if all(weight.is_integer() for weight in weights.values()):
        return {name: int(weight) for name, weight in weights.items()}
    least = min(weights.values())
    return {name: round(100 * weight / least) for name, weight in weights.items()}


def _equal_slots(setup: Setup, masks: set[int]) -> int:
    """How many slots there are when all are equal and may do everything, always; else 0."""
    fleet = setup.fleet
    everybody = (1 << len(fleet.agents)) - 1
    if fleet.uniform_speed is None or masks != {everybody} or fleet.limits:
        return 0
    specs = [agent.spec for agent in fleet.agents]
    if any(spec.hours or spec.reserve or spec.least_slots is not None for spec in specs):
        return 0
    if any(pool.slow_start_s or pool.preempt is not None for pool in setup.pools.values()):
        return 0
    bounded = any(needs.resources or needs.max_cost is not None for _queue, needs in setup.survey.needs)
    return 0 if bounded else fleet.slots


def _pools(fleet: SimulatedFleet, masks: set[int]) -> list[list[int]]:
    """Eligibility pools: agents that may do the same of the tasks that come."""
    pools: dict[tuple[bool, ...], list[int]] = {}
    ordered = sorted(masks)
    for index in range(len(fleet.agents)):
        pools.setdefault(tuple(bool(mask >> index & 1) for mask in ordered), []).append(index)
    return list(pools.values())


def _result(
    setup: Setup,
    simulation: Simulation,
    ledger: Ledger,
    attempts: Attempts,
    start: int,
    reasons: list[Stuck],
    window: float,
) -> Result:
    tally, load, found, end = ledger.tally, ledger.load, setup.survey, max(simulation.last, start)
    load.finish(end)
    span = (end - start) / SECOND
    came_s = found.last_s - found.first_s
    all_done = tally.ended["done"] == tally.tasks
    in_system = tally.tasks - tally.ended["refused"]
    return Result(
        workload=setup.workload.name,
        kind=setup.workload.kind,
        policy=setup.options.settings.policy,
        settings=dict(sorted(setup.options.given.items())),
        seed=setup.seed,
        agents=len(setup.fleet.agents),
        slots=setup.fleet.slots,
        capacity=rounded(setup.fleet.capacity),
        tasks=tally.tasks,
        ended=tally.ended,
        completion=tally.completion(),
        attempts=tally.attempts,
        failed=tally.failed,
        lost=tally.lost,
        queue_s=tally.queue.spread(SECOND),
        waited_share=rounded(tally.queue.positive),
        slowdown=tally.slowdown.spread(),
        tenant_slowdown_mean=tally.tenant_slowdown(),
        response_s=tally.response.spread(SECOND),
        throughput_per_s=rounded(tally.ended["done"] / span) if span else 0.0,
        offered_load=rounded(found.work_s / setup.fleet.capacity / (came_s or span)) if span else 0.0,
        utilisation=load.utilisation(end),
        utilisation_waiting=load.utilisation_waiting(),
        load_variation=load.pool_variation(),
        fleet_variation=load.fleet_variation(),
        window_s=rounded(window),
        pools=load.pools(end),
        fairness=ledger.shares.finish(end),
        deadlines=tally.deadlines(),
        makespan_s=rounded(span),
        makespan_bound_s=rounded(simulation.bound_s - found.first_s) if all_done else None,
        inversions=ledger.inversions,
        cost=rounded(attempts.cost),
        groups=tally.groups(),
        bands=tally.bands(),
        tenants=tally.tenants(),
        laws=ledger.laws(in_system, start, end),
        stuck=reasons,
        over_time=ledger.track.finish(end),
    )
