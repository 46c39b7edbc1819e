"""The agents of a simulation, their queues and pools: from a fleet.toml, from `--slots`, or from the workload."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rota.files.toml import load_fleet
from rota.model.agent import AgentSpec
from rota.model.bounds import SLOTS
from rota.model.errors import invalid
from rota.model.limit import LimitSpec
from rota.model.queue import PoolPolicy, QueuePolicy
from rota.model.requirements import Requirements
from rota.model.rule import Rule
from rota.planning.filter import refusal
from rota.planning.snapshot import Profile, profile_of
from rota.simulator.behaviour import Behaviour, Change, behaviours

AGENTS = 10_000
"""The most agents of one simulation."""

_SLOTS = re.compile(r"(?:([0-9]{1,9})x)?([0-9]{1,9})")


class SimulatedAgent(NamedTuple):
    """An agent and its ways."""

    spec: AgentSpec
    behaviour: Behaviour
    profile: Profile

    @property
    def capacity(self) -> float:
        """Seconds of work it does in a second."""
        return self.spec.slots * self.behaviour.speed


class SimulatedFleet(NamedTuple):
    """Who works, and under which policies. `file` is None for a plain fleet, whose queues are made as needed."""

    agents: tuple[SimulatedAgent, ...]
    queues: Mapping[str, QueuePolicy]
    pools: Mapping[str, PoolPolicy]
    file: str | None = None
    tenants: Mapping[str, int] = {}
    """Weights."""
    limits: tuple[LimitSpec, ...] = ()
    rules: tuple[Rule, ...] = ()

    @property
    def slots(self) -> int:
        """All slots."""
        return sum(agent.spec.slots for agent in self.agents)

    @property
    def capacity(self) -> float:
        """Seconds of work that all do in a second."""
        return sum(agent.capacity for agent in self.agents)

    @property
    def uniform_speed(self) -> float | None:
        """The speed of all agents, when they all have the same and none ever fails, crashes or starts slowly."""
        ways = {agent.behaviour for agent in self.agents}
        one = next(iter(ways))
        return one.speed if ways == {Behaviour(speed=one.speed)} else None

    def eligible(self, needs: Requirements, pool: str) -> int:
        """Which agents may do this, as a bit for each agent, the first one lowest."""
        mask = 0
        for index, agent in enumerate(self.agents):
            if agent.spec.pool == pool and refusal(agent.profile, needs) is None:
                mask |= 1 << index
        return mask

    def behaving(self, changes: Sequence[Change]) -> SimulatedFleet:
        """The same fleet with other behaviour."""
        given = {agent.spec.name: agent.behaviour for agent in self.agents}
        found = behaviours(given, given, changes)
        return self._replace(agents=tuple(agent._replace(behaviour=found[agent.spec.name]) for agent in self.agents))


def simulated(spec: AgentSpec, behaviour: Behaviour | None = None) -> SimulatedAgent:
    """An agent with its profile."""
    return SimulatedAgent(spec, behaviour or Behaviour(), profile_of(spec))


def plain_fleet(slots: str) -> SimulatedFleet:
    """`N` agents of one slot, or `AxS` for A agents of S slots."""
    found = _SLOTS.fullmatch(slots.strip())
    if found is None:
        raise invalid("--slots", f"{slots[:60]!r} is neither a number of slots nor AGENTSxSLOTS, such as 26 or 4x8")
    agents, each = (int(found[2]), 1) if found[1] is None else (int(found[1]), int(found[2]))
    if not 1 <= agents <= AGENTS or not 1 <= each <= SLOTS:
        raise invalid("--slots", f"{slots} is not between 1 and {AGENTS:,} agents of 1 to {SLOTS:,} slots")
    specs = [AgentSpec(name=f"agent-{number}", slots=each) for number in range(1, agents + 1)]
    return SimulatedFleet(tuple(simulated(spec) for spec in specs), {}, {})


def fleet_from(file: str) -> SimulatedFleet:
    """The fleet of a fleet.toml; what starts its agents does not matter here."""
    loaded = load_fleet(file)
    if not loaded.agents:
        raise invalid(f"{file} agent", "this file has no agents, so nothing would ever be done; add an [[agent]] table")
    return SimulatedFleet(
        tuple(simulated(agent.spec) for agent in loaded.agents),
        loaded.queues,
        loaded.pools,
        file,
        loaded.tenants,
        loaded.limits,
        loaded.rules,
    )
