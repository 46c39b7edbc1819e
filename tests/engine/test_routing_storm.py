"""Stages, rules, assignments and preemption all at once: nothing is lost or doubled, and the log proves it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from rota.model.agent import Reserve
from rota.model.commands.fleet import SetPool
from rota.model.commands.limits import SetLimit
from rota.model.commands.route import Assign, SetRules, Unassign
from rota.model.commands.submit import Cancel, Edit, Hold, Unhold
from rota.model.commands.work import Beat, Complete, Done, Fail, Failed, GiveBack, Heartbeat, Held, Renewed
from rota.model.errors import RotaError
from rota.model.limit import LimitSpec
from rota.model.priority import PRIORITIES
from rota.model.queue import PoolPolicy, Preemption
from rota.model.rule import Rule, RuleSet
from rota.model.stage import Change, Person, Stage
from rota.model.task import Given, TaskSpec
from rota.testing import TestDistributor
from tests.engine.blowing import blow_over
from tests.engine.fleet import agent, attempts, claim, queue, submit

STEPS = 250
AGENTS = ("ann", "bob", "eva")
STAGES = (
    Stage(after=5, change=Change(raise_by=1)),
    Stage(after=20, change=Change(priority="emergency")),
    Stage(after=9, change=Change(widen="near", notify="wide")),
    Stage(after=30, change=Change(drop=["role", "ban", "regions"], skills={"py": 0})),
    Stage(attempts=1, change=Change(raise_by=2, queue="other")),
    Stage(attempts=2, change=Change(person=Person(role="boss"))),
    Stage(before_deadline=10, change=Change(priority="critical", queue="other")),
    Stage(before_deadline=30, change=Change(notify="soon")),
)
RULES = (
    Rule(name="hot", match={"kind": "hot"}, set=RuleSet(priority="emergency", deadline=60)),
    Rule(match={"payload.x": {">": 5}}, set=RuleSet(queue="other", skills={"py": 1})),
    Rule(match={"not": {"priority": "low"}, "title": {"has": "s"}}, set=RuleSet(ban=["eva"], affinity="s")),
)


class Storm:
    """Random words to a test kit, remembered as far as the next ones need it."""

    def __init__(self, rota: TestDistributor, seed: int) -> None:
        self.rota = rota
        self.random = Random(seed)
        self.known: list[str] = []
        self.held: dict[str, Given] = {}

    def step(self) -> None:
        doing: list[Callable[[], object]] = [
            self.submit, self.submit, self.claim, self.claim, self.claim, self.beat, self.beat, self.beat,
            self.complete, self.fail, self.give_back, self.touch, self.route, self.change, self.pass_time,
            self.pass_time,
        ]  # fmt: skip
        try:
            self.random.choice(doing)()
        except RotaError as error:
            if error.code not in ("wrong_state", "past", "lease_lost"):
                raise

    def submit(self) -> None:
        pick = self.random.choice
        specs = [
            TaskSpec(
                title=pick(["s", "t"]),
                queue=pick(["default", "other"]),
                kind=pick(["task", "hot", "slow"]),
                tenant=pick(["a", "b"]),
                priority=pick(("low", "low", "low", *PRIORITIES)),
                skills=pick([{}, {}, {"py": 1}]),
                role=pick([None, None, None, "boss"]),
                regions=pick([[], [], ["eu-west"]]),
                payload=pick([None, {"x": 9}]),
                resources=pick([{}, {}, {"gpu": 1.0}]),
                deadline=60,
                stages=self.random.sample(STAGES, self.random.randint(0, 3)) if self.random.random() < 0.6 else [],
                sequence=pick([None, None, None, "line"]),
                after=[pick(self.known)] if self.known and self.random.random() < 0.1 else [],
                max_attempts=50,
            )
            for _ in range(self.random.randint(1, 6))
        ]
        for one in specs:  # a raise must not lower
            one.stages = [stage for stage in one.stages if stage.change.priority is None or one.priority == "low"]
        try:
            self.known += submit(self.rota, *specs)
        except RotaError as error:
            if "must not" not in error.message:
                raise

    def contest(self) -> None:
        """All slots are in use for what is worse when something better comes."""
        self.known += submit(self.rota, *[TaskSpec(title="worse", priority="low") for _ in range(9)])
        self.claim()
        self.known += submit(self.rota, *[TaskSpec(title="better", priority="emergency") for _ in range(4)])
        self.rota.clock.advance(3)
        self.beat(willing=1.0)

    def claim(self) -> None:
        for name in AGENTS:
            for one in claim(self.rota, name, 4):
                self.held[one.task] = one

    def beat(self, willing: float = 0.6) -> None:
        """What a good agent does that is asked to give way; others do not care."""
        for name in AGENTS:
            theirs = [one for one in self.held.values() if one.agent == name]
            beats = [Beat(task=one.task, token=one.token, checkpoint={"at": one.attempt}) for one in theirs]
            heard: Renewed = self.rota.call(Heartbeat(agent=name, beats=beats))
            for task in heard.lost:
                self.held.pop(task, None)
            for task in heard.preempt:
                if self.random.random() < willing:
                    self._back([self.held.pop(task)])

    def complete(self) -> None:
        outcomes = [Done(task=one.task, token=one.token) for one in self.some()]
        if outcomes:
            self.rota.call(Complete(outcomes=outcomes))

    def fail(self) -> None:
        for one in self.some()[:2]:
            outcome = Failed(task=one.task, token=one.token, error="e", retry_at=self.random.choice([None, 2]))
            self.rota.call(Fail(outcomes=[outcome]))

    def give_back(self) -> None:
        self._back(self.some())

    def _back(self, given: list[Given]) -> None:
        held = [Held(task=one.task, token=one.token) for one in given]
        if held:
            self.rota.call(GiveBack(tasks=held))

    def touch(self) -> None:
        if self.known:
            task = self.random.choice(self.known)
            words = [
                Cancel(tasks=[task]), Hold(tasks=[task]), Unhold(tasks=[task]), Unhold(tasks=[task]),
                Edit(task=task, priority=self.random.choice(PRIORITIES)), Edit(task=task, deadline=40),
            ]  # fmt: skip
            self.rota.call(self.random.choice(words))

    def route(self) -> None:
        if self.known:
            tasks = self.random.sample(self.known, min(2, len(self.known)))
            override = self.random.random() < 0.5
            words = [
                Assign(tasks=tasks, agent=self.random.choice(AGENTS), by="me", override=override),
                Unassign(tasks=tasks, by="me"),
                Unassign(tasks=tasks, by="me"),
            ]
            self.rota.call(self.random.choice(words))

    def change(self) -> None:
        if self.random.random() < 0.5:
            self.rota.call(SetRules(rules=[rule for rule in RULES if self.random.random() < 0.5]))
        else:
            self.rota.call(SetPool(pool="default", policy=self.policy()))

    def policy(self) -> PoolPolicy:
        pick = self.random.choice
        preempt = Preemption(
            band=pick(["emergency", "critical"]),
            over=pick(["high", "normal", "normal"]),
            patience_s=pick([0.0, 2.0, 6.0]),
        )
        strategy = pick(["balanced", "round_robin", "affinity"])
        return PoolPolicy(strategy=strategy, preempt=pick([*[preempt] * 9, None]))

    def pass_time(self) -> None:
        if self.random.random() < 0.1:
            self.rota.restart()
        self.rota.clock.advance(self.random.choice([0.5, 2, 7, 35]))

    def some(self) -> list[Given]:
        taken = self.random.sample(sorted(self.held), min(len(self.held), self.random.randint(0, 2)))
        return [self.held.pop(task) for task in taken]

    def finish(self) -> None:
        """Nothing waits for ever: with time, and people, everything ends."""
        agent(self.rota, "boss", slots=20, role="boss", skills={"py": 9}, region="eu-west", resources={"gpu": 9})
        self.rota.call(Unassign(tasks=self.known, by="me"))
        self.rota.call(Unhold(tasks=self.known))
        for _ in range(300):
            given = [one for name in (*AGENTS, "boss") for one in claim(self.rota, name, 20)]
            for one in [*given, *self.held.values()]:
                self.rota.call(Complete(outcomes=[Done(task=one.task, token=one.token)]))
            self.held.clear()
            if not given:
                self.rota.clock.advance(10)
            if not set(self.rota.states()) - {"done", "cancelled", "dead"}:
                return
        raise AssertionError(f"some never ended: {self.rota.states()}")


@pytest.mark.parametrize("seed", range(8))
def test_storm(rota: TestDistributor, seed: int) -> None:
    queue(rota, "other", term=20, near={"eu-west": ("us",)}, stages=(STAGES[0], STAGES[7]))
    queue(rota, "default", term=40)
    agent(rota, "ann", slots=2, skills={"py": 1}, region="eu-north", resources={"gpu": 1})
    agent(rota, "bob", slots=1, skills={"py": 1}, region="us", role="boss")
    agent(rota, "eva", slots=3, reserve=[Reserve(slots=1, priority="high", tenant="b")], resources={"gpu": 1})
    rota.call(SetLimit(limit=LimitSpec(key="tenant:a", capacity=4)))
    storm = Storm(rota, seed)
    rota.call(SetPool(pool="default", policy=PoolPolicy(preempt=Preemption(over="normal", patience_s=2.0))))
    storm.contest()
    blow_over(rota, storm, STEPS)
    for number in storm.known:
        outcomes = [one.outcome for one in attempts(rota, number)]
        assert outcomes.count("done") <= 1
    gave_way = [number for number in storm.known if "preempted" in [one.outcome for one in attempts(rota, number)]]
    assert gave_way
