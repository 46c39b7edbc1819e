"""Variations of the key of Rota's default, with true lengths, on the same arrivals: which part of it does what."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from bench.reference.run import central
from bench.reference.task import Task
from bench.scoreboard.dag_fates import Fates, fates
from bench.scoreboard.dag_orders import Orders, below, group_works, orders
from bench.scoreboard.reference import Workload, workload_of
from rota.planning.order import BREVITY
from rota.simulator.simulate import prepared

KEY = "Rota's key"
Due = Callable[[Task], Any]
"""Where a task stands that can still be in time."""


class Variants(msgspec.Struct, frozen=True):
    """What became of DAGs, by variation, and by the orderings that Rota is compared with."""

    varied: dict[str, Fates]
    others: dict[str, Fates]


def dag_variants(workload: str, settings: Mapping[str, str], seed: int, slots: str) -> Variants:
    """All of them for one seed."""
    found = workload_of(prepared(workload, slots=slots, given=settings, seed=seed))
    return Variants(_fates(found, _variants(found)), _fates(found, orders(found)))


def _fates(workload: Workload, found: Orders) -> dict[str, Fates]:
    return {name: fates(workload, partial(central, order=key, aged=aged)) for name, (key, aged) in found.items()}


def _variants(workload: Workload) -> Orders:
    chains, works = below(workload), group_works(workload)
    slots = sum(agent.slots for agent in workload.agents)
    group = {seq: number for number, group in enumerate(workload.groups) for seq in group}
    lost: set[int] = set()

    def plain(task: Task) -> float:
        return task.deadline - chains[task.seq] + task.work

    def brief(share: float) -> Due:
        # Only for a child's deadline: the last tasks of a DAG stand at their own.
        return lambda task: plain(task) + (share * task.work if chains[task.seq] > task.work else 0.0)

    def late(task: Task, now: float) -> bool:
        return now + chains[task.seq] > task.deadline

    def whole(task: Task, now: float) -> bool:
        if late(task, now):
            lost.add(group[task.seq])
        return group[task.seq] in lost

    def hopeless(task: Task, now: float) -> bool:
        return late(task, now) or works[task.seq] > slots * (task.deadline - task.submit)

    def aged(
        due: Due, is_late: Callable[[Task, float], bool] = late, behind: Due = lambda task: task.work
    ) -> tuple[Due, Callable[[Task, float], Any]]:
        def key(task: Task, now: float) -> Any:
            return (True, behind(task)) if is_late(task, now) else (False, due(task))

        return due, key

    usual = brief(BREVITY["deadline"])
    return {
        KEY: aged(usual),
        "a fifth of a task's work later": aged(brief(0.2)),
        "all of a task's work later": aged(brief(1.0)),
        "twice a task's work later": aged(brief(2.0)),
        "none of a task's work later": aged(plain),
        "half of a task's work earlier: half way to latest start": aged(brief(-0.5)),
        "none later, of equals the longest first": aged(lambda task: (round(plain(task), 6), -task.work)),
        "the DAG's work / slots later": aged(lambda task: plain(task) + works[task.seq] / slots),
        "no task is late": (usual, None),
        "a late task makes its whole DAG late": aged(usual, whole),
        "DAGs with more work than all slots can do in time are late at once": aged(usual, hopeless),
        "the late by the work of their DAG": aged(usual, behind=lambda task: works[task.seq]),
    }
