"""Which of several agents a task goes to.

A pick is made for one run, since it may remember. It is called with the indexes of the agents that may have the task
(never empty) and, for every agent, how many tasks it holds: waiting for it and running.
"""

from collections.abc import Callable, Sequence
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


class Fastest:
    """The greatest speed, then the first of the list."""

    def __init__(self, agents: Sequence[Agent]) -> None:
        self._speeds = [agent.speed for agent in agents]

    def __call__(self, candidates: Sequence[int], held: Sequence[int]) -> int:  # noqa: ARG002
        return max(candidates, key=self._speeds.__getitem__)


class AtRandom:
    """Each with a chance in proportion to its weight."""

    def __init__(self, agents: Sequence[Agent], seed: int = 0, weigh: Weigh = evenly) -> None:
        self._weights = [weigh(agent) for agent in agents]
        self._even = len(set(self._weights)) < 2
        self._random = Random(seed)

    def __call__(self, candidates: Sequence[int], held: Sequence[int]) -> int:  # noqa: ARG002
        if self._even:
            return candidates[int(self._random.random() * len(candidates))]
        return self._random.choices(candidates, [self._weights[index] for index in candidates])[0]


class RoundRobin:
    """Smooth weighted round robin: weights 5, 1, 1 give a a b a c a a; equal weights take turns."""

    def __init__(self, agents: Sequence[Agent], weigh: Weigh = evenly) -> None:
        self._weights = [weigh(agent) for agent in agents]
        self._credit = [0.0] * len(agents)

    def __call__(self, candidates: Sequence[int], held: Sequence[int]) -> int:  # noqa: ARG002
        credit, weights = self._credit, self._weights
        total = 0.0
        for index in candidates:
            credit[index] += weights[index]
            total += weights[index]
        chosen = max(candidates, key=credit.__getitem__)
        credit[chosen] -= total
        return chosen


class LeastOf:
    """SQ(d): of d agents drawn at random, the one that would be least loaded, held + 1 per weight."""

    def __init__(self, agents: Sequence[Agent], d: int = 2, seed: int = 0, weigh: Weigh = evenly) -> None:
        if d < 1:
            raise ValueError(f"d is {d}, give at least 1")
        self._d = d
        self._weights = [weigh(agent) for agent in agents]
        self._random = Random(seed)

    def __call__(self, candidates: Sequence[int], held: Sequence[int]) -> int:
        # Drawn without order, so the first of equals is a random one.
        weights = self._weights
        return min(self._drawn(candidates), key=lambda index: (held[index] + 1) / weights[index])

    def _drawn(self, candidates: Sequence[int]) -> Sequence[int]:
        if self._d != 2 or len(candidates) < 2:
            return self._random.sample(candidates, min(self._d, len(candidates)))
        first = int(self._random.random() * len(candidates))
        second = int(self._random.random() * (len(candidates) - 1))
        return candidates[first], candidates[second + (second >= first)]


class Shortest:
    """Join the shortest queue: the least held + 1 per weight of all, equals at random."""

    def __init__(self, agents: Sequence[Agent], seed: int = 0, weigh: Weigh = evenly) -> None:
        self._weights = [weigh(agent) for agent in agents]
        self._random = Random(seed)

    def __call__(self, candidates: Sequence[int], held: Sequence[int]) -> int:
        weights = self._weights
        loads = [(held[index] + 1) / weights[index] for index in candidates]
        least = min(loads)
        equals = [index for index, load in zip(candidates, loads, strict=True) if load == least]
        return equals[int(self._random.random() * len(equals))]
