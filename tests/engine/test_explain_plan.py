"""Explain says what the plan then does: who comes before under fair shares, when limits, reservations and working
hours let a task start, and of what was given away the decision as recorded."""

from __future__ import annotations

import random
from typing import Any

import pytest

from rota.model.agent import Reserve
from rota.model.commands.fleet import CreateProject, PauseQueue, SetTenant
from rota.model.commands.limits import SetLimit
from rota.model.commands.read import AgentExplanation, Explain, ExplainAgent, Explanation, OrderView
from rota.model.limit import LimitSpec
from rota.model.project import ProjectSpec
from rota.model.times import rfc3339
from rota.operations import line_before
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, done, fail, give_back, queue, spec, submit, take, task, view

MONDAY = "2026-01-05T09:00:00Z"


def explained(rota: TestDistributor, number: str) -> Explanation:
    found: Explanation = rota.call(Explain(task=number))
    return found


def order_of(rota: TestDistributor, number: str) -> OrderView:
    found = explained(rota, number).order
    assert found is not None
    return found


def starts(rota: TestDistributor, number: str) -> str | None:
    return order_of(rota, number).starts_p50


def at(rota: TestDistributor, seconds: float = 0.0) -> str:
    return rfc3339(rota.clock() + round(seconds * 1_000_000))


def limit(rota: TestDistributor, key: str, **more: Any) -> None:
    rota.call(SetLimit(limit=LimitSpec(key=key, **more)))


def given_before(rota: TestDistributor, number: str, seconds: int) -> int:
    """How many tasks ann, who has one slot, is given before this one when each takes so long."""
    for before in range(200):
        given = take(rota, "ann")
        if given.task == number:
            return before
        rota.clock.advance(f"{seconds}s")
        done(rota, given)
    raise AssertionError(f"{number} is never given")


class TestTheOrder:
    def test_a_fair_queue(self, rota: TestDistributor) -> None:
        queue(rota, "default", ordering="fair")
        agent(rota, "ann")
        submit(rota, *[spec(tenant="flood", estimate="10s")] * 50)
        for _ in range(3):
            done(rota, take(rota, "ann"))
        late = submit(rota, *[spec(tenant="drop", estimate="10s")] * 3)[-1]
        found = order_of(rota, late)
        assert found.before < 10, "not the flood"
        assert given_before(rota, late, 10) == found.before

    def test_a_flood_with_the_usual_settings(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        submit(rota, *[spec(tenant="flood", estimate="10s")] * 100)
        drops = submit(rota, *[spec(tenant="drop", estimate="60s")] * 10)
        for _ in range(8):
            given = take(rota, "ann")
            rota.clock.advance("10s")
            done(rota, given)
        first = drops[0]
        found = order_of(rota, first)
        assert found.starts_p50 == at(rota, 10.0 * found.before)
        assert given_before(rota, first, 10) == found.before

    @pytest.mark.parametrize("seed", range(4))
    def test_of_tenants_projects_bands_and_orderings(self, rota: TestDistributor, seed: int) -> None:
        """Told task by task, then given all at once, in the order in which it was told."""
        chance = random.Random(seed)
        agent(rota, "ann", slots=200)
        rota.call(SetTenant(tenant="a", weight=3))
        for ordering in ("fair", "fifo", "deadline"):
            queue(rota, ordering, ordering=ordering)
        projects = [rota.call(CreateProject(project=ProjectSpec(title=str(n)))).project for n in range(2)]

        def some(n: int) -> list[str]:
            return submit(
                rota,
                *[
                    spec(
                        tenant=chance.choice("aabc"),
                        queue=chance.choice(["fair", "deadline", "deadline", "fifo"]),
                        priority=chance.choice(["high", "normal", "normal"]),
                        project=chance.choice([None, *projects]),
                        estimate=f"{chance.randrange(1, 40)}s",
                        deadline=chance.choice([None, None, "2s", "1h"]),
                    )
                    for _ in range(n)
                ],
            )

        numbers = some(30)
        for given in claim(rota, "ann", 15):
            rota.clock.advance("1s")
            done(rota, given)
        waiting = [number for number in [*numbers, *some(20)] if view(rota, number).state == "ready"]
        told = {number: order_of(rota, number).before for number in waiting}
        following: AgentExplanation = rota.call(ExplainAgent(agent="ann", limit=100))
        given_now = [given.task for given in claim(rota, "ann", 100)]
        assert sorted(told, key=lambda number: told[number]) == given_now
        assert [told[number] for number in given_now] == list(range(len(given_now)))
        assert [one.task for one in following.next] == given_now

    def test_ahead_has_its_reason(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        first = task(rota, tenant="flood", estimate="10s")
        assert "ahead 0: no other tenant's tasks wait in its band" in order_of(rota, first).why
        flood = submit(rota, *[spec(tenant="flood", estimate="10s")] * 20)[-1]
        drop = submit(rota, *[spec(tenant="drop", estimate="10s")] * 5)[-1]
        claim(rota, "ann", 6)
        found = order_of(rota, flood)
        assert found.tenant_ahead_s == 60
        assert any(one.startswith("ahead ") and "stands back until that is 50 s" in one for one in found.why)
        assert order_of(rota, drop).tenant_ahead_s == 0
        queue(rota, "line", ordering="fifo")
        told = order_of(rota, task(rota, queue="line")).why
        assert any("with ordering fifo" in one for one in told)

    def test_a_project_that_is_ahead_has_its_reason(self, rota: TestDistributor) -> None:
        queue(rota, "default", ordering="fair")
        agent(rota, "ann")
        flood = rota.call(CreateProject(project=ProjectSpec(title="flood"))).project
        numbers = submit(rota, *[spec(project=flood, estimate="10s")] * 5, *[spec(estimate="10s")] * 5)
        given = take(rota, "ann")
        rota.clock.advance("10s")
        done(rota, given)
        found = order_of(rota, numbers[1])
        assert found.project_ahead_s == 10
        assert any("its project had 10 s" in one and "stands back" in one for one in found.why)

    def test_too_many_to_go_through(self, rota: TestDistributor, monkeypatch: pytest.MonkeyPatch) -> None:
        """Counted by due date then, and it says so; without tenants nothing is lost by that."""
        monkeypatch.setattr(line_before, "LOOKED_AT", 20)
        agent(rota, "ann")
        alone = submit(rota, *[spec(estimate="10s")] * 30)[-1]
        assert (order_of(rota, alone).before, order_of(rota, alone).work_before_s) == (29, 290.0)
        assert not any(one.startswith("about") for one in order_of(rota, alone).why)
        two = submit(rota, *[spec(tenant="drop", estimate="10s")] * 10)
        assert any(one.startswith("about 29 before it") for one in order_of(rota, alone).why)
        assert not any(one.startswith("about") for one in order_of(rota, two[0]).why)

    def test_an_estimate_heeds_who_stands_back(self, rota: TestDistributor, monkeypatch: pytest.MonkeyPatch) -> None:
        agent(rota, "ann", slots=300)
        submit(rota, *[spec(tenant=f"t{n // 20}", estimate="10s") for n in range(180)])
        numbers = submit(rota, *[spec(tenant="last", estimate="10s")] * 20)
        exact = order_of(rota, numbers[2])
        monkeypatch.setattr(line_before, "LOOKED_AT", 10)
        about = order_of(rota, numbers[2])
        assert any(one.startswith("about") for one in about.why)
        assert not any(one.startswith("about") for one in exact.why)
        assert about.before == pytest.approx(exact.before, rel=0.2)
        assert [given.task for given in claim(rota, "ann", 200)].index(numbers[2]) == exact.before < 100

    def test_what_nobody_is_given_is_not_before_it(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2)
        queue(rota, "closed")
        submit(rota, *[spec(priority="high", queue="closed")] * 3, *[spec(limits=["api"])] * 3)
        fail(rota, take_of(rota, "api"), retry_at="1h", limit="api")
        limit(rota, "kind:slow", capacity=1)
        submit(rota, *[spec(priority="high", kind="slow")] * 3)
        rota.call(PauseQueue(queue="closed"))
        plain = task(rota)
        assert order_of(rota, plain).before == 1, "the limit lets one of the slow start"
        assert [given.task for given in claim(rota, "ann", 2)][1] == plain


def take_of(rota: TestDistributor, key: str) -> Any:
    rota.call(PauseQueue(queue="closed"))
    given = take(rota, "ann")
    assert key in view(rota, given.task).limits
    return given


class TestTheStart:
    def test_a_parked_limit(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota, limits=["api"])
        fail(rota, take(rota, "ann"), retry_at="1h", limit="api")
        opens = at(rota, 3_600)
        found = order_of(rota, task(rota, limits=["api"], estimate="10s"))
        assert (found.starts_p50, found.starts_p90) == (opens, opens)
        assert found.finishes_p50 is not None
        assert found.finishes_p50 > opens
        assert explained(rota, number).reason != "slot"

    def test_a_quota(self, rota: TestDistributor) -> None:
        limit(rota, "tenant", unit="tasks", period=60, capacity=2)
        agent(rota, "ann", slots=9)
        began = at(rota, 60)
        numbers = submit(rota, *[spec(estimate="10s")] * 5)
        assert [starts(rota, number) for number in numbers] == [at(rota)] * 2 + [began] * 2 + [at(rota, 120)]
        assert len(claim(rota, "ann", 9)) == 2
        rota.clock.advance("10s")
        assert [starts(rota, number) for number in numbers[2:4]] == [began] * 2

    def test_what_runs_under_a_limit_on_how_many(self, rota: TestDistributor) -> None:
        limit(rota, "tenant", capacity=1)
        agent(rota, "ann", slots=9)
        numbers = submit(rota, *[spec(estimate="100s")] * 4)
        take(rota, "ann")
        assert [starts(rota, number) for number in numbers[1:]] == [at(rota, 50), at(rota, 150), at(rota, 250)]

    def test_nobody_knows(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        queue(rota, "closed")
        number = task(rota, queue="closed")
        rota.call(PauseQueue(queue="closed"))
        assert starts(rota, number) is None
        limit(rota, "tenant:acme", unit="tasks", capacity=1, on_empty="pause_and_ask")
        _first, second = submit(rota, *[spec(tenant="acme")] * 2)
        take(rota, "ann")
        assert (explained(rota, second).reason, starts(rota, second)) == ("limit:tenant:acme tasks", None)

    def test_slots_that_are_kept_for_others(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2, reserve=(Reserve(slots=1, priority="high"),))
        _first, second = submit(rota, *[spec(estimate="100s")] * 2)
        take(rota, "ann")
        assert (explained(rota, second).refusals["ann"].code, starts(rota, second)) == ("reserved", at(rota, 50))
        urgent = task(rota, priority="high", estimate="100s")
        assert starts(rota, urgent) == at(rota)

    def test_a_limit_on_the_agent(self, rota: TestDistributor) -> None:
        limit(rota, "agent", unit="tasks", period=3_600, capacity=1)
        agent(rota, "ann", slots=9)
        opens = at(rota, 3_600)
        _first, second = submit(rota, *[spec(estimate="10s")] * 2)
        take(rota, "ann")
        assert starts(rota, second) == opens

    def test_working_hours(self, database: str) -> None:
        with TestDistributor(database, start=MONDAY) as rota:
            agent(rota, "ann", hours=("daily 10:00-17:00",))
            number = task(rota, estimate="10s")
            assert explained(rota, number).reason == "nobody:off_hours=1"
            assert starts(rota, number) == at(rota, 3_600)
            agent(rota, "bob")
            assert starts(rota, number) == at(rota)


class TestTheDecision:
    def test_of_what_is_done(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        given = take(rota, "ann")
        while_running = explained(rota, number).why
        rota.clock.advance("5s")
        done(rota, given)
        found = explained(rota, number)
        assert (found.state, found.why["outcome"], found.why["ended"]) == ("done", "done", at(rota))
        assert found.why.items() >= while_running.items()
        assert "strategy" in while_running

    def test_of_what_is_reviewed_dead_or_tried_again(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        agent(rota, "bob")
        reviewed = task(rota, approval=True)
        done(rota, take(rota, "ann"))
        number = task(rota, max_attempts=2)
        fail(rota, take(rota, "ann"), retry_at="1h")
        again, waits = explained(rota, reviewed), explained(rota, number)
        assert (again.state, again.why["agent"], again.why["outcome"]) == ("review", "ann", "done")
        assert (waits.state, waits.why["agent"], waits.why["outcome"]) == ("scheduled", "ann", "failed")
        rota.clock.advance("61m")
        assert explained(rota, number).state == "ready"
        assert explained(rota, number).why["agent"] == "ann"
        fail(rota, take(rota, "bob"))
        dead = explained(rota, number)
        assert (dead.state, dead.why["agent"], dead.why["outcome"]) == ("dead", "bob", "failed")
        assert dead.why["strategy"] == "balanced"

    def test_of_what_was_never_given_away(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        assert explained(rota, number).why == {}
        give_back(rota, take(rota, "ann"))
        assert explained(rota, number).why["agent"] == "ann"
