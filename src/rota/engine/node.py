"""A node: what one process remembers between turns, and the loop's single step.

`step` is called by the inbox's thread, by the test kit with a clock of its own, and by the simulator.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from rota.engine.all_or_none import AllOrNone, NotAll
from rota.engine.book import Book
from rota.engine.context import Waiting
from rota.engine.entry import Entry, Reply, parts_of
from rota.engine.floor import Floor
from rota.engine.listening import Withdraw
from rota.engine.measured import WAITS, Histogram
from rota.engine.set_aside import Fault
from rota.engine.tick import Tick, Ticked
from rota.engine.timers import NODE_LOST_S
from rota.engine.turn import Command, Outcome, turn
from rota.model.commands.apply import Apply
from rota.model.commands.work import Claimed
from rota.model.errors import RotaError
from rota.model.event import Event
from rota.model.priority import PRIORITIES
from rota.model.times import SECOND
from rota.store.protocol import Rerun, Store

GAP_S = 10.0
"""Silence between two steps after which leases are extended, seconds."""
LEASES_EVERY_S = 1.0
NODES_EVERY_S = 5.0
SWEEP_EVERY_S = 600.0
SEEN_EVERY_S = 5.0
POLL_S = 1.0
"""How often a node that shares its database plans without a signal, seconds."""
CONTENDED_S = 0.002
"""When a node tries again to plan a pool that another was planning, seconds."""
RERUNS = 20
RETRY_S, RETRY_MOST_S = 0.01, 1.0
"""After a failed turn the node waits this long for the next, doubled with each further one up to the most, seconds."""

_APART = (AllOrNone, Apply)
"""Commands of which all or nothing is done."""


class Node:
    """One process at the database. Not for several threads at once."""

    def __init__(self, store: Store, number: int, *, name: str = "", random: Random, clock: Callable[[], int]) -> None:
        self.store = store
        self.number = number
        self.name = name
        self.clock = clock
        self.book = Book()
        self.floor = Floor(open_to_all=store.nodes_share)
        self.random = random
        self.listening: dict[int, Waiting] = {}
        self.trouble: deque[tuple[int, str]] = deque(maxlen=100)
        """What went wrong lately, with the moment: shown by health."""
        self.latencies: deque[int] = deque(maxlen=200_000)
        """Distribution latency of each task given by this node, microseconds."""
        self.turns = 0
        self.turn_seconds, self.give_seconds = Histogram(), Histogram()
        """How long turns took; distribution latencies."""
        self.waits = {priority: Histogram(WAITS) for priority in PRIORITIES}
        """By priority: how long the tasks given by this node had been ready."""
        self.told: Callable[[Sequence[Event]], None] | None = None
        """Told the events of every turn of this node once it is committed."""
        self._replies: dict[int, tuple[Reply, int]] = {}
        self._refused: set[int] = set()
        """Listeners that were answered with an error and are still to be withdrawn."""
        self._next_listener = number << 31
        self.broken: dict[int, Fault] = {}
        self._seen: dict[int, int] = {}
        self._dirty: set[int] = set()
        self._nudged = False
        self._next_timer: int | None = 0
        self._last_step: int | None = None
        self._steady_since = 0
        """Since when its turns follow each other. After an outage others look lost until they had time to be seen."""
        self._last = {"leases": 0, "nodes": 0, "sweep": 0, "seen": 0, "poll": 0}
        self._overdue = False
        self._failures = 0
        """Turns that failed one after the other."""

    def begin(self) -> None:
        """The first turn: take over from nodes that are gone. Raises when the database can not be used."""
        now = self.clock()
        own = self._own_commands(now)
        self._settle(self._run(now, own), [], len(own))

    def step(self, entries: Sequence[Entry]) -> None:
        """Run one turn with these commands and whatever time asks for, then answer. Never raises for a command.

        Commands of which all or none are to be done have turns of their own, after that.
        """
        apart = [entry for entry in entries if type(entry.command) in _APART]
        self._step([entry for entry in entries if type(entry.command) not in _APART] if apart else entries)
        for entry in apart:
            self._alone(entry.command, entry)

    def _step(self, entries: Sequence[Entry]) -> None:
        now = self.clock()
        own = self._own_commands(now)
        if not entries and not own:
            self._last_step = now
            return
        commands = [*own, *[entry.command for entry in entries]]
        try:
            outcome = self._run(now, commands)
        except RotaError as error:
            self._refuse(entries, error)
            return
        except Exception as error:
            self._isolate(entries, own, error)
            return
        self._settle(outcome, entries, len(own))

    def wait_s(self) -> float:
        """How long the next step can wait when no command comes, seconds."""
        if self._failures:
            return float(min(RETRY_MOST_S, RETRY_S * 2.0 ** min(self._failures, 30)))
        if self._overdue or self._nudged:
            return 0.0
        if self._dirty:
            return CONTENDED_S
        now = self.clock()
        poll = now + round(POLL_S * SECOND)
        due = self.next_due()
        return max((poll if due is None else min(poll, due)) - now, 0) / SECOND

    def next_due(self) -> int | None:
        """When the next timer fires or the next claim has waited long enough, microseconds; None = no such thing."""
        if not self.listening:
            return self._next_timer
        first = min([waiting.until for waiting in self.listening.values()])
        return first if self._next_timer is None else min(first, self._next_timer)

    def touch(self, pools: Sequence[int]) -> None:
        """Another node signalled: look for offers, and plan these pools, in the next step."""
        self._dirty.update(pools)
        self._nudged = True

    def abandon(self, listener_reply: Reply) -> None:
        """Whoever waited for this answer has gone: its listener ends with the next step."""
        for number, (reply, _received) in self._replies.items():
            if reply is listener_reply and number in self.listening:
                self.listening[number].until = 0

    def _own_commands(self, now: int) -> list[Command]:
        commands: list[Command] = []
        if self.listening:
            expired = tuple([number for number, waiting in self.listening.items() if waiting.until <= now])
            if expired:
                commands.append(Withdraw(expired))
        tick = self._tick(now)
        if tick is not None:
            commands.insert(0, tick)
        return commands

    def _tick(self, now: int) -> Tick | None:
        started = self.name if self._last_step is None else None
        gap = self._last_step is None or now - self._last_step > GAP_S * SECOND
        if self._last_step is None or now - self._last_step > NODES_EVERY_S * SECOND:
            self._steady_since = now
        shares = self.store.nodes_share
        if self.broken and any(fault.is_over(now) for fault in self.broken.values()):
            self.broken = {shape: fault for shape, fault in self.broken.items() if not fault.is_over(now)}
            self._dirty.update(self.book.pools)
        leases = (self._every("leases", LEASES_EVERY_S, now) or self._overdue) and not gap
        nodes = shares and self._every("nodes", NODES_EVERY_S, now)
        sweep = self._every("sweep", SWEEP_EVERY_S, now)
        poll = shares and self._every("poll", POLL_S, now)
        seen: tuple[tuple[int, int], ...] = ()
        if self._seen and self._every("seen", SEEN_EVERY_S, now):
            seen, self._seen = tuple(self._seen.items()), {}
        timers = self._overdue or poll or (self._next_timer is not None and self._next_timer <= now)
        dirty, self._dirty = tuple(self._dirty), set()
        nudged, self._nudged = self._nudged, False
        if not (gap or timers or seen or dirty or nudged or leases or nodes or sweep or poll):
            return None
        self._overdue = False
        return Tick(
            started,
            gap,
            timers,
            leases,
            nodes,
            now - self._steady_since >= NODE_LOST_S * SECOND,
            sweep,
            seen,
            dirty,
            poll or started is not None,
            self.name,
        )

    def _every(self, what: str, seconds: float, now: int) -> bool:
        if now - self._last[what] < seconds * SECOND and now >= self._last[what]:
            return False
        self._last[what] = now
        return True

    def _run(self, now: int, commands: Sequence[Command], *, whole: bool = False) -> Outcome:
        for attempt in range(RERUNS):
            try:
                return self._turn(now, commands, whole=whole)
            except Rerun as again:
                self.book.forget()
                self.trouble.append((now, f"turn run again: {again.reason}"))
                if attempt == RERUNS - 1:
                    raise RotaError("unavailable", f"the database did not take the turn: {again.reason}") from again
            except BaseException:
                self.book.forget()
                raise
        raise AssertionError("unreachable")

    def _turn(self, now: int, commands: Sequence[Command], *, whole: bool) -> Outcome:
        self.turns += 1
        outcome = turn(
            self.store, now, commands, node=self.number, book=self.book, random=self.random, listening=self.listening,
            numbers=self._listener, broken=self.broken, floor=self.floor, whole=whole,
        )  # fmt: skip
        # Not before: turns that fail, as in an outage, are a gap in which nobody could renew a lease.
        self._last_step, self._failures = now, 0
        self.turn_seconds.add(max(self.clock() - now, 0) / SECOND)
        return outcome

    def _listener(self) -> int:
        self._next_listener += 1
        return self._next_listener

    def _isolate(self, entries: Sequence[Entry], own: list[Command], error: Exception) -> None:
        """Something failed that should not have: run the commands one by one, so that only the guilty one fails."""
        text = f"{type(error).__name__}: {error}"
        self.trouble.append((self.clock(), f"turn failed: {text}"))
        if len(entries) + len(own) <= 1:
            self._refuse(entries, RotaError("internal", f"an unexpected error: {text}"))
            return
        for command in own:
            self._alone(command, None)
        for entry in entries:
            self._alone(entry.command, entry)

    def _alone(self, command: Command, entry: Entry | None) -> None:
        entries = [] if entry is None else [entry]
        whole = type(command) is AllOrNone
        try:
            outcome = self._run(self.clock(), command.commands if whole else [command], whole=whole)
        except NotAll as refused:
            for one in entries:
                one.reply(refused.undone if whole else refused.undone.answer)
        except RotaError as error:
            self._refuse(entries, error)
        except Exception as error:
            self.trouble.append((self.clock(), f"{type(command).__name__} failed: {type(error).__name__}: {error}"))
            self._refuse(entries, RotaError("internal", f"an unexpected error: {type(error).__name__}: {error}"))
        else:
            answered = [part for one in entries for part in parts_of(one)] if whole else entries
            self._settle(outcome, answered, 0 if entry is not None else 1)

    def _refuse(self, entries: Sequence[Entry], error: RotaError) -> None:
        self.book.forget()
        self._overdue = True
        self._failures += 1
        if not entries:
            self.trouble.append((self.clock(), str(error)))
        for entry in entries:
            entry.reply(error)
        self._refuse_listeners(error)

    def _refuse_listeners(self, error: RotaError) -> None:
        """Claims that waited long enough are told why nothing came. They are withdrawn once the database is back;
        what another node gives them until then goes to a caller that has its answer, who hands it back.
        """
        now = self.clock()
        for number, waiting in self.listening.items():
            if waiting.until <= now and number not in self._refused:
                self._refused.add(number)
                self._replies[number][0](error)

    def _settle(self, outcome: Outcome, entries: Sequence[Entry], own: int) -> None:
        """The turn is committed: remember what it said, then answer."""
        if self.told is not None:
            self.told(outcome.events)
        for answer in outcome.answers[:own]:
            if isinstance(answer, Ticked):
                self._next_timer = answer.next_due
        if outcome.next_due is not None and (self._next_timer is None or outcome.next_due < self._next_timer):
            self._next_timer = outcome.next_due
        self._overdue = outcome.more
        self._seen.update(outcome.seen)
        self._dirty.update(outcome.contended)
        self.broken = outcome.broken
        self.trouble.extend([(self.clock(), line) for line in outcome.trouble])
        answered = outcome.answered
        for entry, answer in zip(entries, outcome.answers[own:], strict=True):
            if isinstance(answer, Waiting):
                self._replies[answer.id] = (entry.reply, entry.received)
            else:
                entry.reply(answer)
        for waiting in outcome.kept:
            self.listening[waiting.id] = waiting
        for number, claimed in answered.items():
            self._answer(number, claimed, outcome.waited_from.get(number, ()))
        for topic in sorted(outcome.topics):
            self._signal(topic)

    def _answer(self, number: int, claimed: Claimed, ready_at: Sequence[int]) -> None:
        self.listening.pop(number, None)
        self._refused.discard(number)
        reply, received = self._replies.pop(number)
        reply(claimed)
        if ready_at:
            now = self.clock()
            latencies = [max(now - max(at, received), 0) for at in ready_at]
            self.latencies.extend(latencies)
            for latency in latencies:
                self.give_seconds.add(latency / SECOND)
            for given in claimed.tasks:
                self.waits[given.priority].add(given.waited)

    def _signal(self, topic: str) -> None:
        try:
            self.store.signal(topic)
        except RotaError as error:
            # Only a hint was lost: polling finds what it was about.
            self.trouble.append((self.clock(), f"signal lost: {error}"))

    def health(self) -> dict[str, Any]:
        """What goes on here, as plain data."""
        return {
            "node": self.number,
            "turns": self.turns,
            "listening": len(self.listening),
            "broken_shapes": {shape: fault.error for shape, fault in self.broken.items()},
            "trouble": [{"at": at, "what": what} for at, what in self.trouble],
        }
