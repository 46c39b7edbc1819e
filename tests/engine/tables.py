"""Do all tables tell the same story? Read whole, joined by hand: nothing here trusts the engine's own joins."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from rota.engine.dependencies import verdict
from rota.engine.timer_kinds import CANCEL, TTL
from rota.engine.timer_kinds import START as STARTS
from rota.engine.touches import is_place
from rota.model import state
from rota.model.event import Move
from rota.planning.order import effective
from rota.store.protocol import Reader
from rota.store.sql.tasks import TaskRow
from rota.store.statement import One
from rota.testing import Clock, TestDistributor
from rota.testing.distributor import START
from tests.engine.remembered import differences

_TASKS = One("all_tasks", f"SELECT {', '.join(TaskRow._fields)} FROM task ORDER BY id")
_ALL = {
    name: One(f"all_{name}", f"SELECT {columns} FROM {name}")
    for name, columns in {
        "body": "task",
        "ready": "lane, due, task",
        "aside": "state, task",
        "lease": "task, agent, slot, attempt, lane, due, cancel_at",
        "depth": "lane, n",
        "lane": "id, pool, queue, shape, band, tenant, late",
        "queue": "id, pool",
        "agent": "id, state",
        "dependency": "child, parent, rule, until, met",
        "unique_key": "key, task",
        "sequence_tail": "key, task",
        "timer": "due, kind, ref",
        "attempt": "task, number, counted",
        "listener": "id",
        "statistic": "name, n",
        "lease_limit": "task, key, token",
        "admitted": "task, key",
        "in_line": "task, key",
    }.items()
}
_EVENTS = One("all_events", "SELECT moves FROM event ORDER BY seq")


class Tables:
    """All rows of one committed state."""

    def __init__(self, reader: Reader) -> None:
        self.tasks = {row[0]: TaskRow(*row) for row in reader.one(_TASKS)}
        self.rows: dict[str, list[tuple[Any, ...]]] = {name: reader.one(text) for name, text in _ALL.items()}
        self.moves = [move for (text,) in reader.one(_EVENTS) for move in msgspec.json.decode(text, type=list[Move])]
        self.leases = {row[0]: row for row in self.rows["lease"]}
        self.line: dict[int, str] = dict(self.rows["in_line"])

    def now_in(self, task: TaskRow) -> int:
        """The task's state as users see it."""
        return state.RUNNING if task.id in self.leases else task.state


def check(rota: TestDistributor, *others: TestDistributor) -> None:
    """Raise an AssertionError naming what does not fit. `others` are further nodes of the same database."""
    with rota.node.store.read() as reader:
        tables = Tables(reader)
        owned = rota.node.book.owned
        misremembered = [] if owned is None else differences(reader, owned)
    young = rota.clock.seconds < Clock(START).seconds + 29 * 86_400  # older counts are dropped
    wrong = [
        *_places(tables),
        *_lanes(tables),
        *_edges(tables),
        *_keys(tables),
        *_timers(tables),
        *_attempts(tables),
        *_limits(tables),
        *_story(tables),
        *(_counts(tables) if young else ()),
        *misremembered,
    ]
    listeners = {row[0] for row in tables.rows["listener"]}
    listening = {number for node in (rota, *others) for number in node.node.listening}
    if listeners != listening:
        wrong.append(f"listener rows {listeners}, but nodes listen as {listening}")
    assert not wrong, "the tables disagree:\n  " + "\n  ".join(wrong)


def _places(tables: Tables) -> list[str]:
    wrong: list[str] = []
    ready = Counter(task for _lane, _due, task in tables.rows["ready"])
    aside = Counter(task for _state, task in tables.rows["aside"])
    for task in tables.tasks.values():
        places = (ready[task.id], int(task.id in tables.leases), aside[task.id])
        if task.state == state.READY:
            fits = places in ((1, 0, 0), (0, 1, 0))
        else:
            fits = places == (0, 0, int(task.state in state.ASIDE))
        if not fits or task.state == state.RUNNING:
            wrong.append(f"task {task.id} is {state.STATES[task.state]}, (ready, lease, aside) = {places}")
    for came_into, number in tables.rows["aside"]:
        if number not in tables.tasks or tables.tasks[number].state != came_into:
            wrong.append(f"aside says {state.STATES[came_into]} of {tables.tasks.get(number)}")
    for lane, due, number in tables.rows["ready"]:
        task_at = (tables.tasks[number].lane, tables.tasks[number].due)
        if task_at != (lane, due):
            wrong.append(f"ready has task {number} at {(lane, due)}, the task says {task_at}")
    slots = Counter((row[1], row[2]) for row in tables.rows["lease"])
    wrong += [f"slot {slot} of agent {agent} is leased {n} times" for (agent, slot), n in slots.items() if n > 1]
    if {row[0] for row in tables.rows["body"]} != set(tables.tasks):
        wrong.append("bodies and tasks are not of the same numbers")
    return wrong


def _lanes(tables: Tables) -> list[str]:
    wrong: list[str] = []
    keys = {row[0]: row[1:] for row in tables.rows["lane"]}
    pools: dict[int, int] = dict(tables.rows["queue"])
    for task in tables.tasks.values():
        if task.state != state.READY:
            continue
        assert task.lane is not None, task
        pool, queue, _shape, band, tenant, _late = keys[task.lane]
        now_in = effective(task.band, task.promoted, task.lent)
        if (pool, queue, tenant) != (pools[task.queue], task.queue, task.tenant):
            wrong.append(f"task {task.id} is in lane {keys[task.lane]}, which is not its own")
        # What is needed of a task in an agent's hands counts when it comes back.
        if task.id not in tables.leases and band != now_in:
            wrong.append(f"task {task.id} is in lane {keys[task.lane]}, which is not its own")
    for number, row in tables.leases.items():
        if (row[4], row[5]) != (tables.tasks[number].lane, tables.tasks[number].due):
            wrong.append(f"the lease of task {number} remembers another place")
    depth: Counter[int] = Counter()
    for lane, n in tables.rows["depth"]:
        depth[lane] += n
    held = Counter(lane for lane, _due, _task in tables.rows["ready"])
    wrong += [
        f"depth of lane {lane} is {depth[lane]}, it holds {held[lane]}"
        for lane in depth.keys() | held.keys()
        if depth[lane] != held[lane]
    ]
    agents = dict(tables.rows["agent"])
    wrong += [f"agent {row[1]} has a lease and is removed" for row in tables.rows["lease"] if agents[row[1]] == 2]
    return wrong


def _edges(tables: Tables) -> list[str]:
    wrong: list[str] = []
    edges: dict[int, list[tuple[Any, ...]]] = {}
    for row in tables.rows["dependency"]:
        edges.setdefault(row[0], []).append(row)
        if not tables.tasks[row[1]].children:
            wrong.append(f"task {row[1]} does not know that it has children")
    for task in tables.tasks.values():
        own = edges.get(task.id, [])
        open_edges = [row for row in own if not row[4]]
        if bool(task.parents) != bool(own):
            wrong.append(f"task {task.id} says {task.parents} parents and has {len(own)}")
        if task.state in state.ENDED:
            continue
        if task.waiting != len(open_edges):
            wrong.append(f"task {task.id} waits for {task.waiting} parents, {len(open_edges)} edges are open")
        in_line = task.id in tables.line
        if (task.state == state.BLOCKED) != (task.waiting > 0 or in_line) and task.state != state.HELD:
            wrong.append(f"task {task.id} is {state.STATES[task.state]} and waits for {task.waiting} parents")
        wrong += [
            f"task {task.id} still waits for task {parent}, which is {state.STATES[tables.tasks[parent].state]}"
            for _child, parent, rule, until, _met in open_edges
            if verdict(tables.tasks[parent].state, rule, until) is not None
        ]
    return wrong


def _keys(tables: Tables) -> list[str]:
    wrong: list[str] = []
    owners = dict(tables.rows["unique_key"])
    wanted = {
        task.unique_key: task.id
        for task in tables.tasks.values()
        if task.unique_key is not None and task.state not in state.ENDED
    }
    if owners != wanted:
        wrong.append(f"unique keys {owners}, unfinished tasks with one {wanted}")
    for key, number in tables.rows["sequence_tail"]:
        task = tables.tasks[number]
        if task.sequence != key or task.state in state.ENDED:
            wrong.append(f"the tail of sequence {key!r} is {task}")
    return wrong


def _timers(tables: Tables) -> list[str]:
    wrong: list[str] = []
    timers = {(kind, ref, due) for due, kind, ref in tables.rows["timer"]}
    for task in tables.tasks.values():
        if task.state == state.SCHEDULED and (STARTS, task.id, task.start) not in timers:
            wrong.append(f"task {task.id} is scheduled and no timer will start it")
        waits_unseen = task.tries == 0 and task.state not in state.ENDED and task.id not in tables.leases
        if task.expires is not None and waits_unseen and (TTL, task.id, task.expires) not in timers:
            wrong.append(f"task {task.id} has a time to live and no timer will end it")
    fenced = {ref for kind, ref, _due in timers if kind == CANCEL}
    wrong += [
        f"task {number} was flagged and will never be fenced"
        for number, row in tables.leases.items()
        if row[6] is not None and number not in fenced
    ]
    return wrong


def _limits(tables: Tables) -> list[str]:
    wrong = [
        f"limit {key} counts task {number}, which nobody has"
        for number, key, _token in tables.rows["lease_limit"]
        if number not in tables.leases
    ]
    admitted: dict[int, set[str]] = {}
    for number, key in tables.rows["admitted"]:
        admitted.setdefault(number, set()).add(key)
        # What is reviewed keeps what it touches.
        reviewed = number in tables.tasks and tables.tasks[number].state == state.REVIEW and is_place(key)
        if reviewed:
            continue
        if number not in tables.tasks or (tables.tasks[number].state != state.READY and number not in tables.line):
            wrong.append(f"task {number} is admitted to {key} and is neither ready nor in line")
    for number, key in tables.line.items():
        task = tables.tasks.get(number)
        if task is None or task.state != state.BLOCKED or task.waiting or key in admitted.get(number, ()):
            wrong.append(f"in line for {key} stands {task}")
    return wrong


def _attempts(tables: Tables) -> list[str]:
    wrong: list[str] = []
    attempts: dict[int, list[tuple[int, int]]] = {}
    for number, at, counted in tables.rows["attempt"]:
        attempts.setdefault(number, []).append((at, counted))
    for task in tables.tasks.values():
        own = sorted(attempts.get(task.id, []))
        if [at for at, _counted in own] != list(range(1, task.tries + 1)):
            wrong.append(f"task {task.id} had {task.tries} attempts, written down are {own}")
        counted = sum(count for _at, count in own)
        if task.attempts > counted:  # less after a redrive
            wrong.append(f"task {task.id} counts {task.attempts} attempts, written down are {counted}")
    wrong += [
        f"the lease of task {number} is attempt {row[3]}"
        for number, row in tables.leases.items()
        if row[3] != tables.tasks[number].tries + 1
    ]
    return wrong


def _story(tables: Tables) -> list[str]:
    """The events alone must lead to the states."""
    told: dict[int, Move] = {}
    for move in tables.moves:
        told.update(dict.fromkeys(range(move.first, move.last + 1), move))
    wrong = [f"events tell of a task {number} that is not there" for number in told.keys() - tables.tasks.keys()]
    for task in tables.tasks.values():
        last = told.get(task.id)
        if last is None or last.to != tables.now_in(task):
            wrong.append(f"task {task.id} is {state.STATES[tables.now_in(task)]}, its last event says {last}")
        elif last.to == state.READY and last.lane != task.lane:
            wrong.append(f"task {task.id} is in lane {task.lane}, its last event says {last.lane}")
        elif last.to == state.RUNNING and (last.agent, last.slot) != tables.leases[task.id][1:3]:
            wrong.append(f"task {task.id} is leased as {tables.leases[task.id]}, its last event says {last}")
    return wrong


def _counts(tables: Tables) -> list[str]:
    """Folded counts are exact."""
    counted: Counter[str] = Counter()
    for name, n in tables.rows["statistic"]:
        counted[name] += n
    into: Counter[int] = Counter()
    for move in tables.moves:
        into[move.to] += move.last - move.first + 1
    known = {
        "submitted": len(tables.tasks),
        "given": into[state.RUNNING],
        "done": into[state.DONE],
        "dead": into[state.DEAD],
        "cancelled": into[state.CANCELLED],
        "expired": into[state.EXPIRED],
    }
    return [f"{name} was counted {counted[name]} times, it was {n}" for name, n in known.items() if counted[name] != n]
