"""Rows of agents in trouble, as whoever looks at agents reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rota.planning.breaker import Breaker
from rota.planning.ejection import Streak
from rota.store.protocol import Reader
from rota.store.sql import fleet

ANY_KIND = ""
"""Stands for all kinds: an agent's streak."""


class Troubles(NamedTuple):
    """Who is in trouble."""

    breakers: Mapping[int, Mapping[str, Breaker]]
    """By agent and kind."""
    streaks: Mapping[int, Streak]
    """By agent."""


NONE = Troubles({}, {})


def troubles_of(reader: Reader) -> Troubles:
    """Everybody's troubles as the database has them."""
    breakers: dict[int, dict[str, Breaker]] = {}
    streaks: dict[int, Streak] = {}
    for agent, kind, outcomes, n, until in reader.one(fleet.TROUBLES):
        if kind == ANY_KIND:
            streaks[agent] = Streak(outcomes, n, until)
        else:
            breakers.setdefault(agent, {})[kind] = Breaker(outcomes, n, until)
    return Troubles(breakers, streaks)
