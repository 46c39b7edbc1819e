"""What is wrong with tasks and fleet together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rota.check.plan_of_work import Project, Work
from rota.check.report import Finding
from rota.files.fleet import Fleet
from rota.files.place import Caution, nearest
from rota.model.limit import pattern
from rota.model.times import SECOND, rfc3339
from rota.planning.filter import refusal

LINES = 5
"""Lines of the file of tasks that a finding names."""


def cautions(found: Iterable[Caution]) -> Iterator[Finding]:
    """What may be wrong with the fleet alone."""
    for one in found:
        yield Finding(level="warning", code="fleet", text=str(one))


def unnamed_limits(project: Project, fleet: Fleet) -> Iterator[Finding]:
    """Limits that only tasks that name them are charged to, where none does. Tasks to come may, so it is a warning."""
    given = project.limits.union(*(rule.set.limits for rule in fleet.rules))
    for key in dict.fromkeys(limit.key for limit in fleet.limits):
        if pattern(key).named and key not in given:
            yield Finding(
                level="warning",
                code="limit",
                text=f"no task and no rule names limit {key!r}{nearest(key, given)}",
                fix=f'name it with `limits = ["{key}"]` where it is meant, or remove it',
            )


def unknown_queues(project: Project, queues: Mapping[str, object]) -> Iterator[Finding]:
    """Queues that are not there would have the whole submit refused."""
    for name, lines in project.unknown_queues.items():
        yield Finding(
            level="problem",
            code="no_queue",
            text=f"there is no queue {name!r}{nearest(name, queues)}",
            fix=f"add [queue.{name}] to fleet.toml, or correct the queue of these tasks",
            lines=lines[:LINES],
            tasks=len(lines),
        )


def nobody(project: Project) -> Iterator[Finding]:
    """Tasks that no agent of the fleet may do, by what they ask for."""
    by_shape: dict[int, list[Work]] = {}
    for work in project.works:
        by_shape.setdefault(work.shape, []).append(work)
    for shape, works in by_shape.items():
        if not project.may(shape):
            yield _nobody(project, shape, works)


def _nobody(project: Project, shape: int, works: list[Work]) -> Finding:
    wanted = project.shapes[shape]
    refusals = {}
    for spec, profile in zip(project.agents, project.profiles, strict=True):
        refused = refusal(profile, wanted.needs)
        if spec.pool != wanted.pool:
            refusals[spec.name] = f"pool: is in pool {spec.pool}, the queue is in {wanted.pool}"
        elif refused is not None:
            refusals[spec.name] = f"{refused.code}: {refused.text}"
    return Finding(
        level="problem",
        code="nobody",
        text="no agent of the fleet may do it" if project.agents else "the fleet has no agents",
        fix="give an agent what it asks for, or ask for less",
        lines=[work.line for work in works[:LINES]],
        tasks=len(works),
        agents=refusals,
    )


def dedicated(project: Project) -> Iterator[Finding]:
    """Tasks whose agents keep all their slots for others, at all times."""
    groups: dict[tuple[int, int, str], list[Work]] = {}
    for work in project.works:
        if project.may(work.shape) and not project.takers(work):
            groups.setdefault((work.shape, work.band, work.tenant), []).append(work)
    for (shape, _band, _tenant), works in groups.items():
        slots = {project.agents[number].name: project.agents[number].slots for number in project.may(shape)}
        yield Finding(
            level="problem",
            code="dedicated",
            text="no agent will ever take it: who may do it keeps all slots for others",
            fix="reserve fewer slots, or give the task the priority or the tenant that they are kept for",
            lines=[work.line for work in works[:LINES]],
            tasks=len(works),
            agents={name: f"dedicated: all its {n} slots are reserved for others" for name, n in slots.items()},
        )


def held(project: Project) -> Iterator[Finding]:
    """Tasks on hold stay there until somebody unholds them."""
    works = [work for work in project.works if work.held]
    if works:
        yield Finding(
            level="warning",
            code="held",
            text="on hold: nothing starts until it is unheld",
            lines=[work.line for work in works[:LINES]],
            tasks=len(works),
        )


def past_deadlines(project: Project) -> Iterator[Finding]:
    """Deadlines that are over: the submit would be refused."""
    works = [work for work in project.works if work.deadline is not None and work.deadline <= project.now]
    if works:
        yield Finding(
            level="problem",
            code="past",
            text="its deadline is over" if len(works) == 1 else "their deadlines are over",
            fix="give a time that lies ahead",
            lines=[work.line for work in works[:LINES]],
            tasks=len(works),
        )


def impossible_deadlines(project: Project) -> Iterator[Finding]:
    """Deadlines that cannot be met even if a slot were always free: the chain of parents alone takes too long."""
    earliest: dict[int, int] = {}
    certain: dict[int, bool] = {}
    missed: list[tuple[Work, int, bool]] = []
    for number in project.in_order():
        work = project.works[number]
        agents = project.takers(work)
        fastest = min((project.seconds(work, agent) for agent in agents), default=0.0)
        begin = max([work.start, *(earliest[parent] for parent in work.parents)])
        earliest[number] = begin + round(fastest * SECOND)
        certain[number] = project.is_known(work) and all(certain[parent] for parent in work.parents)
        if work.deadline is not None and agents and earliest[number] > work.deadline > project.now:
            missed.append((work, earliest[number], certain[number]))
    for work, at, sure in missed[:100]:
        yield Finding(
            level="problem" if sure else "warning",
            code="deadline",
            text=f"its deadline is {rfc3339(work.deadline or 0)}, done by {rfc3339(at)} at the earliest"
            + ("" if sure else ", if it takes as long as assumed"),
            fix="give it more time, split it, or start what it waits for sooner",
            lines=[work.line],
            tasks=1,
        )
    if len(missed) > 100:
        yield Finding(level="problem", code="deadline", text="further deadlines as these", tasks=len(missed) - 100)
