"""The plan: one total order over waiting tasks, each given to the best agent that may and listens.

The order is `(band, due, task)`, smallest first. A lane that nobody may serve is parked with its reason and never
hides another. Within a pool no slot goes to a task while the snapshot holds a task of a better band that was
eligible for that slot: tasks are taken strictly in order and only a lane without any candidate is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush, heapreplace

from rota.planning.filter import nobody, refusal
from rota.planning.score import SCORES, tie
from rota.planning.snapshot import Agent, Give, Lane, Listener, Plan, Snapshot


def survey(snapshot: Snapshot) -> tuple[list[Lane], dict[int, str]]:
    """Sort the lanes before any head is read: those a listening agent may serve, and the parked with their reason.

    A lane that only busy agents may serve is in neither: it waits for a slot.
    """
    listening = {agent for listener in snapshot.listeners for agent in listener.agents}
    open_now: dict[int, bool] = {}
    reasons: dict[int, str | None] = {}
    lanes: list[Lane] = []
    parked: dict[int, str] = {}
    for lane in snapshot.lanes:
        if lane.barred is not None:
            parked[lane.id] = lane.barred
            continue
        shape = lane.shape
        if shape not in open_now:
            needs = snapshot.shapes[shape]
            open_now[shape] = any(
                _open(agent, listening) and refusal(agent.profile, needs) is None for agent in snapshot.agents
            )
        if open_now[shape]:
            lanes.append(lane)
            continue
        if shape not in reasons:
            reasons[shape] = nobody(snapshot.agents, snapshot.shapes[shape])
        reason = reasons[shape]
        if reason is not None:
            parked[lane.id] = reason
    return lanes, parked


def plan(snapshot: Snapshot) -> Plan:
    """Give tasks to listening agents in the order of work until slots or tasks run out.

    Agents and listeners of the snapshot are used up: their counts are changed as tasks are given.
    """
    result = Plan()
    wishes = _Wishes(snapshot)
    if not wishes.slots:
        return result
    candidates: dict[int, _Candidates] = {}
    waiting = [(lane.band, *lane.heads[0], index, 0) for index, lane in enumerate(snapshot.lanes) if lane.heads]
    heapify(waiting)
    while waiting and wishes.slots:
        _band, due, task, index, at = waiting[0]
        lane = snapshot.lanes[index]
        chosen = candidates.get(lane.shape)
        if chosen is None:
            chosen = candidates[lane.shape] = _Candidates(snapshot, lane.shape, wishes)
        found = chosen.least()
        if found is None:
            heappop(waiting)
            continue
        score, agent = found
        result.gives.append(Give(task, lane.id, due, agent.id, wishes.take(agent), score))
        at += 1
        if at < len(lane.heads):
            heapreplace(waiting, (lane.band, *lane.heads[at], index, at))
        elif lane.more and wishes.slots and chosen.least() is not None:
            result.starved = (lane.id,)
            return result
        else:
            heappop(waiting)
    return result


def _open(agent: Agent, listening: set[int]) -> bool:
    return agent.barred is None and agent.id in listening and agent.running < agent.slots


class _Wishes:
    """Which listeners each agent can answer, and how many slots are left in all."""

    def __init__(self, snapshot: Snapshot) -> None:
        agents = {agent.id: agent for agent in snapshot.agents}
        self._by_agent: dict[int, list[Listener]] = {}
        listening = {agent for listener in snapshot.listeners for agent in listener.agents}
        for listener in snapshot.listeners:
            for agent in listener.agents:
                if agent in agents and _open(agents[agent], listening):
                    self._by_agent.setdefault(agent, []).append(listener)
        wanted = sum(listener.n for listener in snapshot.listeners)
        free = sum(agents[agent].slots - agents[agent].running for agent in self._by_agent)
        self.slots = min(wanted, free)

    def listens(self, agent: Agent) -> bool:
        """Whether one more task can be given to this agent."""
        if agent.running >= agent.slots:
            return False
        listeners = self._by_agent.get(agent.id)
        while listeners and listeners[0].n <= 0:
            listeners.pop(0)
        return bool(listeners)

    def take(self, agent: Agent) -> int:
        """Use one slot of the agent for its longest waiting listener, whose id is answered."""
        listener = self._by_agent[agent.id][0]
        listener.n -= 1
        agent.running += 1
        agent.served += 1
        self.slots -= 1
        return listener.id


class _Candidates:
    """The agents that may do one shape, least score first.

    Entries are refreshed only when they come to the top: scores never shrink while a plan runs, so an old entry
    can only stand too early, never too late.
    """

    def __init__(self, snapshot: Snapshot, shape: int, wishes: _Wishes) -> None:
        self._score = SCORES[snapshot.strategy]
        self._wishes = wishes
        needs = snapshot.shapes[shape]
        may: Sequence[Agent] = [a for a in snapshot.agents if wishes.listens(a) and refusal(a.profile, needs) is None]
        self._heap = [(self._score(agent), tie(snapshot.seed, agent.id), agent.id, agent) for agent in may]
        heapify(self._heap)

    def least(self) -> tuple[float, Agent] | None:
        """The best agent that still listens, with its score."""
        heap = self._heap
        while heap:
            score, order, number, agent = heap[0]
            if not self._wishes.listens(agent):
                heappop(heap)
                continue
            current = self._score(agent)
            if current == score:
                return score, agent
            heappop(heap)
            heappush(heap, (current, order, number, agent))
        return None
