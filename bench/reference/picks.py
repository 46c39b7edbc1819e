"""Which of several agents a task goes to.

A pick is made for one run, since it may remember. It is called with the indexes of the agents that may have the task
(never empty) and, for every agent, how many tasks it holds: waiting for it and running.
"""

from collections.abc import Callable, Sequence
from math import inf
from random import Random

from bench.reference.agent import Agent

Pick = Callable[[Sequence[int], Sequence[int]], int]
Weigh = Callable[[Agent], float]


def evenly(_agent: Agent) -> float:
    """Every agent weighs the same: an agent may then get more than it can do."""
    return 1.0


def by_capacity(agent: Agent) -> float:
    """Slots x speed."""
    return agent.capacity


def _own_luck(seed: int) -> Random:
    """Apart from the arrivals', which are often seeded with the same number: equal streams would be a correlation."""
    return Random(f"pick {seed}")


class Fastest:
    """The greatest speed, then the first of the list."""

    def __init__(self, agents: Sequence[Agent]) -> None:
        self._speeds = [agent.speed for agent in agents]

    def __call__(self, candidates: Sequence[int], held: Sequence[int]) -> int:
        del held
        return max(candidates, key=self._speeds.__getitem__)


class AtRandom:
    """Each with a chance in proportion to its weight."""

    def __init__(self, agents: Sequence[Agent], seed: int = 0, weigh: Weigh = evenly) -> None:
        self._weights = [weigh(agent) for agent in agents]
        self._even = len(set(self._weights)) < 2
        self._random = _own_luck(seed)

    def __call__(self, candidates: Sequence[int], held: Sequence[int]) -> int:
        del held
        if self._even:
            return candidates[int(self._random.random() * len(candidates))]
        return self._random.choices(candidates, [self._weights[index] for index in candidates])[0]


class RoundRobin:
    """Smooth weighted round robin: weights 5, 1, 1 give a a b a c a a; equal weights take turns."""

    def __init__(self, agents: Sequence[Agent], weigh: Weigh = evenly) -> None:
        self._weights = [weigh(agent) for agent in agents]
        self._credit = [0.0] * len(agents)

    def __call__(self, candidates: Sequence[int], held: Sequence[int]) -> int:
        del held
        credit, weights = self._credit, self._weights
        total = 0.0
        for index in candidates:
            credit[index] += weights[index]
            total += weights[index]
        chosen = max(candidates, key=credit.__getitem__)
        credit[chosen] -= total
        return chosen


class LeastOf:
    """SQ(d): of d agents drawn at random, the one that would be least loaded, held + 1 per weight.

    The draws are independent in queueing theory, so one agent may be drawn twice: `repeats`. Distinct ones do better
    among few agents: mean time 2.97 against 3.11 with d = 2, ten agents, load .9.
    """

    def __init__(
        self, agents: Sequence[Agent], d: int = 2, seed: int = 0, weigh: Weigh = evenly, *, repeats: bool = False
    ) -> None:
        if d < 1:
            raise ValueError(f"d is {d}, give at least 1")
        self._d = d
        self._repeats = repeats
        self._weights = [weigh(agent) for agent in agents]
        self._random = _own_luck(seed)

    def __call__(self, candidates: Sequence[int], held: Sequence[int]) -> int:
        # Drawn in no order, so the first of equals is a random one.
        best, least = -1, inf
        for index in self._drawn(candidates):
            load = (held[index] + 1) / self._weights[index]
            if load < least:
                best, least = index, load
        return best

    def _drawn(self, candidates: Sequence[int]) -> Sequence[int]:
        draw, count = self._random.random, len(candidates)
        if self._repeats:
            return [candidates[int(draw() * count)] for _ in range(self._d)]
        if self._d != 2 or count < 2:
            return self._random.sample(candidates, min(self._d, count))
        first, second = int(draw() * count), int(draw() * (count - 1))
        return candidates[first], candidates[second + (second >= first)]


class Shortest:
    """Join the shortest queue: the least held + 1 per weight of all, equals at random."""

    def __init__(self, agents: Sequence[Agent], seed: int = 0, weigh: Weigh = evenly) -> None:
        self._weights = [weigh(agent) for agent in agents]
        self._random = _own_luck(seed)

    def __call__(self, candidates: Sequence[int], held: Sequence[int]) -> int:
        weights = self._weights
        loads = [(held[index] + 1) / weights[index] for index in candidates]
        least = min(loads)
        equals = [index for index, load in zip(candidates, loads, strict=True) if load == least]
        return equals[int(self._random.random() * len(equals))]
