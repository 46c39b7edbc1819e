"""How many tasks an agent is given at once when nobody knows how many it can do: additive increase, multiplicative
decrease (Chiu, Jain 1989; as in TCP).

A success while all of them are in use says that one more may fit; a lost lease or a provider's limit says that it was
too many.
"""

from __future__ import annotations

from collections.abc import Iterable

MORE = 1.0
LESS = 0.9


def after(slots: float, outcomes: Iterable[tuple[bool, int]], least: int, most: int) -> float:
    """The slots once these attempts ended: whether each was a success, and how many tasks the agent had then."""
    slots = min(max(slots, least), most)
    for good, had in outcomes:
        if not good:
            slots = max(slots * LESS, least)
        elif had >= int(slots):
            slots = min(slots + MORE, most)
    return slots
