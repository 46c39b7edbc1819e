"""Heartbeats for every task in the hands of an agent's process, from a thread of their own.

So they go on whatever the handlers do to the event loop. They carry what handlers say, and bring back which task is to
be ended, is to give way, or is lost.
"""

from __future__ import annotations

import logging
import threading
from time import monotonic

from rota.faces.python.client import Client
from rota.faces.python.task import Task
from rota.model.commands.work import Beat, Heartbeat, Renewed
from rota.model.errors import RotaError

MOST_S = 2.0
"""Between two beats at most, so that a cancel is heard soon; else a third of the shortest term, seconds."""
LEAST_S = 0.1
"""Between two beats at least, however much there is to say."""
PATIENCE_S = 10.0
"""How long one heartbeat may take, seconds."""

log = logging.getLogger("rota.agent")


class Pulse:
    """Start it, `take` and `drop` tasks from any thread, `stop` it after the last was dropped."""

    def __init__(self, client: Client, instance: str | None) -> None:
        self._client = client
        self._instance = instance
        self._held: dict[str, Task] = {}
        self._signal = threading.Condition()
        self._said = False
        self._stopping = False
        self._trouble: str | None = None
        self._telling = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name="rota-pulse", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Something was said: it is told at once."""
        with self._signal:
            self._said = True
            self._signal.notify()

    def take(self, task: Task) -> None:
        """Keep this task's lease from now on."""
        with self._signal:
            self._held[task.id] = task
            self._signal.notify()

    def drop(self, task: Task) -> None:
        """Its attempt is over."""
        with self._signal:
            if self._held.get(task.id) is task:
                del self._held[task.id]

    def flush(self, task: Task) -> None:
        """Tell what is new of this one now; blocks. For the moment before its outcome is told."""
        with self._telling:
            if task.words.is_new:
                self._tell(task.agent, [task])

    def stop(self) -> None:
        """No more beats."""
        with self._signal:
            self._stopping = True
            self._signal.notify()
        self._thread.join(PATIENCE_S)

    def _loop(self) -> None:
        while (held := self._due()) is not None:
            by_agent: dict[str, list[Task]] = {}
            for task in held:
                by_agent.setdefault(task.agent, []).append(task)
            with self._telling:
                for agent, theirs in by_agent.items():
                    self._tell(agent, theirs)

    def _due(self) -> list[Task] | None:
        """The tasks to be renewed, when it is time; None = the end."""
        began = monotonic()
        with self._signal:
            self._signal.wait_for(lambda: self._held or self._stopping)
            while not self._stopping:
                apart = LEAST_S if self._said else self._apart_s()
                left = began + apart - monotonic()
                if left <= 0:
                    break
                self._signal.wait(left)
            self._said = False
            return None if self._stopping else list(self._held.values())

    def _apart_s(self) -> float:
        terms = [task.given.term for task in self._held.values()]
        return max(LEAST_S, min([MOST_S, *(term / 3 for term in terms)]))

    def _tell(self, agent: str, theirs: list[Task]) -> None:
        beats = [task.words.beat(task.given) for task in theirs]
        try:
            told = Heartbeat(agent=agent, beats=beats, instance=self._instance)
            renewed: Renewed = self._client.call(told, timeout=PATIENCE_S)
        except RotaError as error:
            self._not_told(theirs, beats, error)
            return
        self._trouble = None
        self._heard(theirs, renewed)

    def _not_told(self, theirs: list[Task], beats: list[Beat], error: RotaError) -> None:
        if str(error) != self._trouble:
            self._trouble = str(error)
            log.warning("a heartbeat was not heard: %s", error)
        for task, beat in zip(theirs, beats, strict=True):
            if error.code in ("name_taken", "no_agent"):
                task.end("lost")
            elif error.kind.again or error.code == "internal":
                task.words.not_told(beat)
            # Else what was said can not be kept; the lease can, with the next beat.

    def _heard(self, theirs: list[Task], renewed: Renewed) -> None:
        lost, cancelled, preempted = set(renewed.lost), set(renewed.cancel), set(renewed.preempt)
        for task in theirs:
            if task.id in lost:
                task.end("lost")
            elif task.id in cancelled:
                task.end("cancel")
            elif task.id in preempted:
                task.end("preempt")
