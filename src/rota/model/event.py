"""Events: the append-only history, one line per change.

Every change of a task's state stands in exactly one event, as a `Move`; `rota audit` rebuilds all states from them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rota.model.state import State


class Move(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Tasks `first` to `last` (consecutive numbers) came into state `to`.

    `lane` is set when they became ready; `agent`, `slot`, `attempt` when they became running;
    `attempt` also when an attempt ended.
    """

    first: int
    last: int
    to: int
    lane: int | None = None
    agent: int | None = None
    slot: int | None = None
    attempt: int | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the history as kept: `kind` is the verb that caused it, `at` microseconds."""

    at: int
    kind: str
    task: int | None = None
    """Set when the event is about one task alone, so that its history is found by key."""
    moves: tuple[Move, ...] = ()
    data: dict[str, Any] = {}


class MoveView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A move as shown: tasks `first` to `last` came into state `to`; when running, in these hands."""

    first: str
    last: str
    to: State
    lane: int | None = None
    """The lane they wait in, by a number that means the same as long as the database lives."""
    agent: str | None = None
    slot: int | None = None
    attempt: int | None = None


class EventView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An event as shown."""

    seq: str
    at: str
    kind: str
    tasks: list[str] = []
    """The first 1,000 of them."""
    state: str | None = None
    moves: list[MoveView] = []
    """Every change of state in it."""
    data: dict[str, Any] = {}


def moves_of(numbers: list[int], to: int, lane: int | None = None) -> tuple[Move, ...]:
    """Moves of many tasks into one state, consecutive numbers joined."""
    moves: list[Move] = []
    ordered = sorted(numbers)
    start = 0
    for at in range(1, len(ordered) + 1):
        if at == len(ordered) or ordered[at] != ordered[at - 1] + 1:
            moves.append(Move(ordered[start], ordered[at - 1], to, lane))
            start = at
    return tuple(moves)
