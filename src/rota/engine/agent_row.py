"""An agent as the database keeps it, with what follows from that."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from rota.model.agent import AgentSpec
from rota.planning.snapshot import Profile, profile_of

ACTIVE, DRAINING, REMOVED = 0, 1, 2


class Agent(NamedTuple):
    """An agent as kept."""

    id: int
    name: str
    pool: int
    spec: AgentSpec
    state: int
    instance: str | None
    node: int | None
    registered: int
    reason: str | None
    profile: Profile
    unwell: str | None = None
    """What its health command said, while that fails."""
    weight: float = 1.0
    """Set by hand, else its slots."""
    plain: bool = True
    """It is active and well, works at all hours, offers no resources, reserves no slots, and has no limit."""


def agent_of(
    number: int,
    name: str,
    pool: int,
    spec_text: str,
    state: int,
    instance: str | None,
    node: int | None,
    registered: int,
    reason: str | None,
    unwell: str | None,
) -> Agent:
    """The agent of a row of the table."""
    spec = msgspec.json.decode(spec_text, type=AgentSpec)
    plain = state == ACTIVE and unwell is None and not (spec.hours or spec.resources or spec.reserve or spec.limit)
    profile, weight = profile_of(spec), spec.weight or float(spec.slots)
    return Agent(number, name, pool, spec, state, instance, node, registered, reason, profile, unwell, weight, plain)
