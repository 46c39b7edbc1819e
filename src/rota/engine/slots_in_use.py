"""Which slots of agents are in use, and since when."""

from __future__ import annotations

from collections.abc import Sequence

from rota.engine.context import Context
from rota.store.sql.leases import SLOTS_OF_AGENTS


def slots_in_use(context: Context, agents: Sequence[int]) -> dict[int, dict[int, int]]:
    """Of each of these agents, in their order, its slots in use with the moment each was taken, microseconds."""
    known = {} if context.owned is None else context.owned.slots
    missing = [(agent,) for agent in agents if agent not in known]
    if missing:
        known.update({agent: {} for (agent,) in missing})
        for agent, slot, since in context.transaction.each(SLOTS_OF_AGENTS, missing):
            known[agent][slot] = since
    return {agent: known[agent] for agent in agents}
