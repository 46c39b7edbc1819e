"""Whether the tables say what the events say, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from rota.audit.lanes import Lanes
from rota.audit.ledger import Ledger
from rota.audit.report import Evidence
from rota.model.ids import task_id
from rota.model.state import ASIDE, READY, RUNNING, SCHEDULED, STATES
from rota.planning.graph import cycle
from rota.planning.order import effective
from rota.store.protocol import Reader, Row
from rota.store.sql import audit as sql
from rota.store.statement import One

PAGE = 10_000
STUCK = 1_000


def compare(reader: Reader, ledger: Ledger, lanes: Lanes, evidence: Evidence) -> None:
    """Every table that holds a part of a task's state."""
    rows = Tables(reader, ledger, lanes, evidence)
    rows.tasks()
    rows.bodies()
    rows.ready()
    rows.aside()
    rows.leases()
    rows.attempts()
    rows.depths()
    rows.stuck()


class Tables:
    """One pass for each table, in the order of its key."""

    def __init__(self, reader: Reader, ledger: Ledger, lanes: Lanes, evidence: Evidence) -> None:
        self._reader = reader
        self._ledger = ledger
        self._lanes = lanes
        self._add = evidence.add

    def tasks(self) -> None:
        """Tasks are neither lost nor made up, and are in the state the events led them to."""
        ledger, previous = self._ledger, 0
        for number, state, tries, lane, queue, own, promoted, lent in self._pages(sql.TASKS, 1):
            self._gap(previous, number)
            previous = number
            if not ledger.is_here(number):
                found = (
                    "a row, though it is archived" if number < len(ledger.state) and ledger.state[number] else "a row"
                )
                self._add("task_unknown", "no row without events", found, task=number)
                continue
            band = effective(own, promoted, lent)
            told = ledger.state[number] - 1
            # A running task keeps the state it had: only its lease says that it runs.
            wanted = READY if told == RUNNING else told
            if state != wanted:
                self._add("state_differs", STATES[wanted], _named(state), task=number)
            elif told == READY and lane != ledger.lane[number]:
                self._add("state_differs", f"lane {ledger.lane[number]}", f"lane {lane}", task=number)
            elif (
                told == READY and (known := self._lanes.known.get(lane)) and (known.queue, known.band) != (queue, band)
            ):
                found = f"a lane of queue {known.queue}, band {known.band}"
                self._add("state_differs", f"a lane of queue {queue}, band {band}", found, task=number)
            if tries != ledger.tries[number]:
                self._add("attempt_number", f"{ledger.tries[number]} attempts", f"{tries}", task=number)
        self._gap(previous, len(ledger.state))

    def _gap(self, previous: int, number: int) -> None:
        """The numbers between two rows belong to no task, or to archived ones."""
        state = self._ledger.state
        for missing in range(previous + 1, min(number, len(state))):
            if self._ledger.is_here(missing):
                self._add("task_lost", f"a task that is {STATES[state[missing] - 1]}", "no row", task=missing)

    def bodies(self) -> None:
        """What a task consists of is kept with it."""
        previous = 0
        state = self._ledger.state
        for (number,) in chain(self._pages(sql.BODIES, 1), [(len(state),)]):
            for missing in range(previous + 1, min(number, len(state))):
                if self._ledger.is_here(missing):
                    self._add("task_lost", "its description and payload", "no row", task=missing)
            previous = number

    def ready(self) -> None:
        """`ready` lists exactly the ready tasks."""
        ledger = self._ledger
        seen = bytearray(len(ledger.state))
        for lane, _due, number in self._pages(sql.READY, 3):
            if number >= len(ledger.state) or ledger.state[number] != READY + 1:
                told = ledger.state[number] - 1 if number < len(ledger.state) else -1
                self._add("ready_row", f"no row, as it is {_named(told)}", f"a row in lane {lane}", task=number)
                continue
            if seen[number]:
                self._add("ready_row", "one row", f"another in lane {lane}", task=number)
            elif lane != ledger.lane[number]:
                self._add("ready_row", f"lane {ledger.lane[number]}", f"lane {lane}", task=number)
            seen[number] = 1
        self._missing(READY, seen, "ready_row")

    def aside(self) -> None:
        """`aside` lists exactly the tasks set aside."""
        ledger = self._ledger
        seen = bytearray(len(ledger.state))
        for state, number in self._pages(sql.ASIDE, 2):
            told = ledger.state[number] - 1 if number < len(ledger.state) else -1
            if told != state:
                expected = f"a row under {_named(told)}" if told in ASIDE else f"no row, as it is {_named(told)}"
                self._add("aside_row", expected, f"a row under {_named(state)}", task=number)
                continue
            seen[number] = 1
        for state in sorted(ASIDE):
            self._missing(state, seen, "aside_row")

    def _missing(self, state: int, seen: bytearray, rule: Any) -> None:
        number = self._ledger.first_in(state, 0)
        while number >= 0:
            if not seen[number]:
                self._add(rule, f"a row, as it is {STATES[state]}", "none", task=number)
            number = self._ledger.first_in(state, number)

    def leases(self) -> None:
        """Leases are exactly those that plans gave and nothing ended."""
        missing = dict(self._ledger.running)
        for number, agent, slot, attempt, lane in self._pages(sql.LEASES, 1):
            hold = missing.pop(number, None)
            if hold is None:
                self._add("lease_row", "no lease", f"one of agent {agent}", task=number)
            elif tuple(hold) != (agent, slot, attempt, lane):
                self._add("lease_row", _lease(*hold), _lease(agent, slot, attempt, lane), task=number)
        for number, hold in missing.items():
            self._add("lease_row", _lease(*hold), "none", task=number)

    def attempts(self) -> None:
        """Attempts 1 to n, no more and no less."""
        ledger, previous = self._ledger, 0
        for number, first, last, n in chain(self._pages(sql.ATTEMPTS, 1), [(len(ledger.state), 1, 0, 0)]):
            for missing in range(previous + 1, min(number, len(ledger.state))):
                if ledger.tries[missing] and ledger.is_here(missing):
                    self._add("attempt_rows", f"{ledger.tries[missing]} attempts", "none", task=missing)
            previous = number
            told = ledger.tries[number] if number < len(ledger.state) and ledger.is_here(number) else 0
            if n and (first, last, n) != (1, told, told):
                found = f"{n} numbered {first} to {last}"
                self._add("attempt_rows", f"{told} attempts, numbered from 1", found, task=number)

    def depths(self) -> None:
        """The folded counts are the number of rows."""
        found = {lane: int(n or 0) for lane, n in self._reader.one(sql.DEPTHS)}
        for lane in sorted(found.keys() | self._lanes.ready.keys()):
            told = self._lanes.ready.get(lane, 0)
            if told != found.get(lane, 0):
                self._add("depth", f"{told} in lane {lane}", str(found.get(lane, 0)))

    def stuck(self) -> None:
        """Nothing waits for what will never come."""
        for number, start in self._reader.one(sql.WITHOUT_TIMER, STUCK):
            self._add("stuck", f"a timer at {start}, as it is {STATES[SCHEDULED]}", "none", task=number)
        for number, key in self._reader.one(sql.LINE_WITHOUT_END, STUCK):
            self._add("stuck", f"somebody admitted to {key}, or a time when it opens", "neither", task=number)
        for (number,) in self._reader.one(sql.WITHOUT_PARENT, STUCK):
            self._add("stuck", "an unfinished parent, as it is blocked", "none", task=number)
        graph: dict[int, list[int]] = {}
        for child, parent in self._pages(sql.UNMET, 2):
            graph.setdefault(child, []).append(parent)
        found = cycle(graph)
        if found is not None:
            told = " -> ".join(task_id(number) for number in found)
            self._add("stuck", "tasks that do not wait for each other", told, task=found[0])

    def _pages(self, statement: One, key: int) -> Iterator[Row]:
        """All rows; the first `key` columns are the key (for `ready` all three)."""
        after: tuple[Any, ...] = (-1,) * key
        while rows := self._reader.one(statement, *after, PAGE):
            yield from rows
            after = rows[-1][:key]


def _named(state: int) -> str:
    return STATES[state] if 0 <= state < len(STATES) else "unknown to the events"


def _lease(agent: int, slot: int, attempt: int, lane: int) -> str:
    return f"agent {agent}, slot {slot}, attempt {attempt}, out of lane {lane}"
