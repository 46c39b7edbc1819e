"""One slot of one agent: claim a task, have it done, tell the outcome, again. One plain thread each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from datetime import datetime
from typing import Any, NamedTuple

from rota.agents.board import Board
from rota.agents.gate import Gate
from rota.agents.given import as_seen
from rota.agents.outcome import Verdict
from rota.agents.process.backoff import Backoff
from rota.agents.process.stop import Stop
from rota.agents.pulse import Held, Pulse
from rota.agents.task_process import Run, TaskProcess
from rota.agents.telling import Outcome, outcome_of, spent_by, storable, unusable
from rota.agents.way import Way
from rota.model.agent import AgentSpec
from rota.model.commands.work import Beat, Claim, Claimed, Fail, GiveBack, Heartbeat, Judged
from rota.model.commands.work import Held as HeldTask
from rota.model.errors import RotaError
from rota.model.task import Given

CLAIM_S = 30.0
"""How long one claim listens, seconds; then it is made again."""
DRAINED_S = 0.5
"""Before an agent that is answered at once with nothing, since it is being drained, asks again, seconds."""
LAST_TRIES = 5
GATE_S = 0.5
"""Between two looks at a closed gate at most, seconds."""
ALIVE_S = 5.0
"""Between two signs of life of an agent that may not claim, seconds."""
GONE = frozenset({"name_taken", "no_agent", "stopped"})
"""Refusals after which an agent gets nothing more, where its distributor lives in this process."""


class Setting(NamedTuple):
    """What the slots of a fleet have in common."""

    distributor: Way
    instance: str
    board: Board
    pulse: Pulse
    gone: frozenset[str] = GONE
    """Codes of refusals after which no slot claims any more."""
    gate: Gate | None = None
    """Whether slots may claim; None = they always may."""


class Slot:
    """Start it; `stop` asks it to end: what it has is stopped by the pulse and given back; then `join`."""

    def __init__(self, setting: Setting, agent: AgentSpec, number: int, make: Callable[[], TaskProcess]) -> None:
        self._setting = setting
        self._agent = agent
        self._make = make
        self.ended_by: RotaError | None = None
        """Why it claims no more, when it was refused for good."""
        self._stopping = Stop()
        self._lock = threading.Lock()
        self._claiming: Future[Any] | None = None
        self._trouble: str | None = None
        self._starts = Backoff(first_s=0.5)
        self._thread = threading.Thread(target=self._serve, name=f"rota-{agent.name}-{number}", daemon=True)
        if setting.gate is not None:
            setting.gate.enter(self, agent.limit, self._hold)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """No new task. Whatever a claim is given in this very moment goes straight back."""
        self._stopping.set("shutdown")
        with self._lock:
            if self._claiming is not None:
                self._claiming.cancel()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for its end; whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _serve(self) -> None:
        patience = Backoff(first_s=1.0)
        while self._stopping.reason is None:
            try:
                self._work()
            except Exception as fault:
                # A fault of ours or of the machine. The lease of what was in work ends; the slot goes on.
                patience.failed()
                self._troubled(f"one of its slots failed and begins anew: {type(fault).__name__}: {fault}")
                self._stopping.wait(patience.delay_s)

    def _work(self) -> None:
        process = self._make()
        try:
            claim = self._claim()
            while claim is not None:
                given = self._answer(claim)
                claim = None if given is None else self._do(process, given)
                if claim is None:
                    self._stopping.wait(process.delay_s)
                    claim = self._claim()
        finally:
            process.close()

    def _hold(self) -> None:
        """Claim no more until the gate opens."""
        with self._lock:
            if self._claiming is not None:
                self._claiming.cancel()

    def _closed(self) -> tuple[float, str | None] | None:
        gate = self._setting.gate
        return None if gate is None else gate.closed(self)

    def _pass(self) -> None:
        """Wait until the gate is open; meanwhile the agent says that it lives."""
        beat_at = 0.0
        while self._stopping.reason is None and (closed := self._closed()) is not None:
            left_s, why = closed
            if why is not None:
                self._troubled(why)
            if time.monotonic() >= beat_at:
                beat_at = time.monotonic() + ALIVE_S
                self._setting.distributor.ask(Heartbeat(agent=self._agent.name, instance=self._setting.instance))
            self._stopping.wait(min(left_s, GATE_S))

    def _claim(self) -> Future[Any] | None:
        command = Claim(agent=self._agent.name, wait=CLAIM_S, instance=self._setting.instance)
        while True:
            self._pass()
            with self._lock:
                if self._stopping.reason is not None:
                    return None
                # Whoever shuts the gate after this look finds the claim and ends it.
                if self._closed() is None:
                    self._claiming = self._setting.distributor.ask(command)
                    return self._claiming

    def _answer(self, claim: Future[Any]) -> Given | None:
        asked = time.monotonic()
        try:
            claimed: Claimed = claim.result()
        except CancelledError:
            return None
        except RotaError as error:
            self._refused(error)
            return None
        finally:
            with self._lock:
                self._claiming = None
        drained = not claimed.tasks and time.monotonic() < asked + DRAINED_S
        self._troubled("it is being drained" if drained else None)
        if drained:
            self._stopping.wait(DRAINED_S)
        return claimed.tasks[0] if claimed.tasks else None

    def _refused(self, error: RotaError) -> None:
        """A claim was refused: for good when the agent is not ours any more, else it is tried again in a moment."""
        if error.code in self._setting.gone:
            self.ended_by = error
            self._setting.board.trouble(self._agent.name, error.message, gone=True)
            self._stopping.set("shutdown")
            return
        self._troubled(str(error))
        self._stopping.wait(DRAINED_S)

    def _troubled(self, text: str | None) -> None:
        """Say what is wrong, or that it is over; a breakage of the process is not ours to take back."""
        if text != self._trouble:
            self._trouble = text
            self._setting.board.trouble(self._agent.name, text)

    def _do(self, process: TaskProcess, given: Given) -> Future[Any] | None:
        """Do a task and tell what became of it; the claim made in the same breath, if one was made."""
        try:
            claim = self._done(process, given)
        except OSError as error:
            self._not_done(given, error)
            return None
        self._starts.succeeded()
        return claim

    def _not_done(self, given: Given, error: OSError) -> None:
        """The machine has not what a run needs, such as open files. The task is not to blame: it goes back."""
        why = storable(f"this machine has not what a run needs: {error}")
        back = GiveBack(tasks=[HeldTask(task=given.task, token=given.token)], reason=why)
        self._settled(back, self._setting.distributor.ask(back))
        self._setting.board.ended(given, Verdict(kind="broken", error=why), 0.0)
        self._starts.failed()
        self._stopping.wait(self._starts.delay_s)

    def _done(self, process: TaskProcess, given: Given) -> Future[Any] | None:
        setting = self._setting
        with Stop() as stop:
            held = Held(given, stop)
            setting.pulse.take(held)
            try:
                if self._stopping.reason is not None:
                    stop.set("shutdown")
                setting.board.begun(given)
                run = process.do(as_seen(given), stop)
                claim = None if held.lost else self._tell(given, run, again=process.delay_s == 0)
            finally:
                setting.pulse.drop(held)
        setting.board.ended(given, run.verdict, run.usage["wall_s"])
        if run.verdict.kind == "crashed" and process.delay_s > 0:
            self._troubled(f"its process is started again in {process.delay_s:.1f} s: {run.verdict.error}")
        return claim

    def _tell(self, given: Given, run: Run, *, again: bool) -> Future[Any] | None:
        outcome = outcome_of(given, run, self._agent.cost, self._agent.limit)
        if isinstance(outcome, GiveBack):
            self._note(given, run)
        if isinstance(outcome, Fail):
            self._shut(outcome)
        if run.checkpoint is not None:
            self._hand_on(given, run.checkpoint)
        told = self._setting.distributor.ask(outcome)
        # Asked together, so that one turn ends this task and gives the next.
        claim = self._claim() if again and self._closed() is None else None
        refused = self._settled(outcome, told).refused.get(given.task)
        if refused is not None and not refused.startswith("lease_lost"):
            words = unusable(given, run, refused, self._agent.cost)
            self._settled(words, self._setting.distributor.ask(words))
        return claim

    def _shut(self, outcome: Fail) -> None:
        """A provider's limit holds for all of this process that use it, before it is known to the others."""
        (failed,) = outcome.outcomes
        if self._setting.gate is not None and failed.limit is not None and failed.limit == self._agent.limit:
            self._setting.gate.shut(failed.limit, datetime.fromisoformat(str(failed.retry_at)).timestamp())

    def _note(self, given: Given, run: Run) -> None:
        """What an attempt took that is about to be given back, which has no words for it."""
        beat = Beat(
            task=given.task, token=given.token, usage=run.usage, cost=spent_by(run, self._agent.cost), branch=run.branch
        )
        self._setting.distributor.ask(Heartbeat(agent=given.agent, beats=[beat], instance=self._setting.instance))

    def _hand_on(self, given: Given, checkpoint: str) -> None:
        """A checkpoint is kept before the task leaves our hands: the next attempt begins at once."""
        beat = Beat(task=given.task, token=given.token, checkpoint=checkpoint)
        command = Heartbeat(agent=given.agent, beats=[beat], instance=self._setting.instance)
        self._answered(command, self._setting.distributor.ask(command))

    def _settled(self, outcome: Outcome, told: Future[Any]) -> Judged:
        """What became of an outcome; work that was done is not thrown away."""
        answer = self._answered(outcome, told)
        if isinstance(answer, RotaError):
            return Judged(refused=dict.fromkeys(_tasks_of(outcome), f"{answer.code}: {answer}"))
        judged: Judged = answer or Judged()
        return judged

    def _answered(self, command: Outcome | Heartbeat, told: Future[Any]) -> Any:
        """The answer, however often it has to be asked for, or the refusal; None = there will be none.

        Once the fleet is to stop it is asked for a few more times only; then the next start takes the task back.
        """
        patience = Backoff(first_s=0.2, most_s=5.0)
        left = LAST_TRIES
        while True:
            try:
                answer = told.result()
                self._troubled(None)
                return answer
            except RotaError as error:
                if error.code == "stopped" and "stopped" in self._setting.gone:
                    return None
                if not error.kind.again and error.code != "internal":
                    return error
                self._troubled(f"an outcome is not kept yet: {error}")
            patience.failed()
            if self._stopping.wait(patience.delay_s):
                left -= 1
            if left == 0:
                return None
            told = self._setting.distributor.ask(command)


def _tasks_of(outcome: Outcome) -> list[str]:
    entries: list[Any] = outcome.tasks if isinstance(outcome, GiveBack) else outcome.outcomes
    return [entry.task for entry in entries]
