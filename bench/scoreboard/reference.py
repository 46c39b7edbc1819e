"""The same arrivals for the reference simulator: FIFO, shortest first, plain EDF, and queues in front of agents."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from math import inf
from typing import NamedTuple

import msgspec

from bench.reference.agent import Agent
from bench.reference.baselines import BASELINES
from bench.reference.report import report
from bench.reference.span import Span
from bench.reference.task import Task
from rota.files.task_check import parent_of
from rota.model.priority import BANDS
from rota.simulator.shaping import shaped
from rota.simulator.simulate import Setup, prepared

Run = Callable[[Iterable[Task], Sequence[Agent]], Iterator[Span]]


class Workload(NamedTuple):
    """What the reference simulator needs. `groups` are the seqs of tasks that came together."""

    tasks: list[Task]
    agents: list[Agent]
    groups: list[range]


class Figures(msgspec.Struct, frozen=True):
    """What is compared. Times are seconds."""

    wait: float
    deadlines: float
    """Share of the deadlines met."""
    groups: float
    """The same of whole groups: all of their tasks were done in time."""
    makespan: float
    slowdowns: dict[str, float]
    """By tenant: mean bounded slowdown of its tasks."""


def workload_of(setup: Setup) -> Workload:
    """The very arrivals that the engine is simulated with."""
    tasks: list[Task] = []
    groups: list[range] = []
    for arrival in shaped(setup.workload, setup.options.settings, setup.fleet.capacity, setup.seed):
        first = len(tasks)
        known: dict[str, int] = {}
        for work in arrival.works:
            spec = work.spec
            # Every deadline that a workload of the simulator has is a span from its submission.
            deadline = inf if spec.deadline is None else arrival.at_s + float(spec.deadline)
            estimate = work.run_s if spec.estimate is None else float(spec.estimate)
            parents = tuple(known[parent_of(after)] for after in spec.after)
            needs = tuple(sorted(spec.skills.items()))
            seq, band = len(tasks), BANDS[spec.priority]
            tasks.append(Task(seq, arrival.at_s, work.run_s, estimate, band, spec.tenant, deadline, needs, parents))
            if spec.ref is not None:
                known[spec.ref] = seq
        if arrival.group:
            groups.append(range(first, len(tasks)))
    agents = [
        Agent(one.spec.name, one.spec.slots, one.behaviour.speed, one.spec.skills, one.behaviour.fail)
        for one in setup.fleet.agents
    ]
    return Workload(tasks, agents, groups)


def baselines(
    names: Sequence[str], workload: str, settings: Mapping[str, str], seed: int = 0, slots: str | None = None
) -> dict[str, Figures]:
    """Baselines by name on one workload."""
    found = workload_of(prepared(workload, slots=slots, given=settings, seed=seed))
    return {name: figures(found, partial(BASELINES[name], seed=seed)) for name in names}


def figures(workload: Workload, run: Run) -> Figures:
    """One run, folded."""
    finishes: dict[int, float] = {}

    def watched() -> Iterator[Span]:
        for span in run(workload.tasks, workload.agents):
            if span.ending == "done":
                finishes[span.task.seq] = span.finish
            yield span

    found = report(watched(), workload.agents)
    tasks = workload.tasks
    met = sum(all(finishes.get(seq, inf) <= tasks[seq].deadline for seq in group) for group in workload.groups)
    return Figures(
        wait=found.all.wait,
        deadlines=found.share_met,
        groups=met / len(workload.groups) if workload.groups else 0.0,
        makespan=found.makespan,
        slowdowns={name: group.slowdown for name, group in found.tenants.items()},
    )
