"""Slots that an agent keeps for a band or a tenant."""

from __future__ import annotations

from collections.abc import Sequence

from rota.model.agent import AgentSpec, Reserve
from rota.model.priority import BANDS
from rota.planning import hours
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


def too_many(kept: Sequence[Reserve], slots: int) -> list[int] | None:
    """The reservations, by place, that no task shares and that keep more than all slots at one time; None = none do.

    Each then keeps from the others what they can not use themselves, so slots stay empty whatever waits. Only those
    of different tenants share no task: one for a priority serves that priority of every tenant.
    """
    moments = [(0, 0), *(moment for one in kept for moment in hours.edges(one.hours))]
    for weekday, minute in moments:
        largest: dict[str, int] = {}
        for at, one in enumerate(kept):
            if one.tenant is None or not hours.covers(one.hours, weekday, minute):
                continue
            before = largest.get(one.tenant)
            if before is None or kept[before].slots < one.slots:
                largest[one.tenant] = at
        if sum(kept[at].slots for at in largest.values()) > slots:
            return sorted(largest.values())
    return None


def ever_open(spec: AgentSpec, band: int, tenant: str) -> bool:
    """Whether the agent, with all slots free, has one for tasks of this band and tenant at some time of the week."""
    windows = (spec.hours, *(one.hours for one in spec.reserve))
    moments = [(0, 0), *(moment for listed in windows for moment in hours.edges(listed))]
    return any(
        hours.covers(spec.hours, *moment)
        and sum(one.slots for one in spec.reserve if hours.covers(one.hours, *moment) and not _for(one, band, tenant))
        < spec.slots
        for moment in moments
    )


def _for(one: Reserve, band: int, tenant: str) -> bool:
    return (one.priority is None or band <= BANDS[one.priority]) and one.tenant in (None, tenant)
