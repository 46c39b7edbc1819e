"""Filters that depend on what agents do and did: resources, reserved slots, hours, breakers, ejection, slow start."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from rota.audit.audit import audit
from rota.model.agent import Cost, Reserve
from rota.model.commands.fleet import Drain, ResumeAgent, SetHealth, SetPool
from rota.model.commands.read import Explain, Explanation, GetAgent
from rota.model.commands.submit import Edit, Submit
from rota.model.commands.work import Claim
from rota.model.errors import RotaError
from rota.model.queue import PoolPolicy
from rota.model.task import Given, TaskSpec
from rota.store.sql.fleet import TROUBLES
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, done, fail, give_back, queue, submit, take, task, view


def explain(rota: TestDistributor, number: str) -> Explanation:
    found: Explanation = rota.call(Explain(task=number))
    return found


def pool(rota: TestDistributor, **policy: Any) -> None:
    rota.call(SetPool(pool="default", policy=PoolPolicy(**policy)))


def codes(rota: TestDistributor, number: str) -> dict[str, str]:
    return {name: refused.code for name, refused in explain(rota, number).refusals.items()}


def rows(rota: TestDistributor) -> list[tuple[Any, ...]]:
    with rota.node.store.read() as reader:
        return list(reader.one(TROUBLES))


class TestResources:
    def test_tasks_take_what_they_use_until_they_end(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9, resources={"gpu": 2, "memory_gb": 64})
        numbers = submit(rota, *[TaskSpec(title="t", resources={"gpu": 1, "memory_gb": 16})] * 3)
        first, _second = given = claim(rota, "ann", 9)
        assert [it.task for it in given] == numbers[:2]
        waits = explain(rota, numbers[2])
        assert (waits.reason, waits.refusals["ann"].code) == ("slot", "resource_busy")
        assert waits.refusals["ann"].data == {"resource": "gpu", "needs": 1.0, "free": 0.0}
        assert claim(rota, "ann", 9) == []
        other = task(rota)
        assert take(rota, "ann").task == other, "what needs no gpu goes on"
        done(rota, first)
        assert take(rota, "ann").task == numbers[2]

    def test_one_plan_counts_what_it_gives(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9, resources={"gpu": 1})
        agent(rota, "bob", slots=9, resources={"gpu": 1})
        submit(rota, *[TaskSpec(title="t", resources={"gpu": 0.5})] * 6)
        given = rota.call(Claim(agents=["ann", "bob"], n=18)).tasks
        assert sorted(it.agent for it in given) == ["ann", "ann", "bob", "bob"]

    def test_who_never_offers_as_much_never_may(self, rota: TestDistributor) -> None:
        agent(rota, "ann", resources={"gpu": 1})
        agent(rota, "bob")
        number = task(rota, resources={"gpu": 2})
        assert claim(rota, "ann") == []
        assert explain(rota, number).reason == "nobody:resource=2"
        rota.call(Edit(task=number, resources={"gpu": 1}))
        assert view(rota, number).resources == {"gpu": 1}
        assert take(rota, "ann").task == number

    def test_a_smaller_task_of_a_worse_band_may_pass_and_the_audit_knows_why(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=3, resources={"gpu": 2})
        task(rota, resources={"gpu": 1})
        take(rota, "ann")
        big, small = task(rota, priority="critical", resources={"gpu": 2}), task(rota, priority="low")
        assert [it.task for it in claim(rota, "ann", 3)] == [small]
        assert view(rota, big).state == "ready"
        with rota.node.store.read() as reader:
            found = audit(reader)
        assert (found.inversions, [one.text for one in found.violations]) == (0, [])

    @pytest.mark.parametrize("resources", [{"gpu": 0}, {"gpu": -1}, {"": 1}, {"gpu": float("nan")}])
    def test_what_is_no_amount(self, rota: TestDistributor, resources: dict[str, float]) -> None:
        with pytest.raises(RotaError) as caught:
            rota.call(Submit(tasks=[TaskSpec(title="t", resources=resources)]))
        assert (caught.value.field or "").startswith("tasks[0].resources")


class TestReserved:
    def test_slots_are_kept_for_better_bands(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=3, reserve=(Reserve(slots=1, priority="critical"),))
        numbers = submit(rota, *[TaskSpec(title="t")] * 3)
        assert [it.task for it in claim(rota, "ann", 3)] == numbers[:2]
        waits = explain(rota, numbers[2])
        assert (waits.reason, waits.refusals["ann"].code) == ("slot", "reserved")
        urgent = task(rota, priority="emergency")
        assert take(rota, "ann").task == urgent

    def test_slots_are_kept_for_a_tenant(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2, reserve=(Reserve(slots=2, tenant="acme"),))
        number = task(rota)
        assert claim(rota, "ann", 2) == []
        assert explain(rota, number).reason == "nobody:dedicated=1"
        theirs = [task(rota, tenant="acme") for _ in range(2)]
        assert [it.task for it in claim(rota, "ann", 2)] == theirs

    def test_they_are_kept_in_their_hours_only(self, rota: TestDistributor) -> None:
        """The test clock begins on a Monday at nine."""
        agent(rota, "ann", reserve=(Reserve(slots=1, priority="high", hours=("mon 08:00-10:00",)),))
        number = task(rota)
        waiting = rota.ask(Claim(agent="ann", wait=45))
        assert not waiting.done()
        rota.clock.advance("40s")
        rota.call(Claim(agent="ann"))
        rota.clock.advance("1h")
        assert take(rota, "ann").task == number

    @pytest.mark.parametrize(
        "reserve", [Reserve(slots=2, priority="high"), Reserve(slots=1), Reserve(slots=1, priority="low")]
    )
    def test_what_makes_no_sense_is_refused(self, rota: TestDistributor, reserve: Reserve) -> None:
        with pytest.raises(RotaError, match="reserve"):
            agent(rota, "ann", slots=1, reserve=(reserve,))

    def test_more_kept_for_several_than_there_is(self, rota: TestDistributor) -> None:
        both = (Reserve(slots=3, tenant="x"), Reserve(slots=3, tenant="y"))
        with pytest.raises(RotaError) as caught:
            agent(rota, "ann", slots=4, reserve=both)
        assert caught.value.field == "agent.reserve[1].slots"
        agent(rota, "ann", slots=6, reserve=both)


class TestHours:
    def test_outside_them_an_agent_gets_nothing_and_is_woken_when_they_begin(self, rota: TestDistributor) -> None:
        hours = ("mon 09:00-09:01", "mon 10:00-11:00")
        agent(rota, "ann", hours=hours)
        first = task(rota)
        assert take(rota, "ann").task == first
        rota.clock.advance("59m50s")
        agent(rota, "ann", hours=hours, slots=2)
        number = task(rota, priority="critical")
        refused = explain(rota, number).refusals["ann"]
        told = (refused.code, refused.passes, refused.data["until"])
        assert told == ("off_hours", "by_itself", "2026-01-05T10:00:00.000000Z")
        given = rota.call(Claim(agent="ann", wait=30)).tasks
        assert [it.task for it in given] == [number]
        assert rota.clock.seconds == pytest.approx(1767607200, abs=1), "at ten, not when the claim ended"

    @pytest.mark.parametrize("more", [{"hours": ("whenever",)}, {"time_zone": "Nowhere"}])
    def test_what_is_no_time(self, rota: TestDistributor, more: dict[str, Any]) -> None:
        with pytest.raises(RotaError) as caught:
            agent(rota, "ann", **more)
        assert (caught.value.field or "").startswith(f"agent.{next(iter(more))}")


def failures(rota: TestDistributor, name: str, n: int, **more: Any) -> None:
    """The agent claims and fails so many tasks, one after the other; none of them is tried again."""
    for _ in range(n):
        task(rota, pin=name, **more)
        (given,) = claim(rota, name)
        fail(rota, given, retryable=False)


class TestBreaker:
    def test_it_opens_for_one_kind_and_one_agent(self, rota: TestDistributor) -> None:
        pool(rota, eject_s=0)
        agent(rota, "ann", slots=3)
        agent(rota, "bob")
        failures(rota, "ann", 5, kind="review")
        number = task(rota, kind="review")
        assert codes(rota, number) == {"ann": "breaker"}
        assert claim(rota, "ann") == []
        other = task(rota, kind="build")
        assert take(rota, "ann").task == other
        assert take(rota, "bob").task == number

    def test_after_a_while_one_task_is_tried(self, rota: TestDistributor) -> None:
        pool(rota, eject_s=0)
        agent(rota, "ann", slots=3)
        failures(rota, "ann", 5, kind="review")
        numbers = submit(rota, *[TaskSpec(title="t", kind="review")] * 3)
        given = rota.call(Claim(agent="ann", n=3, wait=45)).tasks
        assert [it.task for it in given] == numbers[:1], "woken after thirty seconds, for one of them"
        assert explain(rota, numbers[1]).refusals["ann"].code == "breaker"
        assert claim(rota, "ann", 3) == [], "while the probe is on its way"
        done(rota, *given)
        assert [it.task for it in claim(rota, "ann", 3)] == numbers[1:], "it went well: closed"
        assert rows(rota) == []

    def test_a_probe_that_fails_opens_it_again(self, rota: TestDistributor) -> None:
        pool(rota, eject_s=0)
        agent(rota, "ann")
        failures(rota, "ann", 5)
        rota.clock.advance("31s")
        failures(rota, "ann", 1)
        task(rota)
        assert claim(rota, "ann") == []
        rota.clock.advance("31s")
        assert len(claim(rota, "ann")) == 1

    def test_it_survives_a_restart(self, rota: TestDistributor) -> None:
        pool(rota, eject_s=0)
        agent(rota, "ann")
        failures(rota, "ann", 5)
        rota.restart()
        number = task(rota)
        assert claim(rota, "ann") == []
        assert codes(rota, number) == {"ann": "breaker"}

    def test_a_plan_that_passes_a_better_task_says_why(self, rota: TestDistributor) -> None:
        pool(rota, eject_s=0)
        agent(rota, "ann", slots=2)
        failures(rota, "ann", 5, kind="review")
        task(rota, kind="review", priority="critical")
        low = task(rota, priority="low")
        assert take(rota, "ann").task == low
        with rota.node.store.read() as reader:
            found = audit(reader)
        assert (found.inversions, [one.text for one in found.violations]) == (0, [])

    def test_it_can_be_switched_off(self, rota: TestDistributor) -> None:
        pool(rota, breaker_s=0, eject_s=0)
        agent(rota, "ann")
        failures(rota, "ann", 12)
        assert rows(rota) == []


class TestEjection:
    def test_three_failures_in_a_row_and_it_is_out(self, rota: TestDistributor) -> None:
        pool(rota, breaker_s=0)
        agent(rota, "ann")
        agent(rota, "bob")
        failures(rota, "ann", 3)
        number = task(rota)
        refused = explain(rota, number).refusals["ann"]
        assert (refused.code, refused.data["times"]) == ("ejected", 1)
        assert refused.data["until"] == "2026-01-05T09:00:30.000000Z"
        assert claim(rota, "ann") == []
        assert rota.call(Claim(agent="ann", wait=45)).tasks[0].task == number, "woken when its time is over"
        assert rota.clock.seconds == pytest.approx(1767603630, abs=1)

    def test_never_more_than_half_of_those_that_may(self, rota: TestDistributor) -> None:
        pool(rota, breaker_s=0)
        for name in ("ann", "bob"):
            agent(rota, name)
        agent(rota, "cat", role="writer")
        for name in ("ann", "bob"):
            failures(rota, name, 3)
        number = task(rota)
        assert sorted(codes(rota, number)) == ["bob"], "of three one may be out, and ann is back first"
        assert take(rota, "ann").task == number
        failures(rota, "cat", 3, role="writer")
        story = task(rota, role="writer")
        assert "cat" not in codes(rota, story), "it is the only one that may"
        assert take(rota, "cat").task == story

    def test_a_lone_agent_goes_on(self, rota: TestDistributor) -> None:
        pool(rota, breaker_s=0)
        agent(rota, "ann")
        failures(rota, "ann", 7)

    def test_a_success_ends_the_streak(self, rota: TestDistributor) -> None:
        pool(rota, breaker_s=0)
        agent(rota, "ann")
        agent(rota, "bob")
        for _ in range(3):
            failures(rota, "ann", 2)
            task(rota, pin="ann")
            done(rota, take(rota, "ann"))
        assert rows(rota) == []

    def test_given_back_says_nothing_of_the_agent(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        agent(rota, "bob")
        for _ in range(6):
            number = task(rota, pin="ann")
            given: Given = take(rota, "ann")
            assert given.task <= number
            give_back(rota, given)
        assert rows(rota) == []


class TestSlowStart:
    def test_slots_come_with_time(self, rota: TestDistributor) -> None:
        pool(rota, slow_start_s=60)
        queue(rota, "default", term=600)
        agent(rota, "ann", slots=10)
        submit(rota, *["t"] * 20)
        assert len(claim(rota, "ann", 10)) == 1
        rota.clock.advance("30s")
        assert len(claim(rota, "ann", 10)) == 4, "five of ten slots after half of the time"
        assert len(rota.call(Claim(agent="ann", n=10, wait=30)).tasks) == 1, "woken for the sixth"
        number = task(rota)
        assert explain(rota, number).refusals["ann"].code == "slow_start"
        rota.clock.advance("40s")
        assert len(claim(rota, "ann", 10)) == 4


class TestCost:
    def test_a_task_goes_to_whom_it_can_pay(self, rota: TestDistributor) -> None:
        agent(rota, "dear", cost=Cost(per_task=5))
        agent(rota, "cheap", cost=Cost(per_task=1))
        number = task(rota, max_cost=2)
        assert claim(rota, "dear") == []
        assert codes(rota, number) == {"dear": "price"}
        assert take(rota, "cheap").task == number

    def test_what_is_learnt_of_an_agent_decides(self, rota: TestDistributor) -> None:
        agent(rota, "ann", cost=Cost(per_hour=3600))
        for _ in range(12):
            task(rota, kind="build")
            given = take(rota, "ann")
            rota.clock.advance("20s")
            done(rota, given)
        number = task(rota, kind="build", max_cost=5)
        assert claim(rota, "ann") == []
        refused = explain(rota, number).refusals["ann"]
        assert refused.code == "cost"
        assert 10 < refused.data["expected"] < 25
        rota.call(Edit(task=number, max_cost=40))
        assert take(rota, "ann").task == number


class TestHealth:
    def test_an_unwell_agent_gets_nothing_until_it_is_well(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota)
        assert rota.call(SetHealth(agent="ann", healthy=False, reason="disk full")).changed
        assert not rota.call(SetHealth(agent="ann", healthy=False, reason="disk full")).changed
        assert claim(rota, "ann") == []
        found = explain(rota, number)
        assert found.reason == "nobody:unwell=1"
        assert found.refusals["ann"].data == {"reason": "disk full"}
        shown = rota.call(GetAgent(agent="ann"))
        assert (shown.healthy, shown.reason) == (False, "disk full")
        waiting = rota.ask(Claim(agent="ann", wait=45))
        rota.call(SetHealth(agent="ann", healthy=True))
        assert waiting.result().tasks[0].task == number
        assert rota.call(GetAgent(agent="ann")).healthy

    def test_registering_again_begins_anew(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        rota.call(SetHealth(agent="ann", healthy=False, reason="x"))
        agent(rota, "ann")
        assert rota.call(GetAgent(agent="ann")).healthy


class TestStrategies:
    def test_own_terms(self, rota: TestDistributor) -> None:
        pool(rota, strategy="mine", terms={"cost": 1.0, "load": 0.1})
        agent(rota, "dear", cost=Cost(per_task=5), slots=4)
        agent(rota, "cheap", cost=Cost(per_task=1), slots=4)
        submit(rota, *["t"] * 4)
        given = rota.call(Claim(agents=["dear", "cheap"], n=8)).tasks
        assert {it.agent for it in given} == {"cheap"}
        assert given[0].why["strategy"] == "mine"

    @pytest.mark.parametrize("away", ["off hours", "unwell", "silent"])
    def test_nor_who_was_there_but_was_given_nothing(self, rota: TestDistributor, away: str) -> None:
        pool(rota, strategy="round_robin", eject_s=0)
        agent(rota, "day", slots=4)
        agent(rota, "night", slots=4, hours=("daily 12:00-20:00",) if away == "off hours" else ())
        names = ["day"] if away == "silent" else ["day", "night"]
        if away == "unwell":
            rota.call(SetHealth(agent="night", healthy=False, reason="no network"))

        def turns(n: int, *agents: str) -> Counter[str]:
            found: Counter[str] = Counter()
            for _ in range(n):
                task(rota, estimate="1s")
                (given,) = rota.call(Claim(agents=list(agents), n=1)).tasks
                found[given.agent] += 1
                rota.clock.advance("1s")
                done(rota, given)
            return found

        assert turns(100, *names) == {"day": 100}
        if away == "unwell":
            rota.call(SetHealth(agent="night", healthy=True))
        rota.clock.advance("3h")
        assert turns(60, "day", "night")["night"] <= 34

    def test_who_comes_late_does_not_get_all_the_turns(self, rota: TestDistributor) -> None:
        pool(rota, strategy="round_robin")

        def turns(n: int, *names: str) -> list[str]:
            found = []
            for _ in range(n):
                task(rota)
                (given,) = rota.call(Claim(agents=list(names), n=1)).tasks
                done(rota, given)
                found.append(given.agent)
            return sorted(found)

        agent(rota, "ann")
        agent(rota, "bob")
        assert turns(20, "ann", "bob") == ["ann"] * 10 + ["bob"] * 10
        agent(rota, "cat")
        assert turns(6, "ann", "bob", "cat") == ["ann"] * 2 + ["bob"] * 2 + ["cat"] * 2
        rota.call(Drain(agent="cat"))
        assert turns(20, "ann", "bob") == ["ann"] * 10 + ["bob"] * 10
        rota.call(ResumeAgent(agent="cat"))
        assert turns(6, "ann", "bob", "cat") == ["ann"] * 2 + ["bob"] * 2 + ["cat"] * 2

    def test_performance_learns_who_is_fast(self, rota: TestDistributor) -> None:
        pool(rota, strategy="performance")
        for name, seconds in (("slow", "20s"), ("fast", "5s")):
            agent(rota, name, slots=3)
            for _ in range(6):
                task(rota, kind="build", pin=name)
                given = take(rota, name)
                rota.clock.advance(seconds)
                done(rota, given)
        submit(rota, *[TaskSpec(title="t", kind="build")] * 3)
        given = rota.call(Claim(agents=["slow", "fast"], n=6)).tasks
        assert [it.agent for it in given] == ["fast"] * 3

    def test_an_affinity_key_has_a_home(self, rota: TestDistributor) -> None:
        pool(rota, strategy="affinity")
        names = ["ann", "bob", "cat", "dan"]
        for name in names:
            agent(rota, name, slots=2)
        homes = []
        for _ in range(5):
            task(rota, affinity="repo-7")
            (given,) = rota.call(Claim(agents=names, n=4)).tasks
            homes.append(given.agent)
            done(rota, given)
            rota.clock.advance("1s")
        assert len(set(homes)) == 1

    def test_consistent_hash_counts_what_all_hold(self, rota: TestDistributor) -> None:
        pool(rota, strategy="consistent_hash")
        names = ["ann", "bob", "cat", "dan"]
        for name in names:
            agent(rota, name, slots=10)
        submit(rota, *[TaskSpec(title="t", affinity="one")] * 20)
        held: dict[str, int] = {}
        for _ in range(20):
            (given,) = rota.call(Claim(agents=names, n=1)).tasks
            held[given.agent] = held.get(given.agent, 0) + 1
        assert max(held.values()) <= 7, "ceil(1.25 * 20 / 4)"

    def test_regret(self, rota: TestDistributor) -> None:
        pool(rota, strategy="cost", matching="regret")
        agent(rota, "ann", cost=Cost(per_task=1), skills={"py": 1})
        agent(rota, "bob", cost=Cost(per_task=50), skills={"py": 1, "js": 1})
        anybody, only_bob = task(rota, skills={"py": 1}), task(rota, skills={"js": 1})
        given = rota.call(Claim(agents=["ann", "bob"], n=2)).tasks
        assert {it.task: it.agent for it in given} == {anybody: "ann", only_bob: "bob"}

    @pytest.mark.parametrize(
        ("policy", "field"),
        [
            ({"strategy": "mine"}, "policy.strategy"),
            ({"strategy": "balanced", "terms": {"load": 1.0}}, "policy.strategy"),
            ({"strategy": "mine", "terms": {"speed": 1.0}}, "policy.terms.speed"),
            ({"strategy": "mine", "terms": {"load": 0.0}}, "policy.terms.load"),
            ({"strategy": "mine", "terms": {"load": float("nan")}}, "policy.terms.load"),
            ({"matching": "best"}, "policy.matching"),
            ({"breaker_s": -1}, "policy.breaker_s"),
        ],
    )
    def test_policies_that_mean_nothing_are_refused(
        self, rota: TestDistributor, policy: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(RotaError) as caught:
            pool(rota, **policy)
        assert caught.value.field == field
