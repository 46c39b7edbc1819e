"""Who listens while a plan gives: which listeners each agent can answer, and how many slots are left in all."""

from __future__ import annotations

from collections.abc import Iterable

from rota.model.requirements import Requirements
from rota.planning.reserve import taken
from rota.planning.snapshot import Agent, KindRoom, Lane, Listener, Snapshot


def heard_by(listeners: Iterable[Listener]) -> set[int]:
    """Who listens."""
    return set().union(*[listener.agents for listener in listeners])


def open_now(agents: Iterable[Agent], listeners: Iterable[Listener], *, plain: bool = False) -> list[Agent]:
    """Who of these listens and has a slot for some task. Ejected agents may be let back in for some shapes.

    `plain`: see `Snapshot`.
    """
    listening = heard_by(listeners)
    if plain:
        return [agent for agent in agents if agent.running < agent.slots and agent.id in listening]
    return [
        agent
        for agent in agents
        if agent.id in listening
        and (agent.barred is None or agent.barred.code == "ejected")
        and agent.running < (agent.slots - agent.kept if agent.cap is None else most(agent))
    ]


def most(agent: Agent) -> int:
    """How many tasks the agent may hold now."""
    free = agent.slots - agent.kept
    return free if agent.cap is None else min(agent.cap, free)


class Wishes:
    """The listeners of one plan. Agents and listeners are used up."""

    def __init__(self, snapshot: Snapshot) -> None:
        wanting = [listener for listener in snapshot.listeners if listener.n > 0]
        free = open_now(snapshot.agents, wanting, plain=snapshot.plain)
        self._most = {agent.id: most(agent) for agent in free}
        self._by_agent: dict[int, list[Listener]] = {agent.id: [] for agent in free}
        """Those that listen; the first listener of each wants one more task at least."""
        for listener in wanting:
            for agent in listener.agents:
                if agent in self._by_agent:
                    self._by_agent[agent].append(listener)
        self._gauges = snapshot.gauges
        self.shut: dict[int, str] = {}
        """Lanes for which a limit had no room, with the reason."""
        self.left = 0
        """How many agents have stopped listening so far."""
        self._shapes = snapshot.shapes
        self._fills = any(agent.reserved or agent.kind_room for agent in free) or any(
            needs.resources for needs in snapshot.shapes.values()
        )
        wanted = sum([listener.n for listener in snapshot.listeners])
        slots = sum(self._most.values()) - sum([agent.running for agent in free])
        self.slots = min(wanted, slots)

    def listens(self, agent: Agent) -> bool:
        """Whether one more task can be given to this agent, if it fits."""
        return agent.id in self._by_agent

    def those(self, agents: list[Agent]) -> list[Agent]:
        """Those of them that still listen, in their order."""
        return [agent for agent in agents if agent.id in self._by_agent]

    def goes_on(self, agent: Agent, listener: int) -> bool:
        """Whether one more task can be given to this agent for the same claim."""
        return self.listens(agent) and self._by_agent[agent.id][0].id == listener

    def has_room(self, lane: Lane) -> bool:
        """Whether limits leave room for one more task of the lane."""
        for limit in lane.limits:
            if not self._gauges[limit].room:
                self.shut[lane.id] = f"limit:{limit}"
                return False
        return True

    def take(self, agent: Agent, lane: Lane) -> int:
        """Use one slot of the agent for its longest waiting listener, whose id is answered."""
        listener = self._by_agent[agent.id][0]
        listener.n -= 1
        agent.running += 1
        agent.served += 1
        agent.given += 1
        self.slots -= 1
        for limit in lane.limits:
            self._gauges[limit].take()
        if agent.running >= self._most[agent.id]:
            self._leaves(agent.id)
        if listener.n <= 0:
            self._is_served(listener)
        if self._fills:
            _fill(agent, lane, self._shapes[lane.shape])
        return listener.id

    def _is_served(self, listener: Listener) -> None:
        for agent in listener.agents:
            waiting = self._by_agent.get(agent)
            if waiting is None:
                continue
            while waiting and waiting[0].n <= 0:
                waiting.pop(0)
            if not waiting:
                self._leaves(agent)

    def _leaves(self, agent: int) -> None:
        del self._by_agent[agent]
        self.left += 1


def _fill(agent: Agent, lane: Lane, needs: Requirements) -> None:
    """What of the agent is used besides the slot. Nothing is changed in place: copies of the agent may share it."""
    if needs.resources:
        agent.used = {**agent.used, **{name: agent.used.get(name, 0.0) + n for name, n in needs.resources}}
    if agent.reserved:
        agent.reserved = taken(agent.reserved, lane.band, lane.tenant)
    left = agent.kind_room.get(needs.kind)
    if left is not None:
        agent.kind_room = {**agent.kind_room, needs.kind: KindRoom(left.room - 1, left.until)}
