"""The rows one turn will write, gathered over all its commands so that each table is written once."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.model.event import Event, Move, moves_of
from rota.model.times import SECOND
from rota.store.protocol import Row, Transaction
from rota.store.sql import history, leases, limits, relations, tasks, waiting
from rota.store.statement import Add, Each

_moves_text = msgspec.json.Encoder().encode
_ADDS: tuple[Add, ...] = (
    tasks.ADD_TASK, tasks.ADD_BODY, relations.ADD_DEPENDENCY, leases.ADD_ATTEMPT, waiting.ADD_READY, waiting.ADD_ASIDE,
    waiting.ADD_TIMER, limits.ADD_USE,
)  # fmt: skip
_CHANGES: tuple[Each, ...] = (
    tasks.PLACE_TASKS, tasks.SET_WAITS_FROM, tasks.END_TASKS, tasks.SET_RESULTS, tasks.SET_CHECKPOINTS,
    relations.FREE_UNIQUE, relations.DROP_SEQUENCE_TAILS,
)  # fmt: skip


class Changes:
    """Rows by table. `flush` writes them in an order in which every row finds what it refers to."""

    def __init__(self, now: int, node: int) -> None:
        self.now = now
        self._node = node
        self.tasks: list[Row] = []
        self.bodies: list[Row] = []
        self.ready: list[tuple[int, int, int, int, int, int]] = []
        self.aside: list[tuple[int, int]] = []
        self.timers: list[tuple[int, int, int]] = []
        self.dependencies: list[Row] = []
        self.places: list[Row] = []
        self.waits_from: list[tuple[int, int]] = []
        self.ends: list[Row] = []
        self.results: list[tuple[int, str | None]] = []
        self.checkpoints: list[tuple[int, str]] = []
        self.attempts: list[Row] = []
        self.samples: list[leases.Sample] = []
        self.uses: list[Row] = []
        self.free_unique: list[tuple[str, int]] = []
        self.free_sequence: list[tuple[str, int]] = []
        self.depth: dict[int, int] = {}
        """How many tasks more or less wait by lane."""
        self.events: list[Event] = []
        self.statistics: dict[tuple[int, str], tuple[int, float]] = {}
        self.next_due: int | None = None
        """The earliest timer added in this turn."""
        self.pools: set[int] = set()
        """Pools in which something changed that a plan could use."""
        self._added: tuple[list[Any], ...] = (
            self.tasks, self.bodies, self.dependencies, self.attempts, self.ready, self.aside, self.timers, self.uses,
        )  # fmt: skip
        """Rows by the statements `_ADDS`."""
        self._changed: tuple[list[Any], ...] = (
            self.places, self.waits_from, self.ends, self.results, self.checkpoints, self.free_unique,
            self.free_sequence,
        )  # fmt: skip
        """Rows by the statements `_CHANGES`."""

    def add_ready(self, lane: int, due: int, task: int, cost: int, keys: tuple[int, int]) -> None:
        """The task waits in this lane; `keys` are its affinity and group as numbers."""
        self.ready.append((lane, due, task, cost, *keys))
        self.depth[lane] = self.depth.get(lane, 0) + 1

    def add_timer(self, due: int, kind: int, ref: int) -> None:
        """Something is due at a time."""
        self.timers.append((due, kind, ref))
        if self.next_due is None or due < self.next_due:
            self.next_due = due

    def count(self, queue: int, name: str, total: float = 0.0, n: int = 1) -> None:
        """One more of `name` in this queue in this minute, with a sum of something."""
        had_n, had_total = self.statistics.get((queue, name), (0, 0.0))
        self.statistics[queue, name] = (had_n + n, had_total + total)

    def moved(self, kind: str, numbers: list[int], to: int, reason: str | None = None) -> None:
        """These tasks came into a state, because of `kind`."""
        if numbers:
            task = numbers[0] if len(numbers) == 1 else None
            data = {"reason": reason} if reason else {}
            self.events.append(Event(at=self.now, kind=kind, task=task, moves=moves_of(numbers, to), data=data))

    def say(self, kind: str, task: int | None = None, moves: tuple[Move, ...] = (), **data: Any) -> None:
        """An event that is not (only) about states."""
        self.events.append(Event(at=self.now, kind=kind, task=task, moves=moves, data=data))

    def flush(self, transaction: Transaction) -> None:
        """Write all rows gathered so far, except depths, events, statistics and samples."""
        if any(self._added):
            for add, rows in zip(_ADDS, self._added, strict=True):
                if rows:
                    transaction.add(add, rows)
                    rows.clear()
        if any(self._changed):
            for change, rows in zip(_CHANGES, self._changed, strict=True):
                if rows:
                    transaction.each(change, rows)
                    rows.clear()

    def close(self, transaction: Transaction) -> None:
        """Write what no command looks at, once a turn: its events, and its counts, added to those of the minute."""
        if self.events:
            transaction.add(history.ADD_EVENT, [_event_row(event) for event in self.events])
        if not self.statistics:
            return
        minute = self.now // (60 * SECOND)
        rows = [(minute, queue, name, self._node, n, total) for (queue, name), (n, total) in self.statistics.items()]
        rows.sort()
        transaction.each(history.STATISTIC, rows)
        self.statistics.clear()


def _event_row(event: Event) -> Row:
    return (event.at, event.kind, event.task, _moves_text(event.moves).decode(), _moves_text(event.data).decode())
