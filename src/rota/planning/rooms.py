"""Room that an agent has for a task, now or later: the slots that are not for others, and from when on it works."""

from __future__ import annotations

from typing import NamedTuple

from rota.planning.for_now import NEARLY, Asked, shut
from rota.planning.refusal import Refusal
from rota.planning.reserve import entitled
from rota.planning.snapshot import Agent


class Room(NamedTuple):
    """Slots of an agent that a task may use."""

    slots: int
    busy: int = 0
    """How many of them are in use."""
    opens: int = 0
    """From when on they are given tasks, microseconds."""


def room_of(agent: Agent, asked: Asked, no: Refusal | None, now: int) -> Room | None:
    """The agent's room for such a task; `no` is why it may not be given one now. None = it has none, or nobody knows.

    Reservations and resources count as they are now, also for later.
    """
    opens = _opens(agent, asked, no, now)
    if opens is None:
        return None
    # What is left of a limit now says nothing of when it is open again.
    cap = agent.slots if agent.cap is None or (opens > now and _limited(agent)) else agent.cap
    slots = min(_usable(agent, asked), cap)
    if slots < 1:
        return None
    free = min(_free(agent, asked), cap - agent.running, slots)
    return Room(slots, slots - max(free, 0), opens)


def _opens(agent: Agent, asked: Asked, no: Refusal | None, now: int) -> int | None:
    """From when on the agent is given such tasks, as far as the clock decides; None = nobody knows."""
    if no is None or no.passes == "when_freed":
        waits = _limited(agent) and agent.cap_until is not None
        return max(now, agent.cap_until or 0) if waits else now
    behind = shut(agent, asked) if no is agent.barred else None
    moments = [one.until for one in (no, behind) if one is not None]
    known = [moment for moment in moments if moment is not None]
    if no.passes != "by_itself" or len(known) < len(moments):
        return None
    return max(now, *known)


def _limited(agent: Agent) -> bool:
    """Whether a limit on the agent has no room."""
    return agent.limited_by is not None and agent.cap is not None and agent.running >= agent.cap


def _usable(agent: Agent, asked: Asked) -> int:
    """Slots that tasks like this may have when the agent has nothing else."""
    others = sum(one.slots for one in agent.reserved if not entitled(one, asked.band, asked.tenant))
    offers = dict(agent.profile.resources)
    return min(
        [agent.slots - others, *(_times(offers.get(name, 0.0), amount) for name, amount in asked.needs.resources)]
    )


def _free(agent: Agent, asked: Asked) -> int:
    """Slots that a task like this could have at once."""
    others = (one for one in agent.reserved if not entitled(one, asked.band, asked.tenant))
    free = agent.slots - agent.running - agent.kept - sum(max(one.slots - one.running, 0) for one in others)
    offers = dict(agent.profile.resources)
    left = ((offers.get(name, 0.0) - agent.used.get(name, 0.0), amount) for name, amount in asked.needs.resources)
    return min([free, *(_times(rest, amount) for rest, amount in left)])


def _times(offered: float, amount: float) -> int:
    """How many tasks that need this amount fit into what is offered."""
    return int(offered * (1 + NEARLY) / amount)
