"""Limits on what lanes and agents share: concurrency, rates, quotas, budgets; used up they stop nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.agent import AgentSpec, Cost
from rota.model.commands.fleet import Register, SetPool, SetQueue
from rota.model.commands.limits import GetLimit, LimitPage, ListLimits, RemoveLimit, ResetLimit, SetLimit
from rota.model.commands.read import Explain, ListEvents
from rota.model.commands.work import Claim, Complete, Confirm, Done, Fail, Failed, Held
from rota.model.errors import RotaError
from rota.model.limit import LimitSpec, LimitUse
from rota.model.queue import QueuePolicy
from rota.model.task import Given, TaskSpec
from rota.model.times import SECOND, rfc3339
from rota.testing import TestDistributor
from tests.audit.looking import audited, told
from tests.engine.fleet import agent, claim, done, fail, give_back, queue, submit, take, task


def limit(rota: TestDistributor, key: str, **spec: Any) -> None:
    rota.call(SetLimit(limit=LimitSpec(key=key, **spec)))


def use(rota: TestDistributor, key: str) -> LimitUse:
    """The limit at one value of its key, by what it is called there."""
    page: LimitPage = rota.call(ListLimits())
    return next(one for view in page.limits for one in view.uses if one.key == key)


def ids(given: list[Given]) -> list[str]:
    return [one.task for one in given]


def said(rota: TestDistributor, kind: str) -> list[dict[str, Any]]:
    return [event.data for event in rota.call(ListEvents(limit=1_000)).events if event.kind == kind]


def reported(rota: TestDistributor, given: Given, **more: Any) -> None:
    rota.call(Complete(outcomes=[Done(task=given.task, token=given.token, **more)]))


def clean(rota: TestDistributor) -> None:
    report = audited(rota)
    assert report.clean, told(report)


class TestConcurrency:
    @pytest.mark.parametrize("key", ["tenant", "tenant:acme", "tenant:{tenant}"])
    def test_no_more_than_so_many_of_a_tenant_run_at_once(self, rota: TestDistributor, key: str) -> None:
        limit(rota, key, capacity=2)
        agent(rota, "ann", slots=9)
        own = [task(rota, tenant="acme") for _ in range(4)]
        assert ids(claim(rota, "ann", 9)) == own[:2]
        other = task(rota, tenant="other", priority="low")
        assert ids(claim(rota, "ann", 9)) == [other], "others go on"
        assert rota.call(Explain(task=own[2])).reason == "limit:tenant:acme"
        clean(rota)

    def test_the_plan_counts_down_while_it_gives(self, rota: TestDistributor) -> None:
        """One plan, several lanes, one limit: a worse band gets no more than what the better one left."""
        limit(rota, "tenant", capacity=3)
        agent(rota, "ann", slots=20)
        best = [task(rota, priority="high", kind="a") for _ in range(2)]
        next_best = [task(rota, kind="b") for _ in range(5)]
        assert ids(claim(rota, "ann", 20)) == [*best, next_best[0]]
        clean(rota)

    @pytest.mark.parametrize("how", ["done", "failed", "given back", "lost", "agent gone"])
    def test_every_end_of_a_lease_makes_room_once(self, rota: TestDistributor, how: str) -> None:
        queue(rota, "default", term=5)
        limit(rota, "queue:default", capacity=1)
        agent(rota, "ann", slots=9)
        agent(rota, "bob", slots=9)
        first, second, third = submit(rota, "one", "two", "three")
        given = take(rota, "ann")
        assert claim(rota, "bob") == []
        if how == "done":
            done(rota, given)
        elif how == "failed":
            fail(rota, given, retry_at="1h")
        elif how == "given back":
            give_back(rota, given)
        elif how == "lost":
            rota.clock.advance("6s")
        else:
            from rota.model.commands.fleet import RemoveAgent

            rota.call(RemoveAgent(agent="ann"))
        assert use(rota, "queue:default").used == 0
        expected = {"given back": [first], "agent gone": [first], "lost": [first, second]}.get(how, [second])
        assert take(rota, "bob").task in expected
        assert claim(rota, "bob", 9) == []
        assert third
        clean(rota)

    def test_an_offer_that_lapses_makes_room(self, rota: TestDistributor) -> None:
        limit(rota, "queue", capacity=1)
        limit(rota, "queue", unit="tasks", period=3600, capacity=1)
        agent(rota, "ann", slots=3)
        first, _second = submit(rota, "one", "two")
        assert ids(claim(rota, "ann", 3, delivery="offer")) == [first]
        assert claim(rota, "ann", 3) == []
        rota.clock.advance("6s")
        given = take(rota, "ann")
        assert given.task == first, "it cost nothing"
        assert use(rota, "queue:default tasks/3600s").used == 1
        clean(rota)

    def test_a_killed_process_leaves_nothing_counted(self, rota: TestDistributor) -> None:
        limit(rota, "queue", capacity=2)
        agent(rota, "ann", slots=9)
        submit(rota, "one", "two", "three")
        claim(rota, "ann", 9)
        rota.restart()
        rota.clock.advance("3m")
        assert use(rota, "queue:default").used == 0
        assert len(claim(rota, "ann", 9)) == 2
        clean(rota)

    def test_a_waiting_claim_gets_the_next_one_at_once(self, rota: TestDistributor) -> None:
        limit(rota, "queue", capacity=1)
        agent(rota, "ann", slots=9)
        agent(rota, "bob", slots=9)
        _first, second = submit(rota, "one", "two")
        given = take(rota, "ann")
        waiting = rota.ask(Claim(agent="bob", wait=30))
        assert not waiting.done()
        done(rota, given)
        assert ids(waiting.result().tasks) == [second]

    def test_a_limit_reaches_over_pools(self, rota: TestDistributor) -> None:
        rota.call(SetPool(pool="far"))
        rota.call(SetQueue(queue="far", policy=QueuePolicy(pool="far")))
        limit(rota, "api", capacity=1)
        agent(rota, "ann")
        agent(rota, "fay", pool="far")
        task(rota, limits=["api"])
        far = task(rota, queue="far", limits=["api"])
        given = take(rota, "ann")
        waiting = rota.ask(Claim(agent="fay", wait=30))
        assert not waiting.done()
        done(rota, given)
        assert ids(waiting.result().tasks) == [far]
        clean(rota)

    def test_what_runs_already_counts_for_a_new_limit(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        submit(rota, "one", "two", "three")
        given = claim(rota, "ann", 2)
        limit(rota, "queue", capacity=2)
        assert claim(rota, "ann") == []
        done(rota, given[0])
        assert len(claim(rota, "ann", 9)) == 1

    def test_one_value_may_have_a_limit_of_its_own(self, rota: TestDistributor) -> None:
        limit(rota, "tenant", capacity=1)
        limit(rota, "tenant:big", capacity=3)
        agent(rota, "ann", slots=9)
        for tenant in ("big", "small"):
            for _ in range(4):
                task(rota, tenant=tenant)
        assert sorted(it.tenant for it in claim(rota, "ann", 9)) == ["big"] * 3 + ["small"]
        rota.call(RemoveLimit(key="tenant:big"))
        assert claim(rota, "ann", 9) == [], "the limit for all tenants counts those that run"
        clean(rota)

    def test_raised_lowered_removed(self, rota: TestDistributor) -> None:
        limit(rota, "kind", capacity=1)
        agent(rota, "ann", slots=9)
        submit(rota, *[TaskSpec(title="t", kind="code")] * 6)
        assert len(claim(rota, "ann", 9)) == 1
        limit(rota, "kind", capacity=3)
        given = claim(rota, "ann", 9)
        assert len(given) == 2
        limit(rota, "kind", capacity=1)
        done(rota, given[0])
        assert claim(rota, "ann", 9) == []
        waiting = rota.ask(Claim(agent="ann", n=9, wait=30))
        rota.call(RemoveLimit(key="kind"))
        assert len(waiting.result().tasks) == 3
        clean(rota)


class TestAgents:
    def test_an_agent_gets_no_more_than_its_limit(self, rota: TestDistributor) -> None:
        limit(rota, "agent:ann", capacity=2)
        agent(rota, "ann", slots=9)
        agent(rota, "bob", slots=9)
        submit(rota, *"abcde")
        assert len(claim(rota, "ann", 9)) == 2
        assert len(claim(rota, "bob", 9)) == 3
        clean(rota)

    def test_a_rate_of_each_agent(self, rota: TestDistributor) -> None:
        limit(rota, "agent", unit="tasks", period=60, capacity=6, burst=2)
        agent(rota, "ann", slots=9)
        submit(rota, *"abcde")
        assert len(claim(rota, "ann", 9)) == 2
        assert len(claim(rota, "ann", 9, wait=45)) == 1
        assert str(rota.clock) == "2026-01-05T09:00:10.000000Z"
        clean(rota)


class TestRatesAndQuotas:
    def test_a_rate_opens_exactly_when_the_next_fits(self, rota: TestDistributor) -> None:
        limit(rota, "api", unit="tasks", period=60, capacity=4, burst=1)
        agent(rota, "ann", slots=9)
        submit(rota, *[TaskSpec(title="t", limits=["api"])] * 3)
        assert len(claim(rota, "ann", 9)) == 1
        for second in (15, 30):
            assert len(claim(rota, "ann", 9, wait=45)) == 1
            assert str(rota.clock) == f"2026-01-05T09:00:{second}.000000Z"
        clean(rota)

    def test_a_quota_opens_with_its_next_period(self, rota: TestDistributor) -> None:
        limit(rota, "tenant", unit="tasks", period=3600, capacity=3)
        agent(rota, "ann", slots=20)
        rota.clock.advance("90s")
        last = submit(rota, *["t"] * 5)[-1]
        done(rota, *claim(rota, "ann", 20))
        assert rota.call(Explain(task=last)).text.endswith("2026-01-05T10:01:30.000000Z")
        rota.clock.advance("59m30s")
        assert claim(rota, "ann", 20) == []
        assert len(claim(rota, "ann", 20, wait=45)) == 2
        assert str(rota.clock) == "2026-01-05T10:01:30.000000Z"
        clean(rota)

    def test_tokens_are_corrected_by_what_was_used(self, rota: TestDistributor) -> None:
        limit(rota, "api", unit="tokens", period=3600, capacity=1_000, estimate=400)
        agent(rota, "ann", slots=9)
        submit(rota, *[TaskSpec(title="t", limits=["api"])] * 9)
        first, second = claim(rota, "ann", 9)
        assert use(rota, "api tokens/3600s").used == 800
        reported(rota, first, usage={"tokens": 100})
        reported(rota, second, usage={"input_tokens": 30, "output_tokens": 20, "cpu_s": 5000})
        assert use(rota, "api tokens/3600s").used == 150
        assert len(claim(rota, "ann", 9)) == 2
        assert use(rota, "api tokens/3600s").left == 50
        clean(rota)

    def test_what_a_task_uses_is_learnt(self, rota: TestDistributor) -> None:
        limit(rota, "api", unit="tokens", period=3600, capacity=1_000)
        agent(rota, "ann", slots=9)
        submit(rota, *[TaskSpec(title="t", limits=["api"])] * 9)
        reported(rota, take(rota, "ann"), usage={"tokens": 300})
        assert len(claim(rota, "ann", 9)) == 2, "two more of 300 each fit"
        assert use(rota, "api tokens/3600s").used == 900
        clean(rota)

    def test_more_than_the_limit_in_one_task_opens_again(self, rota: TestDistributor) -> None:
        limit(rota, "api", unit="tokens", period=60, capacity=600, burst=100)
        agent(rota, "ann", slots=9)
        submit(rota, *[TaskSpec(title="t", limits=["api"])] * 3)
        reported(rota, take(rota, "ann"), usage={"tokens": 500})
        assert claim(rota, "ann") == []
        assert len(claim(rota, "ann", wait=45)) == 0
        assert len(claim(rota, "ann", wait=45)) == 1, "500 used at 10 a second, all 100 must be there"
        assert str(rota.clock) == "2026-01-05T09:00:50.000000Z"
        clean(rota)

    def test_several_limits_all_hold(self, rota: TestDistributor) -> None:
        limit(rota, "api", unit="tasks", period=60, capacity=5)
        limit(rota, "api", unit="tasks", period=3600, capacity=7)
        limit(rota, "api", capacity=4)
        agent(rota, "ann", slots=20)
        submit(rota, *[TaskSpec(title="t", limits=["api"])] * 20)
        first = claim(rota, "ann", 20)
        assert len(first) == 4
        done(rota, *first)
        done(rota, *claim(rota, "ann", 20))
        assert use(rota, "api tasks/60s").used == 5
        rota.clock.advance("61s")
        assert len(claim(rota, "ann", 20)) == 2
        clean(rota)


class TestBudgets:
    def test_a_used_up_budget_asks_once_and_goes_on_when_raised(self, rota: TestDistributor) -> None:
        limit(rota, "tenant", unit="money", capacity=10, on_empty="pause_and_ask", estimate=1)
        agent(rota, "ann", slots=9)
        submit(rota, *"abcd")
        reported(rota, take(rota, "ann"), cost=10.5)
        assert claim(rota, "ann") == []
        assert claim(rota, "ann") == []
        assert said(rota, "limit_asks") == [
            {"limit": "tenant:default money", "unit": "money", "used": 10.5, "capacity": 10.0}
        ]
        assert use(rota, "tenant:default money").asked
        waiting = rota.ask(Claim(agent="ann", wait=30))
        limit(rota, "tenant", unit="money", capacity=12, on_empty="pause_and_ask", estimate=1)
        reported(rota, waiting.result().tasks[0], cost=3)
        assert claim(rota, "ann") == []
        assert len(said(rota, "limit_asks")) == 2
        clean(rota)

    def test_a_reset_approves_another_budget(self, rota: TestDistributor) -> None:
        limit(rota, "api", unit="tokens", capacity=100, on_empty="pause_and_ask")
        agent(rota, "ann", slots=9)
        submit(rota, *[TaskSpec(title="t", limits=["api"])] * 3)
        reported(rota, take(rota, "ann"), usage={"tokens": 500})
        waiting = rota.ask(Claim(agent="ann", wait=30))
        assert not waiting.done()
        assert rota.call(ResetLimit(key="api")).changed
        assert len(waiting.result().tasks) == 1
        found = use(rota, "api tokens")
        assert found.used == 500, "what is charged now is what the last one used"
        assert len(said(rota, "limit_asks")) == 2
        clean(rota)

    def test_prices_count_where_no_cost_is_reported(self, rota: TestDistributor) -> None:
        limit(rota, "agent", unit="money", period=86_400, capacity=5)
        agent(rota, "ann", slots=9, cost=Cost(per_hour=60, per_task=0.5, per_1k_tokens=2))
        task(rota)
        given = take(rota, "ann")
        rota.clock.advance("30s")
        reported(rota, given, usage={"tokens": 250})
        assert use(rota, "agent:ann money/86400s").used == pytest.approx(0.5 + 0.5 + 0.5)


class TestRefuse:
    def test_new_tasks_are_refused_while_it_is_used_up(self, rota: TestDistributor) -> None:
        limit(rota, "tenant", unit="tasks", period=60, capacity=1, on_empty="refuse")
        agent(rota, "ann", slots=9)
        submit(rota, "one", "two")
        take(rota, "ann")
        with pytest.raises(RotaError) as caught:
            submit(rota, "three")
        assert caught.value.code == "limit_used_up"
        assert "2026-01-05T09:01:00" in caught.value.message
        other = task(rota, tenant="other")
        assert ids(claim(rota, "ann", 9)) == [other], "what is there already waits"
        rota.clock.advance("60s")
        submit(rota, "four")
        clean(rota)


class TestOperations:
    def test_the_same_again_changes_nothing(self, memory: TestDistributor) -> None:
        spec = LimitSpec(key="api", capacity=1)
        assert memory.call(SetLimit(limit=spec)).changed
        assert not memory.call(SetLimit(limit=spec)).changed
        assert [view.name for view in memory.call(GetLimit(key="api")).limits] == ["api"]

    def test_limits_that_there_are_not(self, memory: TestDistributor) -> None:
        for request in (GetLimit(key="x"), RemoveLimit(key="x"), ResetLimit(key="x")):
            with pytest.raises(RotaError) as caught:
                memory.call(request)
            assert caught.value.code == "no_limit"

    def test_a_reset_opens_what_a_provider_closed(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2)
        number = task(rota, limits=["openai"])
        fail(rota, take(rota, "ann"), limit="openai", retry_at="1h")
        assert rota.call(ListLimits()).parked == {"openai": "2026-01-05T10:00:00.000000Z"}
        waiting = rota.ask(Claim(agent="ann", wait=30))
        rota.call(ResetLimit(key="openai"))
        assert ids(waiting.result().tasks) == [number]
        clean(rota)

    @pytest.mark.parametrize(
        ("spec", "field"),
        [
            ({"key": "api", "capacity": 0.5}, "capacity"),
            ({"key": "api", "capacity": 1.5}, "capacity"),
            ({"key": "api", "capacity": float("nan")}, "capacity"),
            ({"key": "api", "capacity": 0, "unit": "money", "period": 60}, "capacity"),
            ({"key": "api", "capacity": 100, "unit": "tokens", "period": 60, "estimate": 200}, "capacity"),
            ({"key": "api", "capacity": 100, "unit": "tokens", "period": 60, "burst": 10, "estimate": 20}, "burst"),
            ({"key": "api", "capacity": 10, "unit": "tasks", "period": 60, "burst": 20}, "burst"),
            ({"key": "api", "capacity": 1, "period": 60}, "period"),
            ({"key": "api", "capacity": 1, "burst": 1}, "burst"),
            ({"key": "api", "capacity": 1, "unit": "tasks"}, "period"),
            ({"key": "api", "capacity": 1, "unit": "tasks", "period": 0}, "period"),
            ({"key": "api", "capacity": 1, "unit": "tasks", "period": 60, "estimate": 2}, "estimate"),
            ({"key": "api", "capacity": 1, "on_empty": "pause_and_ask"}, "on_empty"),
            ({"key": "{colour}", "capacity": 1}, "key"),
            ({"key": "doc:{payload}", "capacity": 1}, "key"),
            ({"key": "doc:{tenant", "capacity": 1}, "key"),
            ({"key": "{agent}:{kind}", "capacity": 1}, "key"),
            ({"key": "tenant:", "capacity": 1}, "key"),
            ({"key": " ", "capacity": 1}, "key"),
        ],
    )
    def test_what_contradicts_itself_is_refused(
        self, memory: TestDistributor, spec: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(RotaError) as caught:
            memory.call(SetLimit(limit=LimitSpec(**spec)))
        assert caught.value.field == f"limit.{field}", caught.value
        assert memory.call(ListLimits()).limits == []


def test_confirmed_offers_stay_counted(rota: TestDistributor) -> None:
    limit(rota, "queue", capacity=1)
    agent(rota, "ann", slots=3)
    submit(rota, "one", "two")
    given = claim(rota, "ann", delivery="offer")[0]
    rota.call(Confirm(offers=[Held(task=given.task, token=given.token)]))
    rota.clock.advance("6s")
    assert claim(rota, "ann") == []
    assert use(rota, "queue:default").used == 1


def test_a_limit_of_agents_parks_all_that_have_it(rota: TestDistributor) -> None:
    """Whatever they are given: the tasks need not know of it, and others may do them."""
    for name, key in (("ann", "account"), ("bob", "account"), ("eve", None)):
        rota.call(Register(agent=AgentSpec(name=name, slots=5, limit=key)))
    task(rota)
    given = take(rota, "ann")
    second = task(rota)
    until = rfc3339(rota.clock() + 20 * SECOND)
    failed = Failed(task=given.task, token=given.token, error="limit", retry_at=until, limit="account")
    assert rota.call(Fail(outcomes=[failed])).states == {given.task: "ready"}
    waiting = rota.ask(Claim(agent="bob", wait=40))
    assert not waiting.done()
    found = rota.call(Explain(task=second))
    assert found.refusals["bob"].code == "parked"
    assert found.refusals["bob"].text.startswith("limit account of bob is used up at its provider until")
    assert ids(claim(rota, "eve", 1)) == [given.task]
    rota.clock.advance(19)
    assert not waiting.done()
    rota.clock.advance(2)
    assert ids(waiting.result().tasks) == [second]
    clean(rota)
