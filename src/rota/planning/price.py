"""What a task will cost at an agent."""

from __future__ import annotations

from rota.model.agent import Cost

HOUR_S = 3600.0
THOUSAND_TOKENS = 1.0
"""What a task uses is not predicted: a thousand tokens, so that prices per token compare."""


def price(cost: Cost | None, seconds: float) -> float:
    """Expected cost of a task that takes so long, in the fleet's currency; nothing without a price."""
    if cost is None:
        return 0.0
    return cost.per_task + cost.per_hour * seconds / HOUR_S + cost.per_1k_tokens * THOUSAND_TOKENS


def energy(cost: Cost | None, seconds: float) -> float:
    """Expected energy of such a task, in the unit (or money) the fleet gives it in; nothing when none is given."""
    return 0.0 if cost is None else cost.energy_per_hour * seconds / HOUR_S


def has_price(cost: Cost | None) -> bool:
    """Whether work of an agent with this price costs anything."""
    return cost is not None and (cost.per_hour > 0 or cost.per_task > 0 or cost.per_1k_tokens > 0)


def ever_within(cost: Cost | None, most: float) -> bool:
    """Whether a task, however short it is, may be expected to cost no more than that."""
    least = price(cost, 0.0)
    # Every task takes some time: with a price by the hour the least itself is never reached.
    return least < most or (least == most and (cost is None or cost.per_hour == 0))
