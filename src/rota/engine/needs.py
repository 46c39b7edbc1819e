"""What tasks need of those they wait for, handed up: bands and due dates inherited over dependencies and sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rota.engine.context import Context
from rota.engine.line import lines_up
from rota.engine.place import Groups, leave, put, tell, temporary_shape
from rota.engine.stand import facts_of
from rota.engine.timer_kinds import NEED, NEED_LESS
from rota.model import state
from rota.model.queue import QueuePolicy
from rota.planning.inherit import NOTHING, Need, least, lent
from rota.planning.order import Facts, due, effective, must_by
from rota.store.sql.relations import CHILDREN, PARENTS
from rota.store.sql.tasks import NEED_TASKS, TaskRow
from rota.store.statement import Each

AT_ONCE = 2_000
"""So many tasks are looked at in one turn; the rest follows by timer."""


def asks(facts: Facts, policy: QueuePolicy) -> Need:
    """What a task with these facts asks of each task that it waits for."""
    band = effective(facts.band, facts.promoted, facts.lent)
    return lent(band, due(facts, policy), must_by(facts, policy), facts.estimate)


def hand_up(context: Context, children: Iterable[int]) -> None:
    """Hand what these tasks need to those they wait for, and on, until nothing changes.

    Everything gathered must have been written. Children still to be looked at when the turn has done enough get a
    timer.
    """
    _level_by_level(context, children, NEED, _ask_more)


def take_back(context: Context, parents: Iterable[int]) -> None:
    """Something does not wait for these any more: what is still needed of them is asked of their children anew."""
    _level_by_level(context, parents, NEED_LESS, _ask_anew)


def hand_up_again(context: Context, row: TaskRow, _at: int) -> None:
    """A timer: go on where an earlier turn had done enough."""
    if row.state not in state.ENDED:
        context.flush()
        hand_up(context, [row.id])


def take_back_again(context: Context, row: TaskRow, _at: int) -> None:
    """A timer: go on where an earlier turn had done enough."""
    context.flush()
    take_back(context, [row.id])


def _level_by_level(
    context: Context, tasks: Iterable[int], timer: int, one_level: Callable[[Context, list[int]], set[int]]
) -> None:
    left = AT_ONCE
    level = sorted(set(tasks))
    while level:
        now, later = level[:left], level[left:]
        for task in later:
            context.changes.add_timer(context.now, timer, task)
        if not now:
            return
        left -= len(now)
        level = sorted(one_level(context, now))


def lend(context: Context, asked: Mapping[int, Need]) -> None:
    """Lend these tasks what others ask of them that stand in line behind them."""
    _give_more(context, context.lock(list(asked)), asked)


def _ask_more(context: Context, children: list[int]) -> set[int]:
    """Hand up by one level; the parents that now stand better, and so may hand it on."""
    edges = [(child, parent) for child, parent, *_, met in _edges(context, PARENTS, children) if not met]
    rows = context.lock([number for edge in edges for number in edge])
    return _give_more(context, rows, _asked(context, rows, edges))


def _give_more(context: Context, rows: Mapping[int, TaskRow], asked: Mapping[int, Need]) -> set[int]:
    better = {}
    for number, need in asked.items():
        row = rows.get(number)
        if row is not None:
            has = least(_had(row), need)
            if row.state not in state.ENDED and has != _had(row):
                better[number] = _needing(row, has)
    _move(context, rows, better)
    return set(better)


def _ask_anew(context: Context, parents: list[int]) -> set[int]:
    """Ask all children of these; those whose own parents are now needed less."""
    edges = [(child, parent) for child, parent, *_, met in _edges(context, CHILDREN, parents) if not met]
    rows = context.lock([*parents, *(child for child, _parent in edges)])
    asked = _asked(context, rows, edges)
    changed = {}
    for number in parents:
        row = rows.get(number)
        if row is None or row.state in state.ENDED:
            continue
        needed = _needing(row, asked.get(number, NOTHING))
        if _had(needed) != _had(row):
            changed[number] = needed
    _move(context, rows, changed)
    above = _edges(context, PARENTS, sorted(changed))
    return {parent for _child, parent, *_, met in above if not met}


def _edges(context: Context, statement: Each, numbers: list[int]) -> list[Any]:
    return context.transaction.each(statement, [(number,) for number in numbers])


def _asked(context: Context, rows: Mapping[int, TaskRow], edges: Iterable[tuple[int, int]]) -> dict[int, Need]:
    """By parent: what its children ask of it."""
    asked: dict[int, Need] = {}
    for child, parent in edges:
        if child in rows and rows[child].state not in state.ENDED:
            need = asks(facts_of(context, rows[child]), context.queue_of(rows[child]).policy)
            asked[parent] = least(asked.get(parent, NOTHING), need)
    return asked


def _is_lifted(row: TaskRow) -> bool:
    """Whether what waits for it lends it a better band than its own."""
    return row.lent is not None and row.lent < row.band


def _had(row: TaskRow) -> Need:
    return Need(row.lent, row.needed_by, row.must_by)


def _needing(row: TaskRow, need: Need) -> TaskRow:
    return row._replace(lent=need.band, needed_by=need.due, must_by=need.must)


def _move(context: Context, rows: Mapping[int, TaskRow], changed: Mapping[int, TaskRow]) -> None:
    """Write down what is needed; those that wait for an agent move to where they stand now."""
    if not changed:
        return
    context.transaction.each(NEED_TASKS, sorted((row.id, *_had(row)) for row in changed.values()))
    for row in changed.values():
        if row.state == state.BLOCKED and not row.waiting:
            lines_up(context, row)
    ready = [rows[number] for number in changed if rows[number].state == state.READY]
    in_hands = leave(context, ready)
    groups: Groups = {}
    for row in ready:
        if row.id not in in_hands:
            shape = temporary_shape(context, row)
            put(context, changed[row.id], groups, start=row.start, shape=shape, reason=row.reason)
    moved = {number for numbers in groups.values() for number in numbers}
    stayed = sorted(number for number, row in changed.items() if number not in moved and _is_lifted(row))
    tell(context, "inherit", groups)
    if stayed:
        # They do not move now, but will come into a better band when they are ready again.
        context.changes.say("inherit", lent=stayed)
    context.flush()
