"""Slots that an agent keeps for a band or a tenant."""

from __future__ import annotations

from rota.planning.refusal import Refusal
from rota.planning.snapshot import Agent, Reserved


def entitled(reserved: Reserved, band: int, tenant: int) -> bool:
    """Whether the reservation is (also) for tasks of this band and tenant. One for a band serves better bands too."""
    return (reserved.band is None or band <= reserved.band) and (reserved.tenant is None or tenant == reserved.tenant)


def refused_by(agent: Agent, band: int, tenant: int) -> Refusal | None:
    """Why the agent's free slots are not for tasks of this band and tenant; None when one is."""
    others = [one for one in agent.reserved if not entitled(one, band, tenant)]
    kept = sum(max(one.slots - one.running, 0) for one in others)
    free = agent.slots - agent.running
    if free > kept:
        return None
    if sum(one.slots for one in others) >= agent.slots:
        return Refusal("dedicated", f"all its {agent.slots} slots are reserved for others", {"slots": agent.slots})
    return Refusal("reserved", f"its {free} free slots are reserved", {"free": free, "reserved": kept})


def taken(reserved: tuple[Reserved, ...], band: int, tenant: int) -> tuple[Reserved, ...]:
    """The reservations after one more task of this band and tenant was given to the agent.

    A task that several reservations are for counts for each of them.
    """
    return tuple(one._replace(running=one.running + 1) if entitled(one, band, tenant) else one for one in reserved)
