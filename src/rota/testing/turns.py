"""Turns run by the caller: no thread, nothing happens between two calls but what the clock brings."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from rota.engine.entry import Entry, Reply
from rota.engine.node import POLL_S, Node
from rota.engine.turn import Answer
from rota.model.errors import RotaError
from rota.model.times import SECOND
from rota.store.sql.fleet import NODES
from rota.store.sql.leases import COUNT_LEASES
from rota.testing.clock import Clock

STUCK = 1_000
"""Steps without any progress of the clock after which the engine is taken to be stuck."""


class InlineTurns:
    """Runs a node's turns inside the call that asks for them."""

    def __init__(self, node: Node, clock: Clock) -> None:
        self.node = node
        self._clock = clock
        self._open: set[Future[Any]] = set()

    def start(self) -> None:
        """The first turn."""
        self.node.begin()
        self._catch_up()

    def ask(self, command: Any) -> Future[Any]:
        """Run a turn with this command; the future is done unless the command is a claim that waits."""
        return self.together([command])[0]

    def tell(self, command: Any, reply: Reply) -> None:
        """The same, and `reply` is called with the answer or the `RotaError`."""
        self.ask(command).add_done_callback(lambda answer: reply(answer.exception() or answer.result()))

    def together(self, commands: Sequence[Any]) -> list[Future[Any]]:
        """Run one turn with all these commands, as if they had come at the same moment."""
        answers: list[Future[Any]] = [Future() for _ in commands]
        entries = [
            Entry(command, partial(self._reply, answer), self._clock())
            for command, answer in zip(commands, answers, strict=True)
        ]
        self._open.update(answers)
        for entry, answer in zip(entries, answers, strict=True):
            answer.add_done_callback(partial(self._gone, entry))
        self.node.step(entries)
        self._catch_up()
        return answers

    def stop(self) -> None:
        """Answer every claim that waits: with nothing."""
        for waiting in self.node.listening.values():
            waiting.until = 0
        self.node.step([])

    def crash(self) -> None:
        """As if the process had been killed: whoever waits for an answer never gets one."""
        for answer in [*self._open]:
            if not answer.done():
                answer.set_exception(RotaError("stopped", "the distributor crashed"))

    def hop(self, end: int) -> None:
        """Move on to the next moment, at most `end`, at which something is due, and let it happen."""
        now = self._clock()
        due = min(self._next_due(now), end)
        self._clock.set(max(due, now))
        self.node.step([])
        self._catch_up()

    def _next_due(self, now: int) -> int:
        with self.node.store.read() as reader:
            busy = reader.one(COUNT_LEASES)[0][0] or len(reader.one(NODES)) > 1
        # With leases or other nodes about, time passes as it does for a node: it looks for lost ones every second.
        upcoming = [now + round(POLL_S * SECOND)] if busy else []
        following = self.node.next_due()
        if following is not None:
            upcoming.append(following)
        return min(upcoming, default=now + 10**18)

    def _catch_up(self) -> None:
        """What is due at this very moment, to its end."""
        for _ in range(STUCK):
            if self.node.wait_s() > 0:
                return
            self.node.step([])
        raise AssertionError(f"the engine finds no rest: {list(self.node.trouble)[-3:]}")

    def _reply(self, answered: Future[Any], answer: Answer) -> None:
        self._open.discard(answered)
        if answered.done():
            return
        if isinstance(answer, RotaError):
            answered.set_exception(answer)
        else:
            answered.set_result(answer)

    def _gone(self, entry: Entry, answered: Future[Any]) -> None:
        if answered.cancelled():
            self.node.abandon(entry.reply)
            self.node.step([])
