"""How long a plan takes: the engine on a database in memory, timed around its own calls of the plan."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from statistics import median
from typing import Any

import msgspec

from rota.engine import dispatch
from rota.model import bounds
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Claimed, Complete, Done
from rota.model.priority import PRIORITIES
from rota.model.task import TaskSpec
from rota.simulator.drive import Drive
from rota.simulator.simulate import ORIGIN

TIMED = ("survey", "plan")
"""The pure functions that the engine's dispatch calls."""
ROUNDS = 7
SKILLS = ("code", "review", "docs", "data")
TENANTS = 5


class PlanTime(msgspec.Struct, frozen=True):
    """Seconds in the plan, and in the whole turn that it was made in; medians."""

    plan: float
    turn: float
    gives: int


def planning_time(ready: int, agents: int, seed: int = 0) -> PlanTime:
    """All agents come free at once while so many tasks are ready."""
    random = Random(f"{seed}/planning")
    drive = Drive(seed, ORIGIN)
    spent = [0.0]
    plans, turns, gives = [], [], 0
    try:
        names = [f"agent-{number}" for number in range(agents)]
        for name in names:
            skills = {skill: random.randint(1, 5) for skill in SKILLS if random.random() < 0.6}
            drive.ask(Register(agent=AgentSpec(name=name, skills=skills)))
        _submit(drive, ready, random)
        for _ in range(ROUNDS):
            with _watched(spent):
                start = time.perf_counter()
                claimed: Claimed = drive.ask(Claim(agents=names, n=min(agents, bounds.CLAIM)))
                turns.append(time.perf_counter() - start)
            plans.append(spent[0])
            gives = len(claimed.tasks)
            drive.now += 1_000_000
            drive.ask(Complete(outcomes=[Done(task=given.task, token=given.token) for given in claimed.tasks]))
            _submit(drive, gives, random)
    finally:
        drive.close()
    return PlanTime(median(plans), median(turns), gives)


def _submit(drive: Drive, tasks: int, random: Random) -> None:
    specs = [_task(random) for _ in range(tasks)]
    for first in range(0, tasks, bounds.SUBMIT):
        drive.ask(Submit(tasks=specs[first : first + bounds.SUBMIT]))


def _task(random: Random) -> TaskSpec:
    needs = {random.choice(SKILLS): random.randint(1, 3)} if random.random() < 0.6 else {}
    return TaskSpec(
        title="planned",
        skills=needs,
        tenant=f"tenant-{random.randrange(TENANTS)}",
        priority=random.choice(PRIORITIES[1:4]),
        estimate=random.uniform(1, 60),
        deadline=random.uniform(60, 600) if random.random() < 0.3 else None,
    )


@contextmanager
def _watched(spent: list[float]) -> Iterator[None]:
    """Adds up the time in the plan while the block runs."""
    spent[0] = 0.0
    kept = {name: getattr(dispatch, name) for name in TIMED}
    for name, function in kept.items():
        setattr(dispatch, name, _timed(function, spent))
    try:
        yield
    finally:
        for name, function in kept.items():
            setattr(dispatch, name, function)


def _timed(function: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            spent[0] += time.perf_counter() - start

    return timed
