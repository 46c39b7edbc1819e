"""Keeping tasks apart that touch the same: each has its places alone, the folders above them together with others.

A place is a key like that of any limit that tasks are admitted to. Whoever touches it wants it alone; whoever touches
something inside it wants it together with others who do. So two tasks clash exactly where one's place is or holds the
other's, and nobody looks at all places to find out. Keys are taken in order of their names, which is from the top
down, so that nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rota.engine.limits import ALONE as ALONE
from rota.engine.limits import TOGETHER, Charged, Limit
from rota.engine.line import keys_of
from rota.model.limit import TOUCHES
from rota.model.touches import above, key_of, places_of
from rota.planning.limit import PARTS
from rota.store.sql.tasks import TaskRow

ALONE_AMOUNT = 2 * PARTS
"""What stands for a place that is held alone, in the column of what was charged."""


def touched(patterns: Iterable[str]) -> Charged:
    """The keys that a task with these patterns must be admitted to."""
    found: dict[str, Limit] = {}
    for place in places_of(patterns):
        for folder in above(place):
            found.setdefault(key_of(folder), TOGETHER)
        found[key_of(place)] = ALONE
    return found


def places_in(keys: Mapping[str, int]) -> list[str]:
    """The places that keys were made of."""
    return sorted(name.removeprefix(TOUCHES) for name, number in keys.items() if number == ALONE.id)


def is_place(name: str) -> bool:
    """Whether a key is that of a place."""
    return name.startswith(TOUCHES)


def amount_of(row: TaskRow, name: str) -> int:
    """What is written down for a task that holds a place."""
    return ALONE_AMOUNT if keys_of(row)[name] == ALONE.id else PARTS


def fitting(rows: Sequence[TaskRow], name: str, inside: int) -> list[TaskRow]:
    """The first of those in line, in its order, who may come in while so many are in, none of them alone."""
    found: list[TaskRow] = []
    for row in rows:
        if amount_of(row, name) == ALONE_AMOUNT:
            return found if found or inside else [row]
        found.append(row)
    return found
