"""Everything at once under limits: whatever comes in whatever order, none is exceeded and in the end all is done."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from rota.model.commands.limits import RemoveLimit, ResetLimit, SetLimit
from rota.model.commands.submit import Cancel, Edit, Hold, Redrive, Unhold
from rota.model.commands.work import Answer, Ask, Complete, Done, Fail, Failed, GiveBack, Held
from rota.model.errors import RotaError
from rota.model.limit import LimitSpec
from rota.model.priority import PRIORITIES
from rota.model.task import Given, TaskSpec
from rota.testing import TestDistributor
from tests.engine.blowing import blow_over
from tests.engine.fleet import agent, claim, queue, submit

STEPS = 250
LIMITS = (
    LimitSpec(key="tenant", capacity=4),
    LimitSpec(key="tenant:big", capacity=6),
    LimitSpec(key="queue:q", unit="tasks", period=20, capacity=12, burst=3),
    LimitSpec(key="api", unit="tokens", period=30, capacity=300),
    LimitSpec(key="api", capacity=5),
    LimitSpec(key="agent", unit="money", period=40, capacity=20, estimate=2),
    LimitSpec(key="kind:slow", unit="money", capacity=15, on_empty="pause_and_ask", estimate=1),
    LimitSpec(key="doc:{payload.document}", capacity=1),
    LimitSpec(key="{tenant}/{payload.document}", unit="tasks", period=25, capacity=3),
    LimitSpec(key="{payload.author}:{kind}", unit="tokens", period=30, capacity=100, burst=50, estimate=20),
)


class Storm:
    """Random words to a test kit, remembered as far as the next ones need it."""

    def __init__(self, rota: TestDistributor, seed: int) -> None:
        self.rota = rota
        self.random = Random(seed)
        self.known: list[str] = []
        self.held: list[Given] = []

    def step(self) -> None:
        doing: list[Callable[[], object]] = [
            self.submit, self.submit, self.claim, self.claim, self.claim, self.complete, self.complete, self.fail,
            self.give_back, self.ask, self.touch, self.touch, self.change_limit, self.pass_time,
        ]  # fmt: skip
        try:
            self.random.choice(doing)()
        except RotaError as error:
            if error.code not in ("wrong_state", "no_limit", "lease_lost", "limit_used_up"):
                raise

    def submit(self) -> None:
        pick = self.random.choice
        specs = [
            TaskSpec(
                title="t",
                queue=pick(["default", "q"]),
                tenant=pick(["big", "small", "tiny"]),
                kind=pick(["task", "slow"]),
                priority=pick(PRIORITIES),
                limits=pick([[], ["api"], ["api", "other"]]),
                payload=pick([None, {"document": pick("ab")}, {"document": 1, "author": pick("xy")}]),
                max_attempts=50,
            )
            for _ in range(self.random.randint(1, 8))
        ]
        self.known += submit(self.rota, *specs)

    def claim(self) -> None:
        delivery = self.random.choice(["direct", "direct", "direct", "offer"])
        name = self.random.choice(["ann", "bob"])
        given = claim(self.rota, name, self.random.randint(1, 6), delivery=delivery)
        if delivery == "direct":
            self.held += given

    def complete(self) -> None:
        outcomes = [self.done(one) for one in self.some()]
        if outcomes:
            self.rota.call(Complete(outcomes=outcomes))

    def done(self, one: Given) -> Done:
        used: dict[str, float] = {"tokens": self.random.choice([0, 10, 40, 90])} if self.random.random() < 0.7 else {}
        cost = self.random.choice([None, 0.5, 3.0])
        return Done(task=one.task, token=one.token, usage=used, cost=cost)

    def fail(self) -> None:
        for one in self.some()[:2]:
            limit = self.random.choice([None, None, "api"])
            outcome = Failed(task=one.task, token=one.token, error="e", retry_at=2, limit=limit, usage={"tokens": 5})
            self.rota.call(Fail(outcomes=[outcome]))

    def give_back(self) -> None:
        held = [Held(task=one.task, token=one.token) for one in self.some()]
        if held:
            self.rota.call(GiveBack(tasks=held))

    def ask(self) -> None:
        for one in self.some()[:1]:
            self.rota.call(Ask(task=one.task, token=one.token, question="which?"))
            self.rota.call(Answer(task=one.task, answer="this"))

    def touch(self) -> None:
        if self.known:
            task = self.random.choice(self.known)
            words = [
                Cancel(tasks=[task]), Hold(tasks=[task]), Unhold(tasks=[task]), Unhold(tasks=[task]),
                Redrive(tasks=[task]), Edit(task=task, priority=self.random.choice(PRIORITIES)),
            ]  # fmt: skip
            self.rota.call(self.random.choice(words))

    def change_limit(self) -> None:
        spec = self.random.choice(LIMITS)
        if self.random.random() < 0.3:
            word = self.random.choice([RemoveLimit(key=spec.key), ResetLimit(key=spec.key)])
            self.rota.call(word)
        else:
            self.rota.call(SetLimit(limit=spec))

    def pass_time(self) -> None:
        if self.random.random() < 0.1:
            self.rota.restart()
        self.rota.clock.advance(self.random.choice([0.5, 3, 12, 70]))

    def some(self) -> list[Given]:
        self.random.shuffle(self.held)
        taken = self.held[: self.random.randint(0, 4)]
        del self.held[: len(taken)]
        return taken

    def finish(self) -> None:
        """Nothing waits for ever: with time, answers and work everything ends."""
        for _ in range(400):
            self.complete()
            given = claim(self.rota, "ann", 9) + claim(self.rota, "bob", 9)
            self.held += given
            if not given and not self.held:
                self.rota.clock.advance(10)
                for spec in LIMITS:
                    if spec.on_empty == "pause_and_ask":
                        self.rota.call(SetLimit(limit=spec))
                        self.rota.call(ResetLimit(key=spec.key))
            left = set(self.rota.states()) - {"done", "cancelled", "dead", "held", "expired"}
            if not left:
                return
        raise AssertionError(f"some never ended: {self.rota.states()}")


@pytest.mark.parametrize("seed", range(6))
def test_storm(rota: TestDistributor, seed: int) -> None:
    queue(rota, "q", term=10)
    queue(rota, "default", term=20)
    agent(rota, "ann", slots=6, least_slots=2)
    agent(rota, "bob", slots=9)
    storm = Storm(rota, seed)
    for spec in LIMITS:
        rota.call(SetLimit(limit=spec))
    blow_over(rota, storm, STEPS)
