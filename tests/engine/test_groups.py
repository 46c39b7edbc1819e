"""Batch groups: who is given a task of one gets its next tasks along with it."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.commands.fleet import SetPool, SetQueue, SetTenant
from rota.model.commands.limits import SetLimit
from rota.model.commands.read import Explain, Explanation
from rota.model.commands.route import SetRules
from rota.model.commands.submit import Cancel, Edit, Hold, Submit, Unhold
from rota.model.commands.work import Claim
from rota.model.errors import RotaError
from rota.model.limit import LimitSpec
from rota.model.queue import Matching, PoolPolicy, QueuePolicy
from rota.model.rule import Rule, RuleSet
from rota.model.task import Given, TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent, attempts, claim, done, fail, give_back, queue, submit, submit_refused, task, view

MATCHINGS: tuple[Matching, ...] = ("greedy", "regret")


def explain(rota: TestDistributor, number: str) -> Explanation:
    found: Explanation = rota.call(Explain(task=number))
    return found


def of(group: str | None, n: int = 1, **more: Any) -> list[TaskSpec]:
    return [TaskSpec(title="task", group=group, **more) for _ in range(n)]


def interleaved(rota: TestDistributor, groups: str, rounds: int, **more: Any) -> dict[str, list[str]]:
    """Tasks of these groups in turn; ids by group, in order."""
    found: dict[str, list[str]] = {}
    for _ in range(rounds):
        for group in groups:
            found.setdefault(group, []).append(task(rota, group=group, **more))
        rota.clock.advance("1s")
    return found


def ids(given: list[Given]) -> list[str]:
    return [it.task for it in given]


@pytest.mark.parametrize("matching", MATCHINGS)
def test_a_claim_gets_tasks_of_one_group(rota: TestDistributor, matching: Matching) -> None:
    rota.call(SetPool(pool="default", policy=PoolPolicy(matching=matching)))
    agent(rota, "ann", slots=9)
    found = interleaved(rota, "abc", 6)
    given = claim(rota, "ann", 4)
    assert ids(given) == found["a"][:4]
    assert [it.group for it in given] == ["a"] * 4
    assert ids(claim(rota, "ann", 4)) == found["b"][:4], "what is due next comes next"


def test_two_agents_get_a_group_each(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=3)
    agent(rota, "bob", slots=3)
    found = interleaved(rota, "ab", 5)
    held: dict[str, list[str]] = {}
    for it in rota.call(Claim(agents=["ann", "bob"], n=6)).tasks:
        held.setdefault(it.agent, []).append(it.task)
    assert sorted(held.values()) == [found["a"][:3], found["b"][:3]]


def test_a_group_is_given_in_parts_of_the_queues_size(rota: TestDistributor) -> None:
    queue(rota, "default", group_size=3)
    agent(rota, "ann", slots=20)
    found = interleaved(rota, "ab", 5)
    expected = [*found["a"][:3], *found["b"][:3], *found["a"][3:], *found["b"][3:]]
    assert ids(claim(rota, "ann", 20)) == expected


def test_of_size_1_each_goes_by_itself(rota: TestDistributor) -> None:
    queue(rota, "default", group_size=1)
    agent(rota, "ann", slots=20)
    found = interleaved(rota, "ab", 3)
    expected = [number for pair in zip(found["a"], found["b"], strict=True) for number in pair]
    assert ids(claim(rota, "ann", 20)) == expected


def test_no_more_than_free_slots(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=3)
    first = task(rota, priority="high")
    found = interleaved(rota, "ab", 4)
    assert ids(claim(rota, "ann")) == [first]
    assert ids(claim(rota, "ann", 9)) == found["a"][:2]
    assert claim(rota, "ann", 9) == []


def test_a_better_band_comes_first_and_a_worse_one_not_along(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=9)
    low = submit(rota, *of("a", 2, priority="low"))
    normal = submit(rota, *of("a", 2))
    between = submit(rota, *of("b", 2))
    high = submit(rota, *of(None, 1, priority="high"))
    assert ids(claim(rota, "ann", 9)) == [*high, *normal, *between, *low]


def test_a_tenant_pays_for_what_came_along(rota: TestDistributor) -> None:
    queue(rota, "default", ordering="fair")
    agent(rota, "ann", slots=20)
    mine = submit(rota, *of("a", 8, tenant="acme", estimate="10s"))
    others = submit(rota, *of(None, 8, tenant="zenith", estimate="10s"))
    first = claim(rota, "ann", 4)
    assert ids(first) == mine[:4]
    assert ids(claim(rota, "ann", 4)) == others[:4], "acme stands back until zenith had as much"
    rota.call(SetTenant(tenant="acme", weight=2))


def test_limits_are_kept_on_the_way(rota: TestDistributor) -> None:
    rota.call(SetLimit(limit=LimitSpec(key="api", capacity=3)))
    agent(rota, "ann", slots=20)
    found = submit(rota, *of("a", 6, limits=["api"]))
    other = submit(rota, *of("b", 1))
    given = claim(rota, "ann", 20)
    assert sorted(ids(given)) == sorted([*found[:3], *other])
    done(rota, *given)
    assert ids(claim(rota, "ann", 20)) == found[3:]


def test_the_next_of_a_group_prefer_its_agent_and_spill(rota: TestDistributor) -> None:
    rota.call(SetPool(pool="default", policy=PoolPolicy(strategy="affinity")))
    for name in ("ann", "bob", "cat"):
        agent(rota, name, slots=2)
    homes = []
    for _ in range(4):
        submit(rota, *of("a", 2))
        given = rota.call(Claim(agents=["ann", "bob", "cat"], n=2)).tasks
        homes += [it.agent for it in given]
        done(rota, *given)
        rota.clock.advance("1s")
    assert len(homes) == 8
    assert len(set(homes)) == 1
    submit(rota, *of("a", 4))
    assert len({it.agent for it in rota.call(Claim(agents=["ann", "bob", "cat"], n=4)).tasks}) == 2


def test_a_task_says_with_what_it_came(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=9)
    first, second, third = submit(rota, *of("a", 3))
    given = claim(rota, "ann", 2)
    assert "group" not in given[0].why
    assert given[0].why["strategy"] == "balanced"
    assert given[1].why["group"] == f"came with {first} of its group"
    assert "strategy" not in given[1].why, "no strategy chose this agent for it"
    assert "group" not in explain(rota, first).why
    found = explain(rota, second)
    assert found.why["group"] == f"came with {first} of its group"
    assert found.text.endswith(f"; it came with {first} of its group")
    done(rota, *given)
    assert attempts(rota, second)[0].why["group"] == f"came with {first} of its group"
    assert explain(rota, third).state == "ready"
    assert view(rota, third).group == "a"


class TestChanges:
    def test_what_does_not_wait_does_not_come_along(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        numbers = submit(rota, *of("a", 6), *of("a", 1, start="1h"))
        rota.call(Hold(tasks=[numbers[1]]))
        rota.call(Cancel(tasks=[numbers[2]]))
        first = claim(rota, "ann", 9)
        assert ids(first) == [numbers[0], *numbers[3:6]]
        give_back(rota, *first[:2])
        fail(rota, first[2])
        rota.call(Unhold(tasks=[numbers[1]]))
        assert ids(claim(rota, "ann", 9)) == [numbers[0], numbers[1], numbers[3]], "old places, and their group"

    def test_a_task_can_be_edited_into_another_group_and_out_of_it(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=9)
        found = interleaved(rota, "ab", 4)
        moved, left = found["b"][3], found["a"][1]
        assert rota.call(Edit(task=moved, group="a")).tasks == [moved]
        rota.call(Edit(task=left, group=None))
        assert (view(rota, moved).group, view(rota, left).group) == ("a", None)
        rota.call(Edit(task=found["a"][2], title="another title"))
        assert view(rota, found["a"][2]).group == "a"
        first, _left, *others = found["a"]
        assert ids(claim(rota, "ann", 4)) == [first, *others, moved]

    def test_a_rule_can_set_it_and_look_at_it(self, rota: TestDistributor) -> None:
        rules = [
            Rule(match={"group": {"prefix": "repo-"}}, set=RuleSet(priority="high")),
            Rule(match={"kind": "fix"}, set=RuleSet(group="fixes")),
        ]
        rota.call(SetRules(rules=rules))
        one, two = submit(rota, *of("repo-7"), *of(None, 1, kind="fix"))
        assert (view(rota, one).priority, view(rota, two).group) == ("high", "fixes")


def test_many_groups_and_claims_end_with_every_task_given_once(rota: TestDistributor) -> None:
    queue(rota, "default", group_size=5)
    agent(rota, "ann", slots=50)
    agent(rota, "bob", slots=50)
    names = [None, "a", "b", "c", "d", "e"]
    numbers = submit(rota, *(TaskSpec(title="t", group=names[n * n % 6], estimate=n % 7) for n in range(300)))
    seen: list[str] = []
    while given := rota.call(Claim(agents=["ann", "bob"], n=7)).tasks:
        seen += ids(given)
        done(rota, *given)
    assert sorted(seen) == sorted(numbers)


@pytest.mark.parametrize("size", [0, -1, 1_001])
def test_impossible_sizes(rota: TestDistributor, size: int) -> None:
    with pytest.raises(RotaError) as caught:
        rota.call(SetQueue(queue="default", policy=QueuePolicy(group_size=size)))
    assert (caught.value.code, caught.value.field) == ("invalid", "policy.group_size")
    rota.call(SetQueue(queue="default", policy=QueuePolicy(group_size=1_000)))


@pytest.mark.parametrize(
    ("group", "code"), [("", "invalid"), ("x" * 301, "too_large"), ("a\0b", "invalid"), (7, "invalid")]
)
def test_impossible_groups(rota: TestDistributor, group: Any, code: str) -> None:
    error = submit_refused(rota, code, TaskSpec(title="t", group=group))
    assert error.field == "tasks[0].group"
    number = submit(rota, *of("x" * 300))[0]
    with pytest.raises(RotaError) as caught:
        rota.call(Edit(task=number, group=group))
    assert (caught.value.code, caught.value.field) == (code, "group")
    assert view(rota, number).group == "x" * 300


def test_the_same_submit_again_answers_the_same(rota: TestDistributor) -> None:
    command = Submit(tasks=of("a", 2), key="k")
    assert rota.call(command) == rota.call(command)
    with pytest.raises(RotaError) as caught:
        rota.call(Submit(tasks=of("b", 2), key="k"))
    assert caught.value.code == "other_request"
