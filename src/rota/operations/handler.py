"""Handlers: tasks done in this process by plain functions, as one agent with many slots."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from time import monotonic
from typing import Any, NamedTuple, Protocol

from rota.model.agent import AgentSpec
from rota.model.bounds import NOTES
from rota.model.commands.fleet import Register
from rota.model.commands.work import Beat, Claim, Claimed, Complete, Done, Fail, Failed, Heartbeat
from rota.model.errors import RotaError
from rota.model.task import Given

Handler = Callable[[Given], Any]
"""Does one task; what it returns is the result. An exception is a failed attempt, its text the error."""

ANY_KIND = "*"
REPORT_S = 0.5
"""Outcomes wait this long for others to be reported with them, seconds; the leases of the rest are renewed then."""
LATE = "lease_lost"
WAIT_S = 40.0
AGAIN_S = 1.0
"""Pause after a refused claim, seconds."""


class Asking(Protocol):
    """What handlers need of a distributor."""

    def call(self, request: Any) -> Any:
        """Ask and wait for the answer."""
        ...

    def ask(self, request: Any) -> Future[Any]:
        """Ask and get a future."""
        ...


class Handlers:
    """Does tasks with plain functions, one for each kind of task; `"*"` does every other kind.

    Tasks are claimed up to `slots` at a time and done one after the other; their outcomes are reported together, in
    the same turn as the next claim. A task of a kind that nobody handles is dead at once: route such tasks elsewhere
    by `role`, `skills` or a pool. A handler that takes longer than the lease's term loses its task.

        handlers = Handlers(distributor, {"greet": lambda given: f"hello {given.payload}"})
        handlers.work_off()        # here, until there is nothing more to do
        handlers.start()           # or on a thread of its own, until `stop`
    """

    def __init__(
        self,
        distributor: Asking,
        handlers: Mapping[str, Handler],
        *,
        agent: str | AgentSpec = "handlers",
        slots: int = 500,
    ) -> None:
        self._distributor = distributor
        self._handlers = handlers
        self._spec = AgentSpec(name=agent, slots=slots) if isinstance(agent, str) else agent
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._listening: Future[Any] | None = None
        self.refused: dict[str, str] = {}
        """Outcomes that were not taken, by task, each with the reason."""
        self.trouble: RotaError | None = None
        """What the distributor refused last; the thread goes on trying, but for `stopped`: then it has ended."""

    def work_off(self) -> int:
        """Do tasks until none is given; how many were done or failed."""
        self._register()
        handled, reports = 0, list[_Report]()
        while given := self._claim(wait=0.0).tasks:
            reports = self._settled(reports) + self._work(given)
            handled += len(given)
        self._settled(reports)
        return handled

    def start(self) -> None:
        """Do tasks on a thread of its own until `stop`."""
        self._register()
        self._stopping.clear()
        self._thread = threading.Thread(target=self._loop, name=f"rota-{self._spec.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the tasks in hand, then end the thread."""
        self._stopping.set()
        listening = self._listening
        if listening is not None:
            listening.cancel()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _register(self) -> None:
        self._distributor.call(Register(agent=self._spec, local=True, replace=True))

    def _loop(self) -> None:
        reports: list[_Report] = []
        while not self._stopping.is_set():
            try:
                given = self._claim(wait=WAIT_S).tasks
                before, reports = reports, self._work(given)
                self._settled(before)
            except CancelledError:
                break
            except RotaError as error:
                # What was not reported is given out again when its lease ends.
                self.trouble = error
                if error.code == "stopped":
                    break
                self._stopping.wait(AGAIN_S)
        try:
            self._settled(reports)
        except RotaError as error:
            self.trouble = error

    def _claim(self, wait: float) -> Claimed:
        claim = self._listening = self._distributor.ask(Claim(agent=self._spec.name, n=self._spec.slots, wait=wait))
        if self._stopping.is_set():
            claim.cancel()
        claimed: Claimed = claim.result()
        return claimed

    def _work(self, tasks: Sequence[Given]) -> list[_Report]:
        """Do these tasks; what was reported of them."""
        reports: list[_Report] = []
        outcomes: list[Done | Failed] = []
        reported = monotonic()
        for at, given in enumerate(tasks, 1):
            outcomes.append(self._outcome(given))
            if at == len(tasks) or monotonic() - reported > REPORT_S:
                reports += self._report(outcomes, tasks[at:])
                outcomes, reported = [], monotonic()
        return reports

    def _outcome(self, given: Given) -> Done | Failed:
        handler = self._handlers.get(given.kind) or self._handlers.get(ANY_KIND)
        if handler is None:
            error = f"no handler for kind {given.kind!r}; there are handlers for {', '.join(sorted(self._handlers))}"
            return Failed(task=given.task, token=given.token, error=error, retryable=False)
        try:
            return Done(task=given.task, token=given.token, result=handler(given))
        except Exception as error:
            text = f"{type(error).__name__}: {error}".replace("\0", "\\0").encode(errors="replace").decode()
            return Failed(task=given.task, token=given.token, error=text[:NOTES])

    def _report(self, outcomes: Sequence[Done | Failed], rest: Sequence[Given]) -> list[_Report]:
        done = [outcome for outcome in outcomes if isinstance(outcome, Done)]
        failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
        beats = [Beat(task=given.task, token=given.token) for given in rest]
        asked: list[tuple[Any, Sequence[Done | Failed]]] = []
        if done:
            asked.append((Complete(outcomes=done), done))
        if failed:
            asked.append((Fail(outcomes=failed), failed))
        if beats:
            asked.append((Heartbeat(agent=self._spec.name, beats=beats), ()))
        return [_Report(self._distributor.ask(request), about) for request, about in asked]

    def _settled(self, reports: Sequence[_Report]) -> list[_Report]:
        """Wait for the answers; what was refused is noted, and a result that can not be kept is a failed attempt."""
        for report in reports:
            refused: dict[str, str] = getattr(report.answer.result(), "refused", {})
            self.refused.update(refused)
            bad = [
                Failed(task=outcome.task, token=outcome.token, error=refused[outcome.task], retryable=False)
                for outcome in report.outcomes
                if isinstance(outcome, Done) and refused.get(outcome.task, LATE) != LATE
            ]
            if bad:
                self._distributor.call(Fail(outcomes=bad))
        return []


class _Report(NamedTuple):
    """Outcomes on their way, and the answer to come."""

    answer: Future[Any]
    outcomes: Sequence[Done | Failed]
