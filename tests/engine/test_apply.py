"""`apply`: a whole wish at once, all of it or nothing; what is gone from it goes, but no task is lost by that."""

from __future__ import annotations

from typing import Any

import pytest

from rota.audit.audit import audit
from rota.model.agent import AgentSpec
from rota.model.commands.apply import Applied, Apply
from rota.model.commands.fleet import Register, SetQueue
from rota.model.commands.limits import ListLimits, SetLimit
from rota.model.commands.read import GetAgent, GetQueue, ListEvents, ListQueues, ListTenants
from rota.model.commands.route import ListRules, SetRules
from rota.model.commands.schedules import ListSchedules, RemoveSchedule, SetSchedule
from rota.model.errors import RotaError
from rota.model.limit import LimitSpec
from rota.model.queue import PoolPolicy, QueuePolicy
from rota.model.rule import Rule, RuleSet
from rota.model.schedule import ScheduleSpec
from rota.model.stage import Change, Stage
from rota.model.task import TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent, done, fail, kill, spec, states, submit, take, task, view

FILE = "fleet.toml"


def wish(**more: Any) -> Apply:
    return Apply(**{"source": FILE, "removes": True, **more})


def whole(**more: Any) -> Apply:
    return wish(**{
        "pools": {"fast": PoolPolicy(strategy="random")},
        "tenants": {"acme": 3},
        "queues": {
            "in": QueuePolicy(pool="fast", depth=9, overflow="move", overflow_queue="over"),
            "over": QueuePolicy(pool="slow"),
        },
        "limits": [LimitSpec(key="api", capacity=2)],
        "rules": [Rule(match={"kind": "x"}, set=RuleSet(queue="over"))],
        "schedules": [ScheduleSpec(name="news", every="1h", task=TaskSpec(title="read", queue="in"))],
        "agents": [AgentSpec(name="ann", skills={"x": 2}), AgentSpec(name="bob")],
        **more,
    })  # fmt: skip


def told(answer: Applied) -> list[tuple[str, str, str]]:
    return [(change.sort, change.name, change.how) for change in answer.changes]


def everything(rota: TestDistributor) -> list[Any]:
    """What there is, as users see it."""
    looks = (ListQueues(), ListTenants(), ListLimits(), ListRules(), ListSchedules())
    return [rota.call(look) for look in looks]


def refused(rota: TestDistributor, code: str, command: Apply) -> RotaError:
    before, heard = everything(rota), len(rota.call(ListEvents(limit=1_000)).events)
    with pytest.raises(RotaError) as caught:
        rota.call(command)
    assert caught.value.code == code, caught.value
    assert everything(rota) == before, "nothing is half applied"
    assert len(rota.call(ListEvents(limit=1_000)).events) == heard
    return caught.value


def test_a_whole_wish(rota: TestDistributor) -> None:
    agent(rota, "ann")
    before = everything(rota)
    seen = rota.call(whole(dry_run=True))
    assert everything(rota) == before, "only looked at"
    answer = rota.call(whole(seen=seen.digest))
    assert answer == seen
    assert told(answer) == [
        ("pool", "fast", "create"),
        ("pool", "slow", "create"),
        ("tenant", "acme", "create"),
        ("queue", "in", "create"),
        ("queue", "over", "create"),
        ("limit", "api", "create"),
        ("rules", "rules", "change"),
        ("schedule", "news", "create"),
        ("agent", "ann", "change"),
    ]
    assert answer.changes[-1].fields["skills"][1] == {"x": 2}
    assert rota.call(GetQueue(queue="in")).policy.overflow_queue == "over"
    assert rota.call(GetAgent(agent="ann")).skills == {"x": 2}
    assert told(rota.call(whole())) == [], "once more changes nothing"
    rota.clock.advance("1h")
    rota.assert_submitted(title="read", queue="in", count=1)


def test_what_differs_is_shown_before_and_after(memory: TestDistributor) -> None:
    memory.call(whole())
    answer = memory.call(whole(tenants={"acme": 5}, limits=[LimitSpec(key="api", capacity=7)]))
    assert [change.fields for change in answer.changes] == [{"weight": [3, 5]}, {"capacity": [2.0, 7.0]}]


def test_what_is_gone_goes_and_what_others_made_stays(rota: TestDistributor) -> None:
    rota.call(SetQueue(queue="mine"))
    rota.call(SetLimit(limit=LimitSpec(key="hand", capacity=1)))
    rota.call(whole())
    agent(rota, "bob")
    answer = rota.call(wish())
    assert told(answer) == [
        ("rules", "rules", "change"),
        ("schedule", "news", "remove"),
        ("limit", "api", "remove"),
        ("agent", "bob", "remove"),
        ("queue", "in", "remove"),
        ("queue", "over", "remove"),
        ("pool", "fast", "reset"),
        ("tenant", "acme", "reset"),
    ]
    assert [queue.name for queue in rota.call(ListQueues()).queues] == ["default", "mine"]
    assert [limit.name for limit in rota.call(ListLimits()).limits] == ["hand"]
    assert rota.call(ListTenants()).tenants["acme"] == 1
    assert told(rota.call(wish())) == []


def test_without_removes_nothing_goes_until_somebody_removes(memory: TestDistributor) -> None:
    memory.call(whole())
    assert told(memory.call(wish(removes=False, queues={"new": QueuePolicy()}))) == [("queue", "new", "create")]
    assert len(memory.call(ListQueues()).queues) == 4
    gone = {name for _sort, name, how in told(memory.call(wish())) if how == "remove"}
    assert gone >= {"in", "over", "new"}


def test_of_another_source_nothing_is_gone(memory: TestDistributor) -> None:
    memory.call(whole())
    assert told(memory.call(wish(source="other.toml"))) == []
    assert told(memory.call(wish(source=None))) == []


def test_a_queue_that_holds_tasks(rota: TestDistributor) -> None:
    rota.call(wish(queues={"in": QueuePolicy(), "out": QueuePolicy()}))
    first, second, third = submit(
        rota,
        TaskSpec(title="ready", queue="in"),
        TaskSpec(title="held", queue="in", held=True),
        TaskSpec(title="later", queue="in", start="1h"),
    )
    left = {"out": QueuePolicy()}
    error = refused(rota, "not_empty", wish(queues=left, tenants={"acme": 9}))
    assert error.field == "gone.in"
    assert "1 ready and 1 scheduled and 1 held" in error.message
    assert "keep (the queue stays), purge (it is cancelled) or move:QUEUE" in error.message
    refused(rota, "no_queue", wish(queues=left, gone={"in": "move:nowhere"}))
    refused(rota, "invalid", wish(queues=left, gone={"in": "burn"}))

    answer = rota.call(wish(queues=left, gone={"in": "move:out"}))
    assert [(change.name, change.how, change.tasks) for change in answer.changes] == [("in", "remove", 3)]
    assert [view(rota, it).queue for it in (first, second, third)] == ["out"] * 3
    assert states(rota, [first, second, third]) == ["ready", "held", "scheduled"]
    agent(rota, "ann")
    assert done(rota, take(rota, "ann")).states == {first: "done"}
    rota.clock.advance("1h")
    assert take(rota, "ann").task == third


def test_purged_and_kept(rota: TestDistributor) -> None:
    rota.call(wish(queues={"in": QueuePolicy(), "out": QueuePolicy()}))
    number = task(rota, queue="in")
    held = task(rota, queue="in", held=True)
    other = task(rota, queue="out")
    answer = rota.call(wish(gone={"in": "purge", "out": "keep"}))
    assert [(change.name, change.how, change.tasks) for change in answer.changes] == [
        ("in", "remove", 2), ("out", "keep", 0),
    ]  # fmt: skip
    assert states(rota, [number, held, other]) == ["cancelled", "cancelled", "ready"]
    assert view(rota, number).queue == "in", "the past keeps its names"
    assert told(rota.call(wish())) == [], "what is kept is the file's no more"


def test_what_runs_is_not_taken_away(rota: TestDistributor) -> None:
    rota.call(wish(queues={"in": QueuePolicy(max_attempts=1)}))
    number = task(rota, queue="in")
    agent(rota, "ann")
    given = take(rota, "ann")
    refused(rota, "not_empty", wish(gone={"in": "move:default"}))
    fail(rota, given, retryable=False)
    assert told(rota.call(wish())) == [("queue", "in", "remove")], "dead tasks are over"
    assert states(rota, [number]) == ["dead"]


def test_a_queue_that_something_leads_into(memory: TestDistributor) -> None:
    memory.call(wish(queues={"in": QueuePolicy()}))
    news = ScheduleSpec(name="news", every=60, task=spec(queue="in"))
    rule = Rule(match={"kind": "x"}, set=RuleSet(queue="in"))
    staged = QueuePolicy(stages=(Stage(after=60, change=Change(queue="in")),))
    full = QueuePolicy(depth=1, overflow="move", overflow_queue="in")
    leading: dict[str, tuple[Any, Any]] = {
        "the schedule 'news' submits": (SetSchedule(schedule=news), RemoveSchedule(schedule="news")),
        "the rule": (SetRules(rules=[rule]), SetRules(rules=[])),
        "a stage of queue 'other'": (SetQueue(queue="other", policy=staged), SetQueue(queue="other")),
        "too much for queue 'other'": (SetQueue(queue="other", policy=full), SetQueue(queue="other")),
    }
    for words, (command, undo) in leading.items():
        memory.call(command)
        error = refused(memory, "not_empty", wish())
        assert error.field == "gone.in"
        assert words in error.message
        memory.call(undo)
    assert told(memory.call(wish())) == [("queue", "in", "remove")]


def test_a_stage_into_a_queue_that_has_gone(rota: TestDistributor) -> None:
    rota.call(wish(queues={"in": QueuePolicy()}))
    number = task(rota, stages=[Stage(after="10m", change=Change(queue="in", raise_by=1))])
    assert told(rota.call(wish())) == [("queue", "in", "remove")]
    rota.clock.advance("11m")
    assert (view(rota, number).queue, view(rota, number).promoted) == ("default", "high")


def test_a_queue_comes_back(rota: TestDistributor) -> None:
    rota.call(wish(queues={"in": QueuePolicy()}))
    agent(rota, "ann")
    kill(rota, "ann", task(rota, queue="in"))
    rota.call(wish())
    with pytest.raises(RotaError) as caught:
        task(rota, queue="in")
    assert caught.value.code == "no_queue"
    rota.restart()
    rota.call(SetQueue(queue="in"))
    number = task(rota, queue="in")
    assert take(rota, "ann").task == number
    with rota.node.store.read() as reader:
        assert audit(reader).violations == []


def test_nothing_is_half_applied(rota: TestDistributor) -> None:
    error = refused(
        rota, "no_queue", whole(schedules=[ScheduleSpec(name="x", every=9, task=TaskSpec(title="x", queue="q"))])
    )
    assert error.field == "schedules[0].schedule.task.queue"
    refused(rota, "invalid", whole(queues={"in": QueuePolicy(overflow="move")}))
    refused(rota, "changed", whole(seen="something else"))
    assert told(rota.call(wish(seen="something else"))) == [], "it may have been asked before"
    one, two = rota.together(wish(tenants={"": 2}), Register(agent=AgentSpec(name="eve")))
    assert one.code == "invalid"
    assert two.name == "eve"
