"""The engine, turn by turn, on a clock of its own: the same seed does the same, operation for operation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random

from rota.engine.entry import Entry
from rota.engine.node import Node
from rota.model.errors import RotaError
from rota.store.migrate import Migratable, migrate
from tests.durability.client import Answer, Command

START = 1_700_000_000_000_000
"""Microseconds: where the clock stands at first."""


class Steps:
    """A started node. `now` is its clock, microseconds."""

    def __init__(self, store: Migratable, random: Random, *, now: int = START) -> None:
        self.now = now
        migrate(store)
        self.node = Node(store, random.randrange(1, 1 << 31), random=random, clock=lambda: self.now)
        self.node.begin()

    def ask(self, commands: Sequence[Command], *, wait_us: int = 1_000) -> list[Answer]:
        """The answers of one turn with these commands; None for a claim that waits."""
        self.now += wait_us
        answers: list[Answer] = [None] * len(commands)
        entries = [
            Entry(command, partial(answers.__setitem__, index), self.now) for index, command in enumerate(commands)
        ]
        self.node.step(entries)
        return answers

    def call(self, command: Command) -> Answer:
        """One command's answer; its refusal is raised."""
        (answer,) = self.ask([command])
        if isinstance(answer, RotaError):
            raise answer
        return answer
