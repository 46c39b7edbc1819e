"""What no agent of fleet.toml can pass or is meant by: rules, persons, pools, limits on agents, preemption.

An agent from outside may be what a file's own agents are not. It can be said in the file: an `[[agent]]` without
`command` and `python`. So where Rota starts all agents of a file, they are taken to be all there are and what none of
them can pass is refused; where one comes from outside, others may, and it is a warning. A file without agents says
nothing of who will come. A queue whose pool has no agents is always a warning: another host's fleet.toml may have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rota.files.place import Misfit, Path, nearest, quoted
from rota.model.agent import AgentSpec
from rota.model.limit import LimitSpec
from rota.model.priority import BANDS
from rota.model.queue import PoolPolicy, QueuePolicy
from rota.model.requirements import Requirements, canonical
from rota.model.rule import Rule, RuleSet
from rota.model.schedule import ScheduleSpec
from rota.model.stage import Stage
from rota.planning.fallback import Asked, first_that_fits, near_by
from rota.planning.filter import refusal
from rota.planning.price import has_price
from rota.planning.rules import Rules
from rota.planning.snapshot import Profile
from rota.planning.stages import next_queue

_DEFAULT = "default"
_SHOWN = 2
"""Agents whose reason is told."""
_ASKED = ("role", "skills", "regions", "pin", "ban", "resources", "max_cost")
"""What a task asks of an agent, as rules can set it too."""
_OUTSIDE = "if one comes from outside, add an [[agent]] for it without command"


class Described(NamedTuple):
    """What a file says, as far as it matters who may do what."""

    agents: Sequence[AgentSpec]
    profiles: Sequence[Profile]
    """Of the agents, in the same order."""
    queues: Mapping[str, QueuePolicy]
    pools: Mapping[str, PoolPolicy]
    rules: Sequence[Rule]
    limits: Sequence[LimitSpec]
    schedules: Sequence[ScheduleSpec] = ()

    def policy(self, queue: str) -> QueuePolicy:
        """The queue's policy."""
        return self.queues.get(queue, QueuePolicy())


def for_nobody(file: Described, *, closed: bool) -> list[Misfit]:
    """What may be for nobody; where it is so, because the file is `closed` (has all agents there are), a `Misfit`."""
    if not file.agents:
        return []
    found = [*_rules(file), *_schedules(file), *_persons(file), *_limits(file), *_preemption(file)]
    if found and closed:
        raise found[0]
    return [*found, *_queues(file)]


def _rules(file: Described) -> Iterator[Misfit]:
    for at, rule in enumerate(file.rules):
        if not _somebody(file, rule, Requirements()):
            continue  # its queue's pool has no agents, which is said of the queue
        for path, word, known, needs in (*_one_by_one(rule.set, file.agents), ((), "", (), _all_of(rule.set))):
            if not _somebody(file, rule, needs):
                told = f"no agent of this file may do such a task ({_why(file, needs)}){nearest(word, known)}"
                yield Misfit(
                    ("rule", at, "set", *path), f"{told}; give an agent what it asks for, or ask for less; {_OUTSIDE}"
                )
                break


def _schedules(file: Described) -> Iterator[Misfit]:
    routing = Rules(tuple(file.rules))
    for at, schedule in enumerate(file.schedules):
        route = routing.route(schedule.task, 0)
        task = schedule.task if route is None else route.spec
        asks = {name: getattr(task, name) for name in ("queue", *_ASKED)}
        rule = Rule(match={}, set=RuleSet(**asks))
        needs = _all_of(rule.set)
        if _somebody(file, rule, Requirements()) and not _somebody(file, rule, needs):
            told = f"no agent of this file may do this task ({_why(file, needs)})"
            yield Misfit(
                ("schedule", at, "task"), f"{told}; give an agent what it asks for, or ask for less; {_OUTSIDE}"
            )


def _all_of(wanted: RuleSet) -> Requirements:
    return canonical(
        role=wanted.role,
        skills=wanted.skills,
        regions=wanted.regions,
        pin=wanted.pin,
        ban=wanted.ban,
        resources=wanted.resources,
        max_cost=wanted.max_cost,
    )


def _one_by_one(
    wanted: RuleSet, agents: Sequence[AgentSpec]
) -> Iterator[tuple[Path, str, tuple[str, ...], Requirements]]:
    """Each thing the rule asks for by itself: where, the name in it, the names there are, the requirement."""
    if wanted.pin is not None:
        yield ("pin",), wanted.pin, tuple(spec.name for spec in agents), canonical(pin=wanted.pin)
    if wanted.role is not None:
        yield ("role",), wanted.role, tuple(spec.role for spec in agents if spec.role), canonical(role=wanted.role)
    if wanted.regions:
        known = tuple(spec.region for spec in agents if spec.region)
        yield ("regions",), wanted.regions[0], known, canonical(regions=wanted.regions)
    for skill, level in wanted.skills.items():
        known = tuple(name for spec in agents for name in spec.skills if name != skill)
        yield ("skills", skill), skill, known, canonical(skills={skill: level})
    for name, amount in wanted.resources.items():
        known = tuple(other for spec in agents for other in spec.resources if other != name)
        yield ("resources", name), name, known, canonical(resources={name: amount})
    if wanted.ban:
        yield ("ban",), "", (), canonical(ban=wanted.ban)
    if wanted.max_cost is not None:
        yield ("max_cost",), "", (), canonical(max_cost=wanted.max_cost)


def _somebody(file: Described, rule: Rule, needs: Requirements) -> bool:
    """Whether an agent may do what asks for that, in a queue in which it may stand, now or after its stages."""
    said = rule.match.get("queue")
    queue = rule.set.queue or (said if isinstance(said, str) else None)
    regions = sorted({spec.region for spec in file.agents if spec.region is not None})

    def fits(asked: Asked) -> bool:
        pairs = zip(file.agents, file.profiles, strict=True)
        return any(spec.pool == asked.pool and refusal(profile, asked.needs) is None for spec, profile in pairs)

    for name in {_DEFAULT, *file.queues} if queue is None else (queue,):
        policy = file.policy(name)
        asked = Asked(policy.pool, needs, BANDS["normal"])
        # A task may have any deadline, so stages before it are taken to come.
        if first_that_fits(asked, policy.stages, file.queues, near_by(policy, regions), 0, 0, fits) is not None:
            return True
    return False


def _why(file: Described, needs: Requirements) -> str:
    told = []
    for spec, profile in zip(file.agents, file.profiles, strict=True):
        found = refusal(profile, needs)
        told.append(f"{spec.name}: " + (f"is in pool {spec.pool}" if found is None else found.text))
    return ", ".join(told[:_SHOWN]) + (", ..." if len(told) > _SHOWN else "")


def _persons(file: Described) -> Iterator[Misfit]:
    for name, policy in file.queues.items():
        for at, stage in enumerate(policy.stages):
            person = stage.change.person
            if person is None:
                continue
            pools = _pools_of(file, name, policy.stages, stage)
            there = [spec for spec in file.agents if pools is None or spec.pool in pools]
            path: Path = ("queue", name, "stages", at, "change", "person")
            if person.role is not None and not any(spec.role == person.role for spec in there):
                where = "" if pools is None else f" in pool {quoted(', '.join(sorted(pools)))}"
                known = [spec.role for spec in there if spec.role]
                told = f"no agent of this file{where} is of role {quoted(person.role)}{nearest(person.role, known)}"
                yield Misfit((*path, "role"), f"{told}; give one that role, or name another; {_OUTSIDE}")
            elif not there:
                told = "no agent of this file is in the pool of this queue"
                yield Misfit((*path, "queue"), f"{told}; put one there, or name another queue; {_OUTSIDE}")


def _pools_of(file: Described, queue: str, stages: Sequence[Stage], stage: Stage) -> set[str] | None:
    """The pools in which a task may be after the stage; None = any, as others of its stages move it."""
    target = next_queue(stage.change)
    if target is not None:
        return {file.policy(target).pool}
    if any(next_queue(other.change) is not None for other in stages):
        return None
    return {file.policy(queue).pool}


def _limits(file: Described) -> Iterator[Misfit]:
    names = [spec.name for spec in file.agents]
    for at, limit in enumerate(file.limits):
        field, colon, name = limit.key.partition(":")
        if field == "agent" and colon and "{" not in name and name not in names:
            told = f"no agent of this file is called {quoted(name)}{nearest(name, names)}"
            yield Misfit(("limit", at, "key"), f"{told}; correct it, or remove the limit; {_OUTSIDE}")


def _preemption(file: Described) -> Iterator[Misfit]:
    for name, pool in file.pools.items():
        costs = [spec.cost for spec in file.agents if spec.pool == name]
        if pool.preempt is not None and not pool.preempt.priced and costs and all(map(has_price, costs)):
            told = "this never happens: every agent of the pool has a price, and priced is false"
            yield Misfit(("pool", name, "preempt"), f"{told}; set priced = true, or remove preempt; {_OUTSIDE}")


def _queues(file: Described) -> Iterator[Misfit]:
    pools = {spec.pool for spec in file.agents}
    for name, policy in file.queues.items():
        moves = any(next_queue(stage.change) is not None and stage.attempts is None for stage in policy.stages)
        if policy.pool not in pools and not moves:
            told = f"no agent of this file is in pool {quoted(policy.pool)}, so nothing of this queue is done"
            near = nearest(policy.pool, pools)
            yield Misfit(("queue", name, "pool"), f"{told}{near}; put an agent there, or let the queue be of another")
