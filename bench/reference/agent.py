"""Who does tasks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.reference.task import Needs


@dataclass(frozen=True, slots=True)
class Agent:
    """So many slots of one speed. Refuses, with ValueError, what could never work."""

    name: str
    slots: int = 1
    speed: float = 1.0  # work done per second in each slot
    skills: Mapping[str, int] = field(default_factory=dict)  # skill → level
    failure: float = 0.0  # share of its attempts that fail, after taking their full time

    def __post_init__(self) -> None:
        if self.slots < 1:
            raise ValueError(f"agent {self.name}: slots is {self.slots}, give at least 1")
        if not self.speed > 0:
            raise ValueError(f"agent {self.name}: speed is {self.speed}, give more than 0")
        if not 0 <= self.failure < 1:
            raise ValueError(f"agent {self.name}: failure is {self.failure}, give a share from 0 to below 1")

    @property
    def capacity(self) -> float:
        """Work done per second when all slots are busy."""
        return self.slots * self.speed

    def able(self, needs: Needs) -> bool:
        return all(self.skills.get(skill, -1) >= level for skill, level in needs)


def fleet(slots: int) -> tuple[Agent]:
    """So many equal slots: the c servers of queueing theory, as one agent."""
    return (Agent("fleet", slots),)


def singles(count: int) -> tuple[Agent, ...]:
    """So many equal agents of one slot, for what binds tasks to agents early."""
    return tuple(Agent(f"agent-{index}") for index in range(count))
