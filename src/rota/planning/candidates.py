"""The agents that may do one shape, least score first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from math import inf

from rota.planning.draws import Draws
from rota.planning.ejection import pardoned
from rota.planning.filter import refusal
from rota.planning.for_now import Asked, full, shut
from rota.planning.score import scorer, scores, tie
from rota.planning.snapshot import Agent, Head, Lane, Snapshot
from rota.planning.strategies import weights_of
from rota.planning.terms import TERMS, Scene
from rota.planning.wishes import Wishes

Found = tuple[float, Agent]
"""A score, and whose it is."""


class Candidates:
    """The agents that may do tasks of one shape, of one band and tenant where slots are reserved.

    Entries of the heap are refreshed only when they come to the top: scores never shrink while a plan gives, so an
    old entry can only stand too early, never too late. Whoever is refused for now stays refused until the end.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        lane: Lane,
        wishes: Wishes,
        weights: Mapping[str, float],
        ties: Mapping[int, int],
        *,
        looks: bool,
        ejected: bool,
    ) -> None:
        """`ties`: the order of equals, by agent. `looks`: more than slots decides. `ejected`: some agents are out."""
        needs = snapshot.shapes[lane.shape]
        self._wishes = wishes
        self._weights = weights
        self._ties = ties
        self.refused: dict[int, str] = {}
        """Agents that listen and may do such tasks, but not now, with the code."""
        every = fitting(snapshot, lane.shape)
        self._asked = Asked(needs, lane.band, lane.tenant)
        self._looks = looks or bool(needs.resources) or needs.max_cost is not None
        self._agents = wishes.those(every)
        self._left = wishes.left
        self._made: Draws | None = None
        if self._looks or ejected:
            back = pardoned(every)
            self._agents = [agent for agent in self._agents if self._may(agent, back)]
        self._scene = Scene(needs, every, snapshot.seed, draws=self._draws)
        asked_at = {TERMS[term].looks for term in weights}
        self.looks_at_each = "task" in asked_at
        """Each single task is scored by itself."""
        self._single = self.looks_at_each or "affinity" in asked_at
        self._heap: list[tuple[float, int, int, Agent]] = []
        if not self.looks_at_each:
            self._score = scorer(weights, self._scene)
            self._heap = [(self._score(agent), ties[agent.id], agent.id, agent) for agent in self._agents]
            heapify(self._heap)

    def least(self, head: Head) -> Found | None:
        """The best agent that still listens for this task, with its score."""
        if self._single and (self.looks_at_each or head.affinity):
            return self._least_for(head)
        heap = self._heap
        while heap:
            score, order, number, agent = heap[0]
            if not self._wishes.listens(agent) or (self._looks and self._filled(agent)):
                heappop(heap)
                continue
            current = self._score(agent)
            if current == score:
                return score, agent
            heappop(heap)
            heappush(heap, (current, order, number, agent))
        return None

    def two(self, head: Head) -> tuple[Found | None, float]:
        """As `least`, and by how much the second best is worse; without a second one, infinitely."""
        best = self.least(head)
        if best is None:
            return None, 0.0
        listening = self._listening()
        scored = zip(listening, self._scores(head, listening), strict=True)
        others = [score for agent, score in scored if agent is not best[1]]
        return best, min(others) - best[0] if others else inf

    def still_takes(self, agent: Agent) -> bool:
        """Whether an agent that was given one of the tasks may be given another, as far as it is not about slots."""
        return not (self._looks and self._filled(agent))

    def _least_for(self, head: Head) -> Found | None:
        listening = self._listening()
        if not listening:
            return None
        scored = self._scores(head, listening)
        least = min(scored)
        if scored.count(least) == 1:
            return least, listening[scored.index(least)]
        equals = [agent for agent, score in zip(listening, scored, strict=True) if score == least]
        return least, min(equals, key=lambda agent: self._ties[agent.id])

    def _scores(self, head: Head, listening: list[Agent]) -> Sequence[float]:
        if not self._single or not (self.looks_at_each or head.affinity):
            return list(map(self._score, listening))
        return scores(self._weights, self._scene._replace(head=head, free=listening))

    def _draws(self) -> Draws:
        """Made of those that listen when it is first asked for: later they are some of them."""
        if self._made is None:
            self._made = Draws(self._agents)
        return self._made

    def _listening(self) -> list[Agent]:
        """Those that listen and have room; the same list as long as it holds the same agents."""
        wishes = self._wishes
        if self._left != wishes.left:
            self._left = wishes.left
            self._agents = wishes.those(self._agents)
        if self._looks:
            room = [agent for agent in self._agents if not self._filled(agent)]
            if len(room) < len(self._agents):
                self._agents = room
        return self._agents

    def _may(self, agent: Agent, back: set[int]) -> bool:
        if agent.barred is not None and agent.id not in back:
            self.refused[agent.id] = agent.barred.code
            return False
        return not (self._looks and self._filled(agent))

    def _filled(self, agent: Agent) -> bool:
        found = shut(agent, self._asked) or full(agent, self._asked)
        if found is None:
            return False
        self.refused[agent.id] = found.code
        return True


class Nobody:
    """The candidates of a lane that may not be given out now."""

    looks_at_each = False

    def least(self, _head: Head) -> Found | None:
        """There is none."""
        return None

    def two(self, _head: Head) -> tuple[Found | None, float]:
        """There is none."""
        return None, 0.0


_NOBODY = Nobody()


class Everybody:
    """The candidates of every lane, made when they are first asked for."""

    def __init__(self, snapshot: Snapshot, wishes: Wishes) -> None:
        self._snapshot = snapshot
        self._wishes = wishes
        self._weights = weights_of(snapshot.strategy, snapshot.terms)
        self._reserved = any(agent.reserved for agent in snapshot.agents)
        self._looks = self._reserved or any(agent.kind_room for agent in snapshot.agents)
        self._ejected = any(agent.barred is not None for agent in snapshot.agents)
        self._ties = {agent.id: tie(snapshot.seed, agent.id) for agent in snapshot.agents}
        self._known: dict[object, Candidates] = {}

    def of(self, lane: Lane) -> Candidates:
        """Those of the lane."""
        key = (lane.shape, lane.band, lane.tenant) if self._reserved else lane.shape
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Candidates(
                self._snapshot,
                lane,
                self._wishes,
                self._weights,
                self._ties,
                looks=self._looks,
                ejected=self._ejected,
            )
        return found

    def refused(self) -> dict[int, dict[int, str]]:
        """By lane and agent: who listens and may do such tasks, but not now, with the code."""
        if not any(candidates.refused for candidates in self._known.values()):
            return {}
        return {lane.id: codes for lane in self._snapshot.lanes if (codes := self.of(lane).refused)}


def fitting(snapshot: Snapshot, shape: int) -> list[Agent]:
    """The agents that nothing bars from the shape for good. What was found out once is remembered."""
    known = snapshot.fits.setdefault(shape, {})
    try:
        return [agent for agent in snapshot.agents if known[agent.id] is None]
    except KeyError:
        needs = snapshot.shapes[shape]
        known.update({agent.id: refusal(agent.profile, needs) for agent in snapshot.agents if agent.id not in known})
    return [agent for agent in snapshot.agents if known[agent.id] is None]
