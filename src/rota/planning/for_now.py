"""Who may do what at this moment: refusals that follow from the state an agent is in.

While a plan gives tasks an agent only fills up, so whoever is refused here stays refused until the plan's end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rota.model.requirements import Requirements
from rota.planning.ejection import pardoned
from rota.planning.filter import refusal
from rota.planning.price import price
from rota.planning.refusal import Refusal
from rota.planning.reserve import refused_by
from rota.planning.snapshot import Agent

NEARLY = 1e-9
"""Sums of amounts of a resource may be off by this share."""


class Asked(NamedTuple):
    """What is asked of agents: the requirements of a lane's tasks, and whose they are."""

    needs: Requirements
    band: int = 3
    tenant: int = 0


def refusal_now(agent: Agent, asked: Asked) -> Refusal | None:
    """Why the agent may not be given such a task now, for lasting reasons first; None when it may.

    An ejected agent is not let back in here: see `who_may`.
    """
    return refusal(agent.profile, asked.needs) or agent.barred or shut(agent, asked) or full(agent, asked)


def full(agent: Agent, asked: Asked) -> Refusal | None:
    """Why the agent has no room for such a task before it ends others."""
    if agent.running >= agent.slots:
        return Refusal("busy", f"all {agent.slots} slots are in use", {"slots": agent.slots})
    if agent.cap is not None and agent.running >= agent.cap:
        if agent.limited_by is not None:
            return Refusal("limit", f"limit {agent.limited_by} has no room", {"limit": agent.limited_by})
        facts = {
            "slots": agent.slots,
            "cap": agent.cap,
            **({} if agent.cap_until is None else {"until": agent.cap_until}),
        }
        return Refusal("slow_start", f"it starts slowly: {agent.cap} of its {agent.slots} slots so far", facts)
    if agent.kept and agent.running >= agent.slots - agent.kept:
        facts = {"slots": agent.slots, "kept": agent.kept}
        return Refusal("kept", "its free slot is kept for a task for which another one gave way", facts)
    return (refused_by(agent, asked.band, asked.tenant) if agent.reserved else None) or _short(agent, asked.needs)


def shut(agent: Agent, asked: Asked) -> Refusal | None:
    """Why tasks of this kind, or as cheap as this, are not for the agent at present."""
    left = agent.kind_room.get(asked.needs.kind)
    if left is not None and left.room <= 0:
        text = f"failed at half of its {asked.needs.kind!r} tasks lately"
        more = {} if left.until is None else {"until": left.until}
        return Refusal("breaker", text, {"kind": asked.needs.kind, **more})
    if asked.needs.max_cost is None or agent.profile.cost is None:
        return None
    cost = price(agent.profile.cost, agent.expected_s(asked.needs.kind))
    if cost <= asked.needs.max_cost:
        return None
    facts = {"max_cost": asked.needs.max_cost, "expected": round(cost, 6)}
    return Refusal("cost", f"may cost {asked.needs.max_cost:g}, would probably cost {cost:.4g}", facts)


def _short(agent: Agent, needs: Requirements) -> Refusal | None:
    if not needs.resources:
        return None
    offers = dict(agent.profile.resources)
    for name, amount in needs.resources:
        offered, used = offers.get(name, 0.0), agent.used.get(name, 0.0)
        if used + amount > offered * (1 + NEARLY):
            facts = {"resource": name, "needs": amount, "free": max(offered - used, 0.0)}
            return Refusal("resource_busy", f"needs {amount:g} {name}, {max(offered - used, 0.0):g} free", facts)
    return None


def standings(
    agents: Iterable[Agent], asked: Asked, known: Mapping[int, Refusal | None] | None = None
) -> dict[int, Refusal | None]:
    """For each agent why it may not be given such a task now, with ejected agents let back in (see `ejection`).

    `known` are lasting refusals already found, by agent.
    """
    listed = list(agents)
    lasting = {a.id: refusal(a.profile, asked.needs) if known is None else known[a.id] for a in listed}
    back = pardoned(agent for agent in listed if lasting[agent.id] is None)
    return {
        agent.id: lasting[agent.id]
        or (None if agent.id in back else agent.barred)
        or shut(agent, asked)
        or full(agent, asked)
        for agent in listed
    }


def nobody(agents: Iterable[Agent], asked: Asked) -> str | None:
    """Why no agent of the pool may serve this now, as one stable text; None when one may.

    An agent that only has no room may: it will have some. Codes stand with their count, the most frequent first.
    """
    counts: dict[str, int] = {}
    for found in standings(agents, asked).values():
        if found is None or found.passes == "when_freed":
            return None
        counts[found.code] = counts.get(found.code, 0) + 1
    if not counts:
        return "no_agent"
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "nobody:" + ",".join(f"{code}={count}" for code, count in ordered)
