"""How the work will probably go: one pass forward, in which the plan itself gives out the tasks.

List scheduling (Graham 1966): at each moment at which a slot comes free or a task becomes ready, the plan gives what
it would give then. Every attempt succeeds, takes what was estimated, and all agents are there from the start.
"""

from __future__ import annotations

from bisect import insort
from heapq import heappop, heappush

from rota.check.plan_of_work import Project, Work
from rota.check.report import AgentForecast, Forecast
from rota.files.fleet import Fleet
from rota.model.priority import BANDS
from rota.model.queue import PoolPolicy
from rota.model.times import SECOND
from rota.planning.busy import faded, weight_of
from rota.planning.hours import is_open, next_change
from rota.planning.plan import plan
from rota.planning.reserve import taken
from rota.planning.snapshot import Agent, Head, Lane, Listener, Reserved, Snapshot

MOST = 20_000
"""Tasks that are given out one by one; beyond, only a lower bound is told."""
SECONDS_AN_HOUR = 3_600
WEEK = 8 * 86_400 * SECOND
"""All that working hours may say comes round in it, clocks put forward or back included."""
_OTHERS = 1
"""The tenants for whom no slots are kept."""


def forecast(project: Project, fleet: Fleet, *, assumed_s: float) -> Forecast:
    """The whole forecast."""
    able = _able(project)
    work = Pass(project, fleet, able)
    if len(able) <= MOST:
        work.run()
    else:
        work.divide()
    span = max(work.finish - project.now, 0) / SECOND
    agents = [_agent(project, work, number, span) for number in range(len(project.agents))]
    return Forecast(
        finish_s=span,
        work_s=sum(work.busy_s),
        cost=sum(agent.cost for agent in agents),
        agents=agents,
        left_out=len(project.works) - sum(work.tasks),
        assumed=sum(not project.is_known(found) for found in project.works),
        assumed_s=assumed_s,
        late=work.late,
    )


def _able(project: Project) -> set[int]:
    """Tasks that can be done: somebody may, they are not on hold, and all they wait for can be done."""
    able: set[int] = set()
    for number in project.in_order():
        work = project.works[number]
        if not work.held and project.takers(work) and all(parent in able for parent in work.parents):
            able.add(number)
    return able


def _agent(project: Project, work: Pass, number: int, span: float) -> AgentForecast:
    spec, busy = project.agents[number], work.busy_s[number]
    price = spec.cost
    cost = 0.0 if price is None else price.per_hour * busy / SECONDS_AN_HOUR + price.per_task * work.tasks[number]
    share = busy / (span * spec.slots) if span > 0 else 0.0
    return AgentForecast(name=spec.name, tasks=work.tasks[number], busy_s=busy, utilisation=share, cost=cost)


class Pass:
    """One pass over all tasks that can be done."""

    def __init__(self, project: Project, fleet: Fleet, able: set[int]) -> None:
        self.finish = project.now
        self.late = 0
        self.tasks = [0] * len(project.agents)
        self.busy_s = [0.0] * len(project.agents)
        self._project = project
        self._able = able
        self._pools = {name: fleet.pools.get(name, PoolPolicy()) for name in {spec.pool for spec in project.agents}}
        self._waiting = [len(work.parents) for work in project.works]
        self._moments: list[tuple[int, int, int]] = []
        """When something happens: a task starts to be ready (agent -1), an agent is done with it, or keeps other slots
        than before (task -1)."""
        self._lanes: dict[str, dict[tuple[int, int, int], list[Head]]] = {}
        """By pool, then by band, shape and tenant: (due, task), best first."""
        named = sorted({one.tenant for spec in project.agents for one in spec.reserve if one.tenant is not None})
        self._tenants = {tenant: number for number, tenant in enumerate(named, _OTHERS + 1)}
        """Those for whom slots are kept; all others are one."""
        self._agents = [
            Agent(
                id=number,
                profile=profile,
                slots=spec.slots,
                weight=spec.weight or float(spec.slots),
                by_hand=spec.weight is not None,
            )
            for number, (spec, profile) in enumerate(zip(project.agents, project.profiles, strict=True))
        ]
        self._folded = [(0.0, project.now)] * len(self._agents)
        self._looks: dict[int, int] = {}
        """By agent: the last moment at which it is looked at again because it keeps other slots then."""
        self._moved = project.now
        """When a task last came, was given or ended: who was not given one in a week after that never is."""
        self._begun: list[dict[int, int]] = [{} for _ in self._agents]

    def run(self) -> None:
        """Give out every task."""
        for number in self._able:
            if not self._waiting[number]:
                heappush(self._moments, (self._project.works[number].start, number, -1))
        while self._moments:
            now = self._moments[0][0]
            pools: set[str] = set()
            while self._moments and self._moments[0][0] == now:
                _at, task, agent = heappop(self._moments)
                if task < 0:
                    pools.add(self._project.agents[agent].pool)
                elif agent >= 0:
                    self._end(task, agent, now)
                    pools.add(self._project.agents[agent].pool)
                    self._moved = now
                else:
                    pools.add(self._come(task))
                    self._moved = now
            for pool in sorted(pools):
                self._give(pool, now)
                self._look_again(pool, now)

    def divide(self) -> None:
        """Too many to give out one by one: each to whoever does it fastest, as if slots could share."""
        for number in self._able:
            work = self._project.works[number]
            agents = self._project.takers(work)
            seconds, agent = min((self._project.seconds(work, one), one) for one in agents)
            self.busy_s[agent] += seconds
            self.tasks[agent] += 1
        slots = max(sum(spec.slots for spec in self._project.agents), 1)
        self.finish = self._project.now + round(sum(self.busy_s) / slots * SECOND)

    def _come(self, task: int) -> str:
        work = self._project.works[task]
        pool = self._project.shapes[work.shape].pool
        lane = self._lanes.setdefault(pool, {}).setdefault((work.band, work.shape, self._tenant(work)), [])
        insort(lane, Head(work.due, task))
        return pool

    def _end(self, task: int, agent: int, now: int) -> None:
        seconds = (now - self._begun[agent].pop(task)) / SECOND
        self._agents[agent].running -= 1
        busy_s, at = self._folded[agent]
        self._folded[agent] = (faded(busy_s, (now - at) / SECOND) + weight_of(seconds), now)
        self.busy_s[agent] += seconds
        self.tasks[agent] += 1
        self.finish = max(self.finish, now)
        work = self._project.works[task]
        self.late += work.deadline is not None and now > work.deadline
        for child in work.children:
            self._waiting[child] -= 1
            if not self._waiting[child] and child in self._able:
                heappush(self._moments, (max(self._project.works[child].start, now), child, -1))

    def _give(self, pool: str, now: int) -> None:
        lanes = {key: waiting for key, waiting in self._lanes.get(pool, {}).items() if waiting}
        free = [one for one in self._agents if self._project.agents[one.id].pool == pool and one.running < one.slots]
        if not lanes or not free:
            return
        for one in free:
            busy_s, at = self._folded[one.id]
            held = sum(weight_of((now - begun) / SECOND) for begun in self._begun[one.id].values())
            one.busy_s = faded(busy_s, (now - at) / SECOND) + held
            one.used = self._used(one.id)
            one.reserved = self._reserved(one.id, now)
            one.mean_s = self.busy_s[one.id] / self.tasks[one.id] if self.tasks[one.id] else 1.0
            one.given = 0
        slots = sum(one.slots - one.running for one in free)
        keys = list(lanes)
        policy = self._pools[pool]
        snapshot = Snapshot(
            agents=free,
            listeners=[Listener(one.id, (one.id,), one.slots - one.running) for one in free],
            lanes=[
                Lane(number, shape, band, heads=lanes[band, shape, tenant][:slots], tenant=tenant)
                for number, (band, shape, tenant) in enumerate(keys)
            ],
            shapes={shape: self._project.shapes[shape].needs for _band, shape, _tenant in keys},
            strategy=policy.strategy,
            terms=policy.terms,
            matching=policy.matching,
            now=now,
            seed=now // SECOND,
        )
        given: dict[int, set[int]] = {}
        for chosen in plan(snapshot).gives:
            given.setdefault(chosen.lane, set()).add(chosen.task)
            self._start(self._project.works[chosen.task], chosen.task, chosen.agent, now)
        for number, tasks in given.items():
            shown = lanes[keys[number]][:slots]
            lanes[keys[number]][:slots] = [head for head in shown if head.task not in tasks]

    def _look_again(self, pool: str, now: int) -> None:
        """Where tasks still wait, be there when an agent begins or ends to keep slots for some."""
        if not any(self._lanes.get(pool, {}).values()) or now - self._moved > WEEK:
            return
        for number, spec in enumerate(self._project.agents):
            ahead = [next_change(one.hours, spec.time_zone, now) for one in spec.reserve if spec.pool == pool]
            at = min((moment for moment in ahead if moment is not None), default=None)
            if at is not None and self._looks.get(number, 0) < at:
                self._looks[number] = at
                heappush(self._moments, (at, -1, number))

    def _tenant(self, work: Work) -> int:
        return self._tenants.get(work.tenant, _OTHERS)

    def _reserved(self, agent: int, now: int) -> tuple[Reserved, ...]:
        """The slots that the agent keeps at this moment, and how many of them are in use."""
        spec = self._project.agents[agent]
        kept = [
            Reserved(
                one.slots,
                None if one.priority is None else BANDS[one.priority],
                None if one.tenant is None else self._tenants[one.tenant],
            )
            for one in spec.reserve
            if is_open(one.hours, spec.time_zone, now)
        ]
        for task in self._begun[agent] if kept else ():
            work = self._project.works[task]
            kept = list(taken(tuple(kept), work.band, self._tenant(work)))
        return tuple(kept)

    def _used(self, agent: int) -> dict[str, float]:
        """What the agent's tasks use of its resources."""
        used: dict[str, float] = {}
        for task in self._begun[agent]:
            for name, amount in self._project.shapes[self._project.works[task].shape].needs.resources:
                used[name] = used.get(name, 0.0) + amount
        return used

    def _start(self, work: Work, task: int, agent: int, now: int) -> None:
        self._begun[agent][task] = self._moved = now
        heappush(self._moments, (now + round(self._project.seconds(work, agent) * SECOND), task, agent))
