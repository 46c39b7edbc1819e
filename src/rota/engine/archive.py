"""Taking ended tasks out of the tables once a file holds them, and putting them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rota.engine.context import Context
from rota.model import state
from rota.model.event import Move, moves_of
from rota.store.protocol import Row
from rota.store.sql import archive as sql

KEPT = (state.DONE, state.CANCELLED, state.EXPIRED)
"""Ended for good: what an archive takes."""


class TakeOut(NamedTuple):
    """These tasks stand in a file that is on disk: take them out of the tables."""

    file: str
    made: int
    tasks: int
    """How many the whole file holds; one file takes several of these commands."""
    first: int
    last: int
    numbers: tuple[int, ...]


class PutBack(NamedTuple):
    """Put tasks of a file back, in rows of the `PUT_` statements. `last` ends the file."""

    file: str
    tasks: Sequence[Row]
    bodies: Sequence[Row]
    attempts: Sequence[Row]
    edges: Sequence[Row]
    last: bool


def take_out(context: Context, command: TakeOut) -> int:
    """Delete those that are still ended and that nothing unfinished depends on; how many were deleted.

    Locked first: a task that depends on one of them is either seen here or finds it gone.
    """
    rows = context.lock(command.numbers)
    ended = sorted(number for number, row in rows.items() if row.state in KEPT)
    needed = {number for (number,) in context.transaction.each(sql.STILL_NEEDED, [(number,) for number in ended])}
    gone = [number for number in ended if number not in needed]
    made = (command.file, command.made, command.tasks, command.first, command.last)
    context.transaction.add(sql.ADD_ARCHIVE, [made])
    for statement in (sql.DROP_BODY, sql.DROP_ATTEMPTS, sql.DROP_EDGES, sql.DROP_TASK):
        context.transaction.each(statement, [(number,) for number in gone])
    by_number = {number: rows[number].state for number in gone}
    _say(context, "archive", command.file, by_number)
    return len(gone)


def put_back(context: Context, command: PutBack) -> int:
    """Insert the tasks that are not there; how many were inserted."""
    names = sql.PUT_TASK.columns
    number_at, state_at = names.index("id"), names.index("state")
    there = context.lock([row[number_at] for row in command.tasks])
    came = {row[number_at]: int(row[state_at]) for row in command.tasks if row[number_at] not in there}
    add = context.transaction.add
    add(sql.PUT_TASK, [row for row in command.tasks if row[number_at] in came])
    add(sql.PUT_BODY, [row for row in command.bodies if row[0] in came])
    add(sql.PUT_ATTEMPT, [row for row in command.attempts if row[0] in came])
    add(sql.PUT_EDGE, [row for row in command.edges if row[0] in came])
    _say(context, "restore", command.file, came)
    if command.last:
        context.transaction.one(sql.RESTORED_ARCHIVE, context.now, command.file)
    return len(came)


def _say(context: Context, kind: str, file: str, states: dict[int, int]) -> None:
    moves: list[Move] = []
    for came_into in KEPT:
        moves.extend(moves_of([number for number, found in states.items() if found == came_into], came_into))
    if moves:
        context.changes.say(kind, None, tuple(moves), file=file)
