"""Routing rules: kept in the database, applied to every submit, each on record."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.commands.fleet import CreateProject, Ok
from rota.model.commands.read import EventPage, GetHistory, ListEvents
from rota.model.commands.route import ListRules, RulePage, SetRules
from rota.model.commands.submit import Submit
from rota.model.errors import RotaError
from rota.model.project import ProjectSpec
from rota.model.rule import Rule, RuleSet
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, queue, spec, submit, take, task, view


def rules(rota: TestDistributor, *found: Rule) -> Ok:
    answer: Ok = rota.call(SetRules(rules=list(found)))
    return answer


def rule(match: dict[str, Any], name: str | None = None, **wanted: Any) -> Rule:
    return Rule(name=name, match=match, set=RuleSet(**wanted))


def told(rota: TestDistributor, number: str) -> list[dict[str, Any]]:
    return [event.data for event in rota.call(GetHistory(task=number)).events if event.kind == "rule"]


def test_the_first_that_matches_sets_what_it_says(rota: TestDistributor) -> None:
    queue(rota, "fixes")
    rules(
        rota,
        rule({"kind": "fix", "payload.severity": {">": 8}}, "grave", queue="fixes", priority="critical", role="lead"),
        rule({"kind": "fix"}, queue="fixes", skills={"py": 2}),
        rule({"tenant": "acme"}, tenant="big"),
    )
    grave, plain, other = submit(
        rota,
        spec(kind="fix", payload={"severity": 9}),
        spec(kind="fix", payload={"severity": 1}, skills={"py": 1}),
        spec(kind="write", tenant="acme"),
    )
    found = view(rota, grave)
    assert (found.queue, found.priority, found.role) == ("fixes", "critical", "lead")
    found = view(rota, plain)
    assert (found.queue, found.priority, found.skills) == ("fixes", "normal", {"py": 2})
    assert view(rota, other).tenant == "big"
    assert told(rota, grave) == [{"rule": "grave", "set": {"queue": "fixes", "priority": "critical", "role": "lead"}}]
    assert told(rota, plain) == [{"rule": "rule 2", "set": {"queue": "fixes", "skills": {"py": 2}}}]


def test_deadlines_limits_and_pins(rota: TestDistributor) -> None:
    agent(rota, "ann")
    agent(rota, "bob")
    rules(rota, rule({"kind": "fix"}, deadline="1h", limits=["openai"], pin="ann", affinity="fix", max_attempts=2))
    number = task(rota, kind="fix")
    found = view(rota, number)
    assert found.deadline == "2026-01-05T10:00:00.000000Z"
    assert (found.limits, found.pin, found.max_attempts) == (["openai"], "ann", 2)
    assert claim(rota, "bob") == []
    assert take(rota, "ann").task == number


def test_every_way_in_passes_them(rota: TestDistributor) -> None:
    rules(rota, rule({}, priority="high"))
    made = rota.call(CreateProject(project=ProjectSpec(title="p"), tasks=[spec()]))
    assert view(rota, made.ids[0]).priority == "high"


def test_the_same_submit_again_is_the_same(rota: TestDistributor) -> None:
    rules(rota, rule({}, priority="high"))
    once = rota.call(Submit(tasks=[spec(unique="u")], key="k"))
    rules(rota, rule({}, priority="low"))
    assert rota.call(Submit(tasks=[spec(unique="u")], key="k")).ids == once.ids
    again = rota.call(Submit(tasks=[spec(unique="u")]))
    assert again.existing == once.ids
    assert len(told(rota, once.ids[0])) == 1, "a task that was there is not routed again"


def test_many_tasks_have_one_event_for_each_rule(memory: TestDistributor) -> None:
    rules(memory, rule({"kind": "a"}, priority="high"), rule({"kind": "b"}, priority="low"))
    ids = submit(memory, *(spec(kind="ab"[number % 2 == 1]) for number in range(300)))
    page: EventPage = memory.call(ListEvents(limit=500))
    found = [event.data for event in page.events if event.kind == "rule"]
    assert [(data["rule"], data["set"]) for data in found] == [
        ("rule 1", {"priority": "high"}),
        ("rule 2", {"priority": "low"}),
    ]
    assert found[0]["tasks"][0] == [ids[0], ids[0]]


def test_they_are_kept_and_shown(rota: TestDistributor) -> None:
    wanted = [rule({"kind": ["a", "b"], "not": {"tenant": "t"}}, "one", priority="high"), rule({}, approval=True)]
    assert rules(rota, *wanted).changed
    assert not rules(rota, *wanted).changed
    rota.restart()
    page: RulePage = rota.call(ListRules())
    assert page.rules == wanted
    rules(rota)
    assert rota.call(ListRules()).rules == []
    assert view(rota, task(rota)).approval is False


@pytest.mark.parametrize(
    ("found", "code", "field"),
    [
        ([rule({"nonsense": 1})], "invalid", "rules[0].match.nonsense"),
        ([rule({}), rule({"kind": "a"})], "invalid", "rules[1].match"),
        ([rule({"kind": "a"}, queue="none")], "no_queue", "rules[0].set.queue"),
        ([rule({"kind": "a"}, deadline=-1)], "invalid", "rules[0].set.deadline"),
        ([rule({"kind": "a"}, skills={" ": 1})], "invalid", "rules[0].set.skills"),
        ([rule({"kind": str(number)}) for number in range(501)], "too_large", "rules"),
    ],
)
def test_what_can_not_be(rota: TestDistributor, found: list[Rule], code: str, field: str) -> None:
    rules(rota, rule({"kind": "old"}))
    with pytest.raises(RotaError) as caught:
        rules(rota, *found)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert rota.call(ListRules()).rules == [rule({"kind": "old"})]
