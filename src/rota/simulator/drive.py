"""The real engine on a database in memory, driven by a virtual clock: no thread, no waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from rota.engine.book import Book
from rota.engine.entry import Entry
from rota.engine.node import Node
from rota.engine.timer_kinds import LIMIT, WAKE
from rota.engine.turn import Answer, Command
from rota.model import state
from rota.model.errors import RotaError
from rota.model.event import Event, Move
from rota.store.migrate import migrate
from rota.store.protocol import Reader
from rota.store.sql import archive
from rota.store.sql.forget import FORGET_EVENTS
from rota.store.sql.history import DROP_STATISTICS, LAST_EVENT
from rota.store.sql.waiting import COUNT_DUE, LEAVE_ASIDE, NEXT_TIMER_BUT
from rota.store.sqlite import SqliteStore

FAR = 2**62
STUCK = 10_000
"""Steps at one moment after which the engine is taken to be stuck."""


class SimulationFault(Exception):
    """The engine did what it never should, so that nothing can be concluded from this simulation."""


class Seen(NamedTuple):
    """One event of the engine's history: its kind, its moves, its facts."""

    kind: str
    moves: Sequence[Move]
    data: Mapping[str, Any] = {}


class Drive:
    """One node. `now` is the virtual time, microseconds since 1970; whoever drives sets it."""

    def __init__(self, seed: int, start: int) -> None:
        self.now = start
        self._store = SqliteStore(":memory:")
        migrate(self._store)
        self._node = Node(self._store, 1, name="simulator", random=Random(f"{seed}/engine"), clock=lambda: self.now)
        self._events: list[Event] = []
        """What happened since it was asked for last."""
        self._node.told = self._events.extend
        self._node.begin()

    @property
    def book(self) -> Book:
        """Names, shapes and lanes."""
        return self._node.book

    @property
    def turns(self) -> int:
        """How many turns there were."""
        return self._node.turns

    def next_due(self) -> int | None:
        """When the engine's next timer fires; None = never."""
        return self._node.next_due()

    def wakes(self) -> bool:
        """Whether the clock lets the engine ask again, at this moment, who gets what: agents may be back, or limits."""
        due = self.next_due()
        if due is None or due > self.now:
            return False
        return bool(self.reading(lambda reader: reader.one(COUNT_DUE, self.now, LIMIT, WAKE)[0][0]))

    def next_event(self) -> int | None:
        """When the next timer fires that is about more than agents: those may get tasks by the clock alone."""
        found: int | None = self.reading(lambda reader: next(iter(reader.one(NEXT_TIMER_BUT, WAKE)), (None,))[0])
        return found

    def ask(self, command: Command) -> Any:
        """One command in a turn of its own; its answer, or the refusal raised."""
        answers: list[Answer] = []
        self.step([(command, answers.append)])
        if isinstance(answers[0], RotaError):
            raise answers[0]
        return answers[0]

    def step(self, asked: Sequence[tuple[Command, Callable[[Answer], None]]]) -> None:
        """One turn with these commands, and whatever else is due at this moment."""
        self._node.step([Entry(command, reply, self.now) for command, reply in asked])
        for _ in range(STUCK):
            if self._node.wait_s() > 0:
                break
            self._node.step([])
        else:
            raise SimulationFault(f"the engine finds no rest at {self.now} us")
        if self._node.trouble:
            raise SimulationFault("; ".join(what for _at, what in self._node.trouble))

    def events(self) -> list[Seen]:
        """What happened since this was asked last, in order."""
        found = [Seen(event.kind, event.moves, event.data) for event in self._events]
        self._events.clear()
        return found

    def reading(self, look: Callable[[Reader], Any]) -> Any:
        """Look something up in the database."""
        with self._store.read() as reader:
            return look(reader)

    def forget(self, ended: Iterable[int], dead: Iterable[int]) -> None:
        """Let go of ended tasks and of the history that was looked at; `dead` are those of them that are dead."""
        rows = [(number,) for number in ended]
        with self._store.write() as transaction:
            for statement in (archive.DROP_BODY, archive.DROP_ATTEMPTS, archive.DROP_EDGES, archive.DROP_TASK):
                transaction.each(statement, rows)
            transaction.each(LEAVE_ASIDE, [(state.DEAD, number) for number in dead])
            transaction.one(FORGET_EVENTS, transaction.one(LAST_EVENT)[0][0])
            transaction.one(DROP_STATISTICS, FAR)

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()
