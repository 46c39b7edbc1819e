"""Heartbeats for every task in the hands of this process, from one thread; it hears of cancels, lost leases and
better tasks that are to have the slot."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import Any

from rota.agents.process.stop import Stop
from rota.agents.way import Way
from rota.model.commands.work import Beat, Heartbeat, Renewed
from rota.model.errors import RotaError
from rota.model.task import Given

MOST_S = 2.0
"""Between two beats at most, so that a cancel is heard soon; else a third of the shortest term, seconds."""
LEAST_S = 0.2


class Held:
    """A task in the hands of a slot. `lost`: its lease is gone, so nothing may be said about it any more."""

    def __init__(self, given: Given, stop: Stop) -> None:
        self.given = given
        self.stop = stop
        self.lost = False


class Pulse:
    """Start it, `take` and `drop` tasks from any thread, stop it after the last was dropped."""

    def __init__(self, distributor: Way, instance: str) -> None:
        self._distributor = distributor
        self._instance = instance
        self._held: dict[str, Held] = {}
        self._signal = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="rota-pulse", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def take(self, held: Held) -> None:
        """Keep this task's lease from now on."""
        with self._signal:
            first = not self._held
            self._held[held.given.task] = held
            if first:
                self._signal.notify()

    def drop(self, held: Held) -> None:
        """Its run is over."""
        with self._signal:
            if self._held.get(held.given.task) is held:
                del self._held[held.given.task]

    def stop_all(self) -> None:
        """Ask every run to end: its task is to be given back."""
        with self._signal:
            for held in self._held.values():
                held.stop.set("shutdown")

    def stop(self) -> None:
        """No more beats."""
        with self._signal:
            self._stopping = True
            self._signal.notify()
        self._thread.join()

    def _loop(self) -> None:
        while True:
            with self._signal:
                self._signal.wait_for(lambda: self._held or self._stopping)
                until = time.monotonic() + self._apart_s()
                while not self._stopping and (left := until - time.monotonic()) > 0:
                    self._signal.wait(left)
                if self._stopping:
                    return
                held = list(self._held.values())
            self._beat(held)

    def _apart_s(self) -> float:
        terms = [held.given.term for held in self._held.values()]
        return max(LEAST_S, min([MOST_S, *(term / 3 for term in terms)]))

    def _beat(self, held: list[Held]) -> None:
        by_agent: dict[str, list[Held]] = {}
        for one in held:
            by_agent.setdefault(one.given.agent, []).append(one)
        asked: list[tuple[list[Held], Future[Any]]] = []
        for agent, theirs in by_agent.items():
            beats = [Beat(task=one.given.task, token=one.given.token) for one in theirs]
            asked.append((theirs, self._distributor.ask(Heartbeat(agent=agent, beats=beats, instance=self._instance))))
        for theirs, answer in asked:
            try:
                self._heard(theirs, answer.result())
            except RotaError as error:
                # Anything else (the database is away for a moment) is tried again with the next beat.
                if error.code in ("name_taken", "no_agent"):
                    _let_go(theirs)

    def _heard(self, theirs: list[Held], renewed: Renewed) -> None:
        _let_go([one for one in theirs if one.given.task in renewed.lost])
        for one in theirs:
            if one.given.task in renewed.cancel:
                one.stop.set("cancel")
            elif one.given.task in renewed.preempt:
                one.stop.set("preempt")


def _let_go(lost: list[Held]) -> None:
    for one in lost:
        one.lost = True
        one.stop.set("cancel")
