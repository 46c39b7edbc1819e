"""Whether a database agrees with itself: every task in the one place its state says, and the history tells the same.

Reads rows alone and shares no code with the engine or with `rota audit`.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from rota.model.state import ASIDE, BLOCKED, DONE, READY, RUNNING, STATES
from rota.store.protocol import Reader
from rota.store.statement import One

TASKS = One("tasks", "SELECT id, state, lane, due, waiting FROM task ORDER BY id")
READY_ROWS = One("ready_rows", "SELECT task, lane, due FROM ready")
LEASES = One("leases", "SELECT task, agent, slot FROM lease")
ASIDE_ROWS = One("aside_rows", "SELECT task, state FROM aside")
DEPTHS = One("depths", "SELECT lane, sum(n) FROM depth GROUP BY lane")
BODIES = One("bodies", "SELECT count(*) FROM body")
UNMET = One("unmet", "SELECT child, count(*) FROM dependency WHERE met = 0 GROUP BY child")
EVENTS = One("events", "SELECT seq, moves FROM event ORDER BY seq")
"""Of one task the rows stand in the order of their numbers: each was drawn while the task was locked."""


def contradictions(reader: Reader) -> list[str]:
    """Everything that does not fit, a line each."""
    tasks = {row[0]: row for row in reader.one(TASKS)}
    ready = {row[0]: row for row in reader.one(READY_ROWS)}
    leased = Counter(row[0] for row in reader.one(LEASES))
    aside = Counter(tuple(row) for row in reader.one(ASIDE_ROWS))
    found = [f"task-{task} is in a table of waiting or running tasks, but there is no such task"
             for task in (*ready, *leased, *(task for task, _state in aside)) if task not in tasks]  # fmt: skip
    for task, state, lane, due, _waiting in tasks.values():
        places = []
        if task in ready:
            places.append("ready" if ready[task][1:] == (lane, due) else f"ready in a wrong place {ready[task][1:]}")
        places += ["leased"] * leased[task]
        places += [f"aside as {STATES[kept]}" for kept in ASIDE for _ in range(aside[task, kept])]
        if places not in _allowed(state):
            found.append(f"task-{task} is {STATES[state]}, but {', '.join(places) or 'nowhere'}")
    found += _depth(reader, Counter(row[1] for row in ready.values()))
    found += _dependencies(reader, {task: waiting for task, state, _, _, waiting in tasks.values() if state == BLOCKED})
    found += _history(reader, {task: RUNNING if leased[task] else row[1] for task, row in tasks.items()})
    if reader.one(BODIES)[0][0] != len(tasks):
        found.append("some tasks have no body, or some bodies no task")
    return found


def _allowed(state: int) -> list[list[str]]:
    if state == READY:
        return [["ready"], ["leased"]]
    return [[f"aside as {STATES[state]}"]] if state in ASIDE else [[]]


def _depth(reader: Reader, ready: Counter[int]) -> list[str]:
    kept = {lane: int(n) for lane, n in reader.one(DEPTHS) if n}
    return [] if kept == ready else [f"the depth of lanes is kept as {kept}, but counts {dict(ready)}"]


def _dependencies(reader: Reader, blocked: dict[int, int]) -> list[str]:
    unmet = dict(reader.one(UNMET))
    return [
        f"task-{task} waits for {waiting} parents, but {unmet.get(task, 0)} are unmet"
        for task, waiting in blocked.items()
        if waiting != unmet.get(task, 0)
    ]


def _history(reader: Reader, now_in: dict[int, int]) -> list[str]:
    found: list[str] = []
    state: dict[int, int] = {}
    for _seq, moves in reader.one(EVENTS):
        for move in msgspec.json.decode(moves):
            for task in range(move[0], move[1] + 1):
                if state.get(task) == move[2] and move[2] in (RUNNING, DONE):
                    found.append(f"by its history task-{task} came to be {STATES[move[2]]} twice")
                elif state.get(task) == DONE:
                    found.append(f"by its history task-{task} went on after it was done")
                state[task] = move[2]
    for task in sorted(now_in.keys() | state.keys()):
        if now_in.get(task) != state.get(task):
            told, is_in = state.get(task), now_in.get(task)
            found.append(
                f"task-{task} is {'missing' if is_in is None else STATES[is_in]}; by its history it is "
                f"{'unknown' if told is None else STATES[told]}"
            )
    return found
