"""The engine against the small model: any sequence of what users, agents and time can do."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register, SetPool, SetQueue
from rota.model.commands.read import ListTasks
from rota.model.commands.submit import Cancel, Edit, Hold, Redrive, Submit, Unhold
from rota.model.commands.work import (
    Beat,
    Claim,
    Complete,
    Done,
    Fail,
    Failed,
    GiveBack,
    Heartbeat,
    Held,
)
from rota.model.errors import RotaError
from rota.model.ids import task_id, task_number
from rota.model.priority import PRIORITIES
from rota.model.queue import Backoff, PoolPolicy, QueuePolicy
from rota.model.task import After, Given, TaskSpec, TaskView
from rota.testing import TestDistributor
from tests.engine import tables
from tests.engine.emptied import empty
from tests.machine.model import ESTIMATE, GAP, GRACE, SLOTS, TERM, Lease, Listener, Model, Task

NAMES = st.sampled_from(sorted(SLOTS))
BANDS = st.integers(0, 4)
RULES = st.sampled_from(["cancel", "run", "hold"])


class Machine(RuleBasedStateMachine):
    """Each rule does the same to the engine and to the model; what both say is compared after every step."""

    numbers: Bundle[int] = Bundle("numbers")
    old: Bundle[Held] = Bundle("old")

    def __init__(self, database: str) -> None:
        super().__init__()
        self.rota = TestDistributor(database)
        self.start = self.rota.clock()
        self.model = Model()
        self.waiting: Future[Any] | None = None
        # Lost leases come back at once: then all times are whole seconds, and the model is exact.
        self.rota.call(SetQueue(queue="default", policy=QueuePolicy(backoff=Backoff(base=0, cap=0), term=TERM)))
        # The model knows nothing of agents that are out after failures.
        self.rota.call(SetPool(pool="default", policy=PoolPolicy(breaker_s=0, eject_s=0)))
        for name, slots in SLOTS.items():
            self.rota.call(Register(agent=AgentSpec(name=name, slots=slots)))

    def teardown(self) -> None:
        self.rota.close()

    # --- what users do

    @rule(target=numbers, band=BANDS, most=st.integers(1, 3), n=st.integers(1, 3))
    def submit(self, band: int, most: int, n: int) -> Any:
        return multiple(*[self._submit(band, most, {}) for _ in range(n)])

    @rule(
        target=numbers, band=BANDS, held=st.booleans(), pin=st.sampled_from([None, "ann"]),
        start=st.sampled_from([0, 5, 40]), ttl=st.sampled_from([None, 7, 50]),
    )  # fmt: skip
    def submit_special(self, band: int, held: bool, pin: str | None, start: int, ttl: int | None) -> int:
        return self._submit(band, 2, {}, held=held, pin=pin, start=start, ttl=ttl)

    @rule(
        target=numbers, band=BANDS, parents=st.lists(st.tuples(numbers, RULES), min_size=1, max_size=3),
        ttl=st.sampled_from([None, None, 9]),
    )  # fmt: skip
    def submit_child(self, band: int, parents: list[tuple[int, str]], ttl: int | None) -> int:
        return self._submit(band, 2, dict(parents), ttl=ttl)

    def _submit(
        self, band: int, most: int, edges: dict[int, str], *, held: bool = False, pin: str | None = None,
        start: int = 0, ttl: int | None = None,
    ) -> int:  # fmt: skip
        after: list[Any] = [After(task=task_id(parent), rule=rule) for parent, rule in edges.items()]  # type: ignore[arg-type]
        spec = TaskSpec(
            title="t", priority=PRIORITIES[band], max_attempts=most, held=held, pin=pin, start=start or None, ttl=ttl,
            after=after, estimate=ESTIMATE,
        )  # fmt: skip
        number = task_number(self.rota.call(Submit(tasks=[spec])).ids[0])
        now = self.model.now
        task = Task(number, band, now, most, pin, start=now + start, expires=None if ttl is None else now + ttl)
        self.model.add(task, edges, held=held)
        return number

    @rule(chosen=st.lists(numbers, min_size=1, max_size=3, unique=True))
    def cancel(self, chosen: list[int]) -> None:
        changed = self.rota.call(Cancel(tasks=[task_id(number) for number in chosen]))
        tasks = [self.model.tasks[number] for number in sorted(chosen)]
        flagged = [task for task in tasks if task.lease]
        gone = [task for task in tasks if not task.lease and task.state not in ("done", "dead", "cancelled", "expired")]
        assert sorted(changed.tasks) == sorted(task_id(task.number) for task in gone)
        assert sorted(changed.pending) == sorted(task_id(task.number) for task in flagged)
        for task in flagged:
            assert task.lease is not None
            task.lease.fence = task.lease.fence or self.model.now + GRACE
        for task in gone:
            self.model.end(task, "cancelled")
        self.model.settle()

    @rule(number=numbers)
    def hold(self, number: int) -> None:
        task = self.model.tasks[number]
        fits = not task.lease and task.state in ("ready", "scheduled", "blocked")
        assert bool(self.rota.call(Hold(tasks=[task_id(number)])).tasks) == fits
        if fits:
            self.model.rest(task, held=True)
        self.model.settle()

    @rule(number=numbers)
    def unhold(self, number: int) -> None:
        task = self.model.tasks[number]
        assert bool(self.rota.call(Unhold(tasks=[task_id(number)])).tasks) == (task.state == "held")
        if task.state == "held":
            self.model.rest(task)
        self.model.settle()

    @rule(number=numbers, band=BANDS)
    def edit(self, number: int, band: int) -> None:
        task = self.model.tasks[number]
        request = Edit(task=task_id(number), priority=PRIORITIES[band])
        if task.lease or task.state not in ("ready", "scheduled", "blocked", "held"):
            with pytest.raises(RotaError) as caught:
                self.rota.call(request)
            assert caught.value.code == "wrong_state"
            return
        self.rota.call(request)
        task.band = band
        self.model.rest(task, held=task.state == "held")
        self.model.settle()

    @rule(number=numbers)
    def redrive(self, number: int) -> None:
        task = self.model.tasks[number]
        assert bool(self.rota.call(Redrive(tasks=[task_id(number)])).tasks) == (task.state == "dead")
        if task.state == "dead":
            task.attempts, task.start = 0, 0
            self.model.rest(task)
        self.model.settle()

    # --- what agents do

    @rule(name=NAMES)
    def claim_all(self, name: str) -> None:
        self.claim(name, 9)

    @rule(name=NAMES, n=st.integers(1, 4))
    def claim(self, name: str, n: int) -> None:
        given = self.rota.call(Claim(agent=name, n=n)).tasks
        self._handed(given, self.model.claim(name, n))

    @precondition(lambda self: self.model.listener is None)
    @rule(name=NAMES, n=st.integers(1, 4), wait=st.integers(1, 45))
    def listen(self, name: str, n: int, wait: int) -> None:
        self.waiting = self.rota.ask(Claim(agent=name, n=n, wait=wait))
        self.model.listener = Listener(name, n, self.model.now + wait)
        self.model.plan()

    def _handed(self, given: list[Given], expected: list[int]) -> None:
        assert [task_number(it.task) for it in given] == expected
        for it in given:
            lease = self.model.tasks[task_number(it.task)].lease
            assert lease is not None
            lease.token = it.token

    def _leased(self, pick: int) -> tuple[Task, Lease, Held] | None:
        self._hear()
        leased = [(task, task.lease) for task in self.model.tasks.values() if task.lease]
        if not leased:
            return None
        task, lease = leased[pick % len(leased)]
        return task, lease, Held(task=task_id(task.number), token=lease.token)

    @rule(target=old, pick=st.integers(0, 9))
    def complete(self, pick: int) -> Any:
        found = self._leased(pick)
        if found is None:
            return Held(task="task-1", token="0" * 16)
        task, _lease, held = found
        judged = self.rota.call(Complete(outcomes=[Done(task=held.task, token=held.token, result=task.number)]))
        assert judged.states == {held.task: "done"}
        task.tries += 1
        task.attempts += 1
        self.model.end(task, "done")
        self.model.settle()
        return held

    @rule(target=old, pick=st.integers(0, 9), dead=st.booleans(), wait=st.integers(1, 45))
    def fail(self, pick: int, dead: bool, wait: int) -> Any:
        found = self._leased(pick)
        if found is None:
            return Held(task="task-1", token="0" * 16)
        task, _lease, held = found
        outcome = Failed(task=held.task, token=held.token, error="e", retryable=not dead, retry_at=wait)
        judged = self.rota.call(Fail(outcomes=[outcome]))
        self.model.failed(task, dead=dead, start=self.model.now + wait)
        assert judged.states == {held.task: task.shown}
        self.model.settle()
        return held

    @rule(target=old, pick=st.integers(0, 9))
    def give_back(self, pick: int) -> Any:
        found = self._leased(pick)
        if found is None:
            return Held(task="task-1", token="0" * 16)
        task, _lease, held = found
        judged = self.rota.call(GiveBack(tasks=[held]))
        self.model.back(task)
        assert judged.states == {held.task: task.shown}
        self.model.settle()
        return held

    @rule(pick=st.integers(0, 9))
    def heartbeat(self, pick: int) -> None:
        found = self._leased(pick)
        if found is None:
            return
        _task, lease, held = found
        renewed = self.rota.call(Heartbeat(agent=lease.agent, beats=[Beat(task=held.task, token=held.token)]))
        assert renewed.renewed == [held.task]
        assert renewed.cancel == ([held.task] if lease.fence is not None else [])
        lease.until = self.model.now + TERM

    @rule(held=consumes(old), how=st.sampled_from([Complete, Fail, GiveBack]))
    def speak_too_late(self, held: Held, how: type) -> None:
        done = Done(task=held.task, token=held.token)
        failed = Failed(task=held.task, token=held.token, error="late")
        requests = [Complete(outcomes=[done]), Fail(outcomes=[failed]), GiveBack(tasks=[held], reason="late")]
        request = next(it for it in requests if isinstance(it, how))
        assert self.rota.call(request).refused == {held.task: "lease_lost"}

    # --- what time does

    @rule(seconds=st.sampled_from([1, 2, 5, 10, 29, 30, 31, 60, 61]))
    def advance(self, seconds: int) -> None:
        self.rota.clock.advance(seconds)
        self.model.pass_to(self.model.now + seconds)

    @rule(seconds=st.sampled_from([1, 9, 10, 11, 30, 60, 90]))
    def sleep(self, seconds: int) -> None:
        self.rota.clock.jump(seconds)
        self.rota.node.step([])
        self.model.jump_to(self.model.now + seconds, gap=seconds > GAP)

    @precondition(lambda self: self.model.listener is None)
    @rule(seconds=st.sampled_from([0, 1, 60]))
    def restart(self, seconds: int) -> None:
        self.rota.clock.jump(seconds)
        self.rota.restart()
        self.model.jump_to(self.model.now + seconds, gap=True)

    # --- what must hold

    def _hear(self) -> None:
        """The claim that waits is answered exactly when the model says so, with exactly what it says."""
        if self.waiting is not None and self.model.answer is not None:
            assert self.waiting.done()
            self._handed(self.waiting.result(0).tasks, self.model.answer)
            self.waiting = self.model.answer = None
        assert self.waiting is None or not self.waiting.done()

    @invariant()
    def both_say_the_same(self) -> None:
        self._hear()
        assert self.rota.clock() - self.start == self.model.now * 1_000_000
        shown: dict[int, TaskView] = {task_number(it.id): it for it in self.rota.call(ListTasks(limit=1_000)).tasks}
        assert shown.keys() == self.model.tasks.keys()
        for number, task in self.model.tasks.items():
            found = shown[number]
            told = (found.state, found.attempts, PRIORITIES.index(found.priority), found.agent if task.lease else None)
            wanted = (task.shown, task.attempts, task.band, task.lease.agent if task.lease else None)
            assert told == wanted, f"task {number}"

    @invariant()
    def the_tables_agree(self) -> None:
        tables.check(self.rota)
        assert not self.rota.node.trouble


def test_in_memory() -> None:
    chosen = settings(max_examples=150, stateful_step_count=40, deadline=None)
    run_state_machine_as_test(lambda: Machine(":memory:"), settings=chosen)  # type: ignore[arg-type]


def test_on_postgresql(machine_dsn: str) -> None:
    def machine() -> Machine:
        empty(machine_dsn)
        return Machine(machine_dsn)

    chosen = settings(max_examples=15, stateful_step_count=30, deadline=None)
    run_state_machine_as_test(machine, settings=chosen)  # type: ignore[arg-type]
