"""The inbox: commands from any thread, turns on one thread of its own, answers as futures.

Whatever waits while a turn commits goes into the next turn together: group commit.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import Any

from rota.engine.entry import TURN_ROWS, Entry, Reply, rows_of
from rota.engine.node import Node
from rota.engine.turn import Answer, Command
from rota.model.commands.work import Claim, Claimed, GiveBack, Held
from rota.model.errors import RotaError

GATHERED_FROM = 4
"""Commands of a turn after which the next one waits for more."""
GATHER_S, GATHER_LOOKS = 0.00015, 5
"""It looks so often whether they have come, and waits so long before each look, seconds."""


class Inbox:
    """Runs a node's turns. `start` it, `ask` it, `stop` it."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._waiting: deque[Entry] = deque()
        self._signal = threading.Condition()
        self._stopping = False
        self._abandoned: list[Reply] = []
        self._together = 0
        """Commands of the turn before."""
        self._thread = threading.Thread(target=self._loop, name="rota-turns", daemon=True)
        self._ear = threading.Thread(target=self._listen, name="rota-signals", daemon=True)

    def start(self) -> None:
        """Run the first turn, so that a database that can not be used says so here, then go on in the background."""
        self.node.begin()
        self._thread.start()
        if self.node.store.nodes_share:
            self._ear.start()

    def ask(self, command: Command) -> Future[Any]:
        """Put a command in; the future ends with its answer, or raises its `RotaError`.

        Cancelling the future of a waiting claim ends its listening; tasks given in that moment go straight back.
        """
        answered: Future[Any] = Future()
        reply = partial(self._reply, answered)
        self.tell(command, reply)
        if isinstance(command, Claim) and command.wait > 0:
            answered.add_done_callback(partial(self._gone, reply))
        return answered

    def tell(self, command: Command, reply: Reply) -> None:
        """The same without a future: `reply` is called with the answer or the `RotaError`, on whatever thread has it.

        It must not raise, nor take long. A claim that waits can not be withdrawn.
        """
        entry = Entry(command, reply, self.node.clock())
        with self._signal:
            if not self._stopping:
                self._waiting.append(entry)
                self._signal.notify()
                return
        reply(RotaError("stopped", "this distributor is stopped"))

    def wake(self) -> None:
        """Look again now."""
        with self._signal:
            self._signal.notify()

    def stop(self) -> None:
        """Run what is in the inbox, answer every claim that waits, end the thread."""
        with self._signal:
            self._stopping = True
            self._signal.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        while True:
            entries = self._take()
            if entries is None:
                break
            self._step(entries)
            # Afterwards: a claim may have been abandoned before its first turn.
            for reply in self._abandoned_now():
                self.node.abandon(reply)
        for waiting in self.node.listening.values():
            waiting.until = 0
        self.node.step([])

    def _step(self, entries: list[Entry]) -> None:
        """Run a turn. Should the node itself fail, whoever asked is told and the thread lives on."""
        try:
            self.node.step(entries)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            self.node.trouble.append((self.node.clock(), f"step failed: {text}"))
            for entry in entries:
                entry.reply(RotaError("internal", f"an unexpected error after the turn: {text}"))

    def _take(self) -> list[Entry] | None:
        self._gather()
        with self._signal:
            if not self._waiting and not self._stopping and not self._abandoned:
                wait = self.node.wait_s()
                if wait > 0:
                    self._signal.wait(wait)
            if not self._waiting:
                return None if self._stopping else []
            entries = [self._waiting.popleft()]
            rows = rows_of(entries[0].command)
            while self._waiting and rows + rows_of(self._waiting[0].command) <= TURN_ROWS:
                entry = self._waiting.popleft()
                rows += rows_of(entry.command)
                entries.append(entry)
            self._together = len(entries)
            return entries

    def _gather(self) -> None:
        """After a turn of several, let those who were answered ask again: most of what a turn costs, it costs once."""
        together, self._together = self._together, 0
        if together < GATHERED_FROM:
            return
        everybody = len(self._waiting) + together
        for _ in range(GATHER_LOOKS):
            if self._stopping or len(self._waiting) >= everybody:
                return
            time.sleep(GATHER_S)

    def _listen(self) -> None:
        """Hear the signals of other nodes; a lost connection is the store's to mend, polling goes on meanwhile."""
        while not self._stopping:
            own = f"node:{self.node.number}"
            topics = [topic for topic in self.node.store.signals(1.0) if topic == own or topic.startswith("pool:")]
            if not topics:
                continue
            pools = [int(topic.removeprefix("pool:")) for topic in topics if topic.startswith("pool:")]
            with self._signal:
                self.node.touch(pools)
                self._signal.notify()

    def _reply(self, answered: Future[Any], answer: Answer) -> None:
        if answered.done() or not answered.set_running_or_notify_cancel():
            self._hand_back(answer)
        elif isinstance(answer, RotaError):
            answered.set_exception(answer)
        else:
            answered.set_result(answer)

    def _gone(self, reply: Reply, answered: Future[Any]) -> None:
        if answered.cancelled():
            with self._signal:
                self._abandoned.append(reply)
                self._signal.notify()

    def _abandoned_now(self) -> list[Reply]:
        with self._signal:
            gone, self._abandoned = self._abandoned, []
        return gone

    def _hand_back(self, answer: Answer) -> None:
        """Nobody is there to take these tasks: they go back to their place."""
        if isinstance(answer, Claimed) and answer.tasks:
            tasks = [Held(task=given.task, token=given.token) for given in answer.tasks]
            self.ask(GiveBack(tasks=tasks, reason="the claim was cancelled", said=False))
