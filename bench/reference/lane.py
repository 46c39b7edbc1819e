"""Waiting tasks of which every one may go to the same agents."""

from typing import Any

from bench.reference.task import Task

Waiting = tuple[Any, int, Task, float]  # key, seq, task, ready since


class Lane:
    """A heap of waiting tasks, the agents that may have them, and how many of those agents' slots are free now."""

    __slots__ = ("agents", "free", "waiting")

    def __init__(self, agents: list[int], free: int) -> None:
        self.agents = agents
        self.free = free
        self.waiting: list[Waiting] = []
