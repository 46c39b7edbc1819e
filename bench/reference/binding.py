"""When a task is bound to its agent: late, when a slot is free, or early, when it becomes ready."""

from collections.abc import Sequence
from typing import Protocol

from bench.reference.agent import Agent
from bench.reference.lane import Lane
from bench.reference.picks import Pick
from bench.reference.task import Needs, Task


class Binding(Protocol):
    """Finds the lane a ready task waits in. `serves` lists each agent's lanes, `held` counts each agent's tasks."""

    serves: list[list[Lane]]
    held: list[int]
    late: bool

    def lane(self, task: Task) -> Lane: ...


def able(agents: Sequence[Agent], task: Task) -> list[int]:
    """The indexes of the agents that may do the task; ValueError if there is none."""
    found = [index for index, agent in enumerate(agents) if agent.able(task.needs)]
    if not found:
        wanted = ", ".join(f"{skill} {level}" for skill, level in task.needs) or "anything"
        raise ValueError(f"task {task.seq} needs {wanted}, which no agent has: it would wait for ever")
    return found


class Late:
    """One central queue: a lane for each set of needs, shared by all agents that meet them."""

    late = True

    def __init__(self, agents: Sequence[Agent], free: list[int]) -> None:
        self._agents = agents
        self._free = free
        self._lanes: dict[Needs, Lane] = {}
        self.serves: list[list[Lane]] = [[] for _ in agents]
        self.held = [0] * len(agents)

    def lane(self, task: Task) -> Lane:
        return self._lanes.get(task.needs) or self._opened(task)

    def _opened(self, task: Task) -> Lane:
        served_by = able(self._agents, task)
        lane = Lane(served_by, sum(self._free[index] for index in served_by))
        self._lanes[task.needs] = lane
        for index in served_by:
            self.serves[index].append(lane)
        return lane


class Early:
    """A queue in front of each agent: a task stays with the agent that was picked, whoever is idle."""

    late = False

    def __init__(self, agents: Sequence[Agent], pick: Pick) -> None:
        self._agents = agents
        self._pick = pick
        self._able: dict[Needs, list[int]] = {}
        self._own = [Lane([index], agent.slots) for index, agent in enumerate(agents)]
        self.serves = [[lane] for lane in self._own]
        self.held = [0] * len(agents)

    def lane(self, task: Task) -> Lane:
        candidates = self._able.get(task.needs)
        if candidates is None:
            candidates = self._able[task.needs] = able(self._agents, task)
        index = self._pick(candidates, self.held)
        self.held[index] += 1
        return self._own[index]
