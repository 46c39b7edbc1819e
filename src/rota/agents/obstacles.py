"""Why a run cannot go on: what stands in the way of the tasks that are left, in words."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, NamedTuple

from rota.agents.board import Board, Standing
from rota.agents.work import Counts, Work
from rota.model.commands.limits import LimitPage, ListLimits
from rota.model.commands.read import Explain, Explanation, GetTask
from rota.model.errors import RotaError
from rota.model.state import State
from rota.model.task import TaskView
from rota.model.times import SECOND, rfc3339
from rota.operations.distributor import Distributor, now_us

LOOKED_AT = 10_000
"""Ready tasks that are told apart by what they ask for; the blocked whose parents are looked at."""
PARENTS = 200
EXAMPLES = 5
LATER_TIMES = 10
LATER_S = 600.0
"""So many attempts in a row that end with "later" (exit code 75), over so many seconds at least, and it is no pause any
more: a run that waits for nothing else ends.
"""
SOON_S = 60.0
"""In a run without a file of tasks, what starts later than this is not waited for, seconds."""

_MOVING: frozenset[State] = frozenset({"ready", "running", "scheduled"})
_WAITING: tuple[State, ...] = ("ready", "scheduled")
_ASIDE: dict[State, str] = {
    "held": "on hold",
    "asked": "waiting for an answer",
    "review": "waiting for approval",
    "blocked": "behind tasks that do not end",
}


class Obstacle(NamedTuple):
    """One reason, and the tasks it stops: how many, and the first few with their titles."""

    reason: str
    tasks: int
    examples: tuple[tuple[str, str], ...]


def obstacles(distributor: Distributor, work: Work, counts: Counts, board: Board) -> list[Obstacle] | None:
    """Why nothing of the work can go on; None when something still can, or when nothing is left."""
    states = counts.states
    if (endless := _only_later(work, counts, board)) is not None:
        return [endless, *_aside(work, states)]
    if not counts.unfinished or states.get("running", 0) or board.busy() or _starts_soon(work, states):
        return None
    found: list[Obstacle] = []
    if states.get("ready", 0):
        stopped = _ready(distributor, work, board)
        if stopped is None:
            return None
        found += stopped
    if set(states) & {"blocked"} and not found and _moves_elsewhere(distributor, work):
        return None
    later = list(islice(work.tasks("scheduled"), EXAMPLES)) if states.get("scheduled", 0) else []
    if later:
        found.append(Obstacle("not to start yet", states["scheduled"], _examples(later)))
    return [*found, *_aside(work, states)]


def _aside(work: Work, states: dict[str, int]) -> Iterator[Obstacle]:
    for state, words in _ASIDE.items():
        if n := states.get(state, 0):
            tasks = list(islice(work.tasks(state), EXAMPLES))
            said = sorted({task.reason for task in tasks if task.reason and state == "held"})
            yield Obstacle(words + (f" ({'; '.join(said)})" if said else ""), n, _examples(tasks))


def _only_later(work: Work, counts: Counts, board: Board) -> Obstacle | None:
    """Whether all that could go on was sent back for later, again and again for a long time, and nothing else came."""
    later = board.later()
    if later.times < LATER_TIMES or time.monotonic() < later.since + LATER_S:
        return None
    current = {one.task: one.title for standing in board.standings() for one in standing.current}
    if counts.states.get("running", 0) > len(current):
        return None
    waiting = {task.id: task.title for state in _WAITING for task in islice(_in(work, counts, state), LOOKED_AT)}
    found = {**waiting, **current}
    if not found or not found.keys() <= later.tasks:
        return None
    reason = f"sent back for later {later.times:,} times in a row, with nothing else done: {later.error}"
    return Obstacle(reason, len(found), tuple(islice(found.items(), EXAMPLES)))


def _in(work: Work, counts: Counts, state: State) -> Iterator[TaskView]:
    return work.tasks(state) if counts.states.get(state, 0) else iter(())


def _starts_soon(work: Work, states: dict[str, int]) -> bool:
    """A batch is waited for however late its tasks start; what else the database holds, only for a moment."""
    if not states.get("scheduled", 0):
        return False
    if work.batch is not None:
        return True
    latest = rfc3339(now_us() + round(SOON_S * SECOND))
    starts = (task.start for task in islice(work.tasks("scheduled"), LOOKED_AT))
    return any(start is not None and start <= latest for start in starts)


def _ready(distributor: Distributor, work: Work, board: Board) -> list[Obstacle] | None:
    """What stops the ready tasks, one question for all that ask for the same; None when one of them can go on."""
    alike: dict[tuple[Any, ...], list[TaskView]] = {}
    for task in islice(work.tasks("ready"), LOOKED_AT):
        alike.setdefault(_needs(task), []).append(task)
    if not alike or any(task.next_stage is not None for tasks in alike.values() for task in tasks):
        return None  # a stage may make somebody fit
    standings = {standing.name: standing for standing in board.standings()}
    spent = _spent(distributor)
    found: dict[str, list[TaskView]] = {}
    for tasks in alike.values():
        try:
            explanation: Explanation = distributor.call(Explain(task=tasks[0].id))
        except RotaError:
            return None
        reason = _lasting(explanation, standings, spent)
        if reason is None:
            return None
        found.setdefault(reason, []).extend(tasks)
    return [Obstacle(reason, len(tasks), _examples(tasks)) for reason, tasks in found.items()]


def _spent(distributor: Distributor) -> set[str]:
    """Limits that are used up until somebody says so: budgets."""
    page: LimitPage = distributor.call(ListLimits())
    return {
        use.key for view in page.limits if view.limit.on_empty == "pause_and_ask" and view.limit.period is None
        for use in view.uses
    }  # fmt: skip


def _lasting(explanation: Explanation, standings: dict[str, Standing], spent: Collection[str]) -> str | None:
    """Why this task will not be given out as things are; None when that can change by itself."""
    if explanation.state != "ready":
        return None
    if explanation.reason.startswith("limit:"):
        return explanation.text if explanation.reason.removeprefix("limit:") in spent else None
    if explanation.reason in ("paused", "unreviewed"):
        return explanation.text
    refused = explanation.refusals
    refusals = {name: explanation.agents[name] for name, no in refused.items() if no.passes != "when_freed"}
    may = [name for name in explanation.agents if name not in refusals]
    broken = [standings[name] for name in may if name in standings and standings[name].is_broken]
    if len(broken) < len(may) or any(no.passes == "by_itself" for no in refused.values()):
        return None
    if broken:
        told = "; ".join(f"{one.name}: {one.trouble}" for one in broken[:EXAMPLES])
        return f"whoever may do it is broken: {told}"
    if not refusals:
        return "its pool has no agent"
    told = "; ".join(f"{name}: {text}" for name, text in sorted(refusals.items())[:EXAMPLES])
    more = len(refusals) - EXAMPLES
    return f"nobody can do it: {told}" + (f"; and {more} more" if more > 0 else "")


def _moves_elsewhere(distributor: Distributor, work: Work) -> bool:
    """Whether something that blocks the rest is a task of others that still goes on."""
    for task in islice(work.tasks("blocked"), PARENTS):
        waiting_for = distributor.call(Explain(task=task.id)).waiting_for
        for parent in waiting_for[:PARENTS]:
            if _state_of(distributor, parent) in _MOVING:
                return True
    return False


def _state_of(distributor: Distributor, task: str) -> State:
    view: TaskView = distributor.call(GetTask(task=task))
    return view.state


def _needs(task: TaskView) -> tuple[Any, ...]:
    skills = tuple(sorted(task.skills.items()))
    lists = tuple(task.regions), tuple(task.ban), tuple(task.limits)
    more = tuple(sorted(task.resources.items())), task.max_cost
    return task.queue, skills, task.role, task.pin, lists, more


def _examples(tasks: list[TaskView]) -> tuple[tuple[str, str], ...]:
    return tuple((task.id, task.title) for task in tasks[:EXAMPLES])


def words_of(found: list[Obstacle]) -> Iterator[str]:
    """The obstacles as lines."""
    for one in found:
        named = ", ".join(f"{task} {title!r}" for task, title in one.examples)
        more = one.tasks - len(one.examples)
        tasks = "1 task" if one.tasks == 1 else f"{one.tasks:,} tasks"
        yield f"{tasks}: {one.reason} [{named}{f' and {more:,} more' if more > 0 else ''}]"
