"""A distributor for tests: in memory, without threads, on a clock moved by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from random import Random
from types import TracebackType
from typing import Any, Self

from rota.engine.all_or_none import Undone
from rota.engine.node import Node
from rota.model.agent import AgentSpec
from rota.model.commands.read import GetStatistics
from rota.model.commands.work import Claim
from rota.model.task import TaskView
from rota.operations.distributor import Distributor, open_store
from rota.operations.handler import Handler, Handlers
from rota.operations.typed import operation_of
from rota.testing.clock import Clock
from rota.testing.found import done, found, refuted, submitted
from rota.testing.turns import InlineTurns

START = "2026-01-05T09:00:00Z"
DRAIN_STEPS = 10_000
FAR = 2**62


class TestDistributor:
    """The real engine, made predictable: the same `call(request)` as `Distributor`, but time only passes by hand.

    Nothing runs in the background, so a test needs no waiting and no luck:

        from rota.model.agent import AgentSpec
        from rota.model.commands.fleet import Register
        from rota.model.commands.submit import Submit
        from rota.model.commands.work import Claim
        from rota.model.task import TaskSpec
        from rota.testing import TestDistributor

        def test_a_welcome_mail_is_sent():
            with TestDistributor() as rota:
                sign_up(rota, "ann@example.org")            # your code; it calls rota.call(Submit(...))
                rota.assert_submitted(kind="mail", payload={"to": "ann@example.org"})
                rota.refute_submitted(kind="invoice")
                rota.drain({"mail": lambda given: f"sent to {given.payload['to']}"})
                rota.assert_done(kind="mail", result="sent to ann@example.org")

        def test_a_task_of_a_lost_agent_is_given_out_again():
            with TestDistributor() as rota:
                rota.call(Register(agent=AgentSpec(name="ann")))
                rota.call(Submit(tasks=[TaskSpec(title="survive")]))
                rota.call(Claim(agent="ann"))
                rota.clock.advance("2m")                    # its lease ends, its retry comes due
                assert rota.call(Claim(agent="ann", wait=45)).tasks[0].attempt == 2

    A claim that waits moves the clock to the moment of its answer. `database` may also be a path or a PostgreSQL DSN,
    to try the same on a real database; `seed` decides every draw (tokens, jitter, ties).
    """

    __test__ = False  # pytest takes classes called Test... for tests

    def __init__(self, database: str = ":memory:", *, seed: int = 0, start: str = START) -> None:
        self.clock = Clock(start)
        self.clock.pass_to = self._pass_to
        self._random = Random(seed)
        self._store, self._lock = open_store(database)
        self._turns: InlineTurns
        self._distributor = self._started()

    def _started(self) -> Distributor:
        return Distributor(self._store, self._lock, random=self._random, clock=self.clock, turns=self._inline).start()

    def _inline(self, node: Node) -> InlineTurns:
        self._turns = InlineTurns(node, self.clock)
        return self._turns

    @property
    def node(self) -> Node:
        """The engine's node."""
        return self._distributor.node

    def call(self, request: Any, timeout: float | None = None) -> Any:
        """Ask and get the answer; raises `RotaError` when refused. Time passes only for a claim that waits."""
        if not isinstance(request, Claim):
            return self._distributor.call(request, timeout)
        answer = self._distributor.ask(request)
        while not answer.done():
            self._turns.hop(FAR)
        return answer.result()

    def ask(self, request: Any) -> Future[Any]:
        """Ask a command and get a future: done at once, but for a claim that waits."""
        return self._distributor.ask(request)

    def all_or_none(self, requests: Sequence[Any]) -> list[Any] | Undone:
        """Ask several commands of which all or none are to be done: their answers, or which of them was refused."""
        return self._distributor.all_or_none(requests)

    def run(self, name: str, arguments: bytes | dict[str, Any]) -> Any:
        """An operation by name, with arguments as JSON or plain data."""
        return self._distributor.run(name, arguments)

    def together(self, *requests: Any) -> list[Any]:
        """All these commands in one turn, as if they had come at the same moment: answers, or errors as values.

        A claim that goes on waiting is answered by its future.
        """
        for request in requests:
            operation_of(request)
        answers = self._turns.together(requests)
        return [(answer.exception() or answer.result()) if answer.done() else answer for answer in answers]

    def restart(self) -> None:
        """As if the process had been killed and started again on what is in the database."""
        self._turns.crash()
        self._distributor = self._started()

    def drain(self, handlers: Mapping[str, Handler], *, agent: str | AgentSpec = "drain") -> dict[str, int]:
        """Do all tasks with these functions, one for each kind (`"*"`: any other), as one agent with 500 slots.

        The clock moves on to whatever is due next (retries, delays) while tasks wait for it. Ends when nothing more
        can be done; answers how many tasks are in which state.
        """
        loop = Handlers(self, handlers, agent=agent)
        for _ in range(DRAIN_STEPS):
            if loop.work_off():
                continue
            due = self.node.next_due()
            if due is None or not self._waiting():
                return self.states()
            self.clock.pass_to(max(due, self.clock()))
        raise AssertionError(f"still not drained after {DRAIN_STEPS:,} rounds: {self.states()}")

    def _waiting(self) -> bool:
        counts = self._distributor.call(GetStatistics())
        return bool(counts.waiting or counts.aside.get("scheduled") or counts.aside.get("blocked"))

    def states(self) -> dict[str, int]:
        """How many tasks are in which state."""
        counts: dict[str, int] = {}
        for task in found(self._distributor):
            counts[task.state] = counts.get(task.state, 0) + 1
        return counts

    def assert_submitted(self, *, count: int | None = None, **fields: Any) -> list[TaskView]:
        """Tasks with these fields were submitted: at least one, or exactly `count`. Fields as in `TaskView`."""
        return submitted(self._distributor, count, fields)

    def refute_submitted(self, **fields: Any) -> None:
        """No task with these fields was submitted."""
        refuted(self._distributor, fields)

    def assert_done(self, *, count: int | None = None, **fields: Any) -> list[TaskView]:
        """The tasks with these fields, one or exactly `count`, are all done. `result` is one of the fields."""
        return done(self._distributor, count, fields)

    def close(self) -> None:
        """Let go of the database."""
        self._distributor.close()

    def _pass_to(self, end: int) -> None:
        while self.clock() < end:
            self._turns.hop(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
