"""Stages: each comes once, at its time, is on record, and moves the task if it waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rota.audit.audit import audit
from rota.model.commands.read import GetHistory
from rota.model.commands.submit import Cancel, Edit, Hold, Unhold
from rota.model.commands.work import Approve, Beat, Heartbeat, Reject
from rota.model.errors import RotaError
from rota.model.queue import Backoff
from rota.model.stage import Change, Person, Stage
from rota.model.task import After
from rota.testing import TestDistributor
from tests.engine.fleet import (
    agent,
    claim,
    done,
    fail,
    give_back,
    queue,
    spec,
    submit,
    submit_refused,
    take,
    task,
    view,
)


@pytest.fixture(autouse=True)
def proved(rota: TestDistributor) -> Iterator[None]:
    """Whatever a test did, the log proves that the promise was kept."""
    yield
    with rota.node.store.read() as reader:
        report = audit(reader)
    assert report.clean, report.violations


def events(rota: TestDistributor, number: str, kind: str = "stage") -> list[dict[str, Any]]:
    """What the task's events of this kind say."""
    return [event.data for event in rota.call(GetHistory(task=number)).events if event.kind == kind]


def came(rota: TestDistributor, number: str) -> list[int]:
    """The stages that came, in order."""
    return [data["stage"] for data in events(rota, number)]


def after(span: str, **change: Any) -> Stage:
    return Stage(after=span, change=Change(**change))


class TestAfter:
    def test_it_grows_old_band_by_band_and_overtakes(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        queue(rota, "q", stages=(after("10m", raise_by=1), after("20m", raise_by=1), after("30m", raise_by=4)))
        old = task(rota, queue="q", priority="low")
        for minutes, expected in ((9, None), (1, "normal"), (10, "high"), (11, "critical")):
            rota.clock.advance(f"{minutes}m")
            assert view(rota, old).promoted == expected
        task(rota, priority="high")
        assert take(rota, "ann").task == old
        assert came(rota, old) == [0, 1, 2]
        assert [data["changed"] for data in events(rota, old)] == [
            {"priority": "normal"},
            {"priority": "high"},
            {"priority": "critical"},
        ]

    def test_a_fallback_chain_of_regions(self, rota: TestDistributor) -> None:
        for name, region in (("near", "eu-north"), ("far", "us-east")):
            agent(rota, name, region=region)
        chain = [after("1m", widen="near"), after("2m", widen="any")]
        number = task(rota, regions=["eu-west"], stages=chain)
        assert claim(rota, "near") == []
        rota.clock.advance("61s")
        assert claim(rota, "far") == []
        assert sorted(view(rota, number).regions) == ["eu-north", "eu-west"]
        rota.clock.advance("1m")
        assert take(rota, "far").task == number

    def test_the_queue_says_what_is_near(self, rota: TestDistributor) -> None:
        agent(rota, "bob", region="uk")
        queue(rota, "q", near={"eu-west": ("uk",)})
        number = task(rota, queue="q", regions=["eu-west"], stages=[after("1m", widen="near")])
        rota.clock.advance("1m")
        assert take(rota, "bob").task == number

    def test_what_it_asks_is_relaxed(self, rota: TestDistributor) -> None:
        agent(rota, "ann", skills={"py": 1})
        number = task(
            rota,
            skills={"py": 3, "gpu": 1},
            role="lead",
            ban=["ann"],
            stages=[after("1m", skills={"py": 1, "gpu": 0}), after("2m", drop=["role", "ban"])],
        )
        rota.clock.advance("1m")
        found = view(rota, number)
        assert (found.skills, found.role, found.ban) == ({"py": 1}, "lead", ["ann"])
        rota.clock.advance("1m")
        assert take(rota, "ann").task == number

    def test_it_moves_into_another_queue(self, rota: TestDistributor) -> None:
        queue(rota, "slow")
        number = task(rota, stages=[after("1m", queue="slow", notify="it is slow")])
        rota.clock.advance("1m")
        assert view(rota, number).queue == "slow"
        assert events(rota, number, "notify") == [{"text": "it is slow", "stage": 0}]

    def test_it_is_handed_to_a_person(self, rota: TestDistributor) -> None:
        agent(rota, "robot", skills={"py": 3})
        agent(rota, "anna", role="editor")
        number = task(rota, skills={"py": 9}, stages=[after("1m", person=Person(role="editor"))])
        rota.clock.advance("1m")
        assert claim(rota, "robot") == []
        assert take(rota, "anna").task == number

    def test_time_in_an_agents_hands_does_not_make_it_come(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota, priority="low", stages=[after("1m", raise_by=1)])
        given = take(rota, "ann")
        for _ in range(3):
            rota.clock.advance("30s")
            rota.call(Heartbeat(agent="ann", beats=[Beat(task=given.task, token=given.token)]))
        assert came(rota, number) == []
        give_back(rota, given)
        rota.clock.advance("1s")
        assert came(rota, number) == [0]
        assert view(rota, number).promoted == "normal"

    def test_it_counts_from_the_first_wait_for_an_agent(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        parent, child = submit(
            rota,
            spec(ref="parent"),
            spec(after=["parent"], priority="low", stages=[after("1m", raise_by=1)]),
        )
        rota.clock.advance("10m")
        assert came(rota, child) == []
        given = take(rota, "ann")
        assert given.task == parent
        done(rota, given)
        rota.clock.advance("59s")
        assert came(rota, child) == []
        rota.clock.advance("1s")
        assert came(rota, child) == [0]

    def test_on_hold_it_does_not_come(self, rota: TestDistributor) -> None:
        number = task(rota, priority="low", stages=[after("1m", raise_by=1)])
        rota.call(Hold(tasks=[number]))
        rota.clock.advance("5m")
        assert came(rota, number) == []
        rota.call(Unhold(tasks=[number]))
        rota.clock.advance("1s")
        assert came(rota, number) == [0]

    def test_the_ended_are_left_alone(self, rota: TestDistributor) -> None:
        number = task(rota, stages=[after("1m", notify="too late")])
        rota.call(Cancel(tasks=[number]))
        rota.clock.advance("5m")
        assert came(rota, number) == []


class TestAttempts:
    def test_a_failure_relaxes_at_once(self, rota: TestDistributor) -> None:
        queue(rota, "q", backoff=Backoff(base=0.0, cap=0.0))
        agent(rota, "junior", skills={"py": 1})
        agent(rota, "senior", skills={"py": 3})
        escalation = [
            Stage(attempts=1, change=Change(priority="high")),
            Stage(attempts=2, change=Change(person=Person(role="editor"), notify="two have failed")),
        ]
        number = task(rota, skills={"py": 1}, stages=escalation)
        fail(rota, take(rota, "junior"))
        assert came(rota, number) == [0]
        assert view(rota, number).promoted == "high"
        rota.clock.advance("5m")
        fail(rota, take(rota, "senior"))
        assert came(rota, number) == [0, 1]
        rota.clock.advance("10m")
        assert claim(rota, "senior") == []
        agent(rota, "anna", role="editor")
        assert take(rota, "anna").task == number

    def test_a_rejection_is_a_failure(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota, approval=True, stages=[Stage(attempts=1, change=Change(priority="critical"))])
        done(rota, take(rota, "ann"))
        rota.call(Reject(task=number, reason="no"))
        assert view(rota, number).promoted == "critical"
        done(rota, take(rota, "ann"))
        rota.call(Approve(tasks=[number]))
        assert came(rota, number) == [0]

    def test_who_failed_is_still_avoided(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        agent(rota, "bob")
        number = task(rota, role=None, stages=[Stage(attempts=1, change=Change(raise_by=1))])
        fail(rota, take(rota, "ann"), retry_at="1s")
        rota.clock.advance("2s")
        assert claim(rota, "ann") == []
        assert take(rota, "bob").task == number


class TestBeforeDeadline:
    def test_it_is_raised_in_time(self, rota: TestDistributor) -> None:
        number = task(rota, deadline="1h", stages=[Stage(before_deadline="10m", change=Change(priority="critical"))])
        rota.clock.advance("49m")
        assert view(rota, number).promoted is None
        rota.clock.advance("1m")
        assert view(rota, number).promoted == "critical"

    def test_a_new_deadline_moves_it(self, rota: TestDistributor) -> None:
        number = task(rota, deadline="1h", stages=[Stage(before_deadline="10m", change=Change(priority="critical"))])
        rota.call(Edit(task=number, deadline="10h"))
        rota.clock.advance("2h")
        assert came(rota, number) == []
        rota.call(Edit(task=number, deadline="5m"))
        rota.clock.advance("1s")
        assert came(rota, number) == [0]

    def test_a_running_task_is_only_spoken_of(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        queue(rota, "q", term=3_600.0)
        soon = [Stage(before_deadline="10m", change=Change(notify="soon")), after("1m", notify="waits")]
        number = task(rota, queue="q", deadline="30m", stages=soon)
        take(rota, "ann")
        rota.clock.advance("25m")
        assert events(rota, number, "notify") == [{"text": "soon", "stage": 0}]


class TestOnce:
    def test_a_restart_neither_repeats_nor_forgets(self, rota: TestDistributor) -> None:
        number = task(rota, priority="low", stages=[after("1m", raise_by=1), after("3m", raise_by=1)])
        rota.clock.advance("1m")
        rota.restart()
        rota.clock.advance("1m")
        assert came(rota, number) == [0]
        rota.restart()
        rota.clock.advance("5m")
        assert came(rota, number) == [0, 1]
        assert view(rota, number).promoted == "high"

    def test_several_that_are_due_at_once_come_in_order(self, rota: TestDistributor) -> None:
        number = task(rota, priority="low", stages=[after("2m", priority="high"), after("1m", raise_by=1)])
        rota.call(Hold(tasks=[number]))
        rota.clock.advance("5m")
        rota.call(Unhold(tasks=[number]))
        rota.clock.advance("1s")
        assert came(rota, number) == [1, 0]

    def test_a_child_that_is_raised_raises_its_parent(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        parent = task(rota, priority="low")
        task(
            rota,
            priority="low",
            deadline="1h",
            after=[After(task=parent)],
            stages=[Stage(before_deadline="30m", change=Change(priority="critical"))],
        )
        other = task(rota, priority="high")
        rota.clock.advance("40m")
        assert take(rota, "ann").task == parent
        assert view(rota, other).state == "ready"


class TestRefused:
    @pytest.mark.parametrize(
        ("stages", "field"),
        [
            ([Stage(after="1m", attempts=1, change=Change(raise_by=1))], "stages[0]"),
            ([Stage(change=Change(raise_by=1))], "stages[0]"),
            ([Stage(after=-1, change=Change(raise_by=1))], "stages[0].after"),
            ([Stage(after="1m", change=Change())], "stages[0].change"),
            ([Stage(attempts=5, change=Change(raise_by=1))], "stages[0].attempts"),
            ([Stage(before_deadline=1, change=Change(raise_by=1))], "stages[0].before_deadline"),
            ([Stage(after=1, change=Change(priority="low"))], "stages[0].change.priority"),
            ([Stage(after=1, change=Change(raise_by=-1))], "stages[0].change.raise_by"),
            ([Stage(after=1, change=Change(person=Person()))], "stages[0].change.person"),
            (
                [after("1m", skills={"py": 1}), after("2m", skills={"py": 2})],
                "stages[1].change.skills.py",
            ),
            ([after("2m", widen="near"), after("1m", widen="any")], "stages[0].change.widen"),
            ([after("1m", priority="critical"), after("2m", priority="high")], "stages[1].change.priority"),
        ],
    )
    def test_what_contradicts_itself(self, rota: TestDistributor, stages: list[Stage], field: str) -> None:
        error = submit_refused(rota, "invalid", spec(stages=stages))
        assert error.field == f"tasks[0].{field}"

    def test_more_than_sixteen(self, rota: TestDistributor) -> None:
        queue(rota, "q", stages=(after("1m", notify="x"),))
        sixteen = [after(f"{minutes}m", notify="x") for minutes in range(1, 17)]
        submit_refused(rota, "too_large", spec(stages=[*sixteen, after("1h", notify="x")]))
        submit_refused(rota, "too_large", spec(queue="q", stages=sixteen))
        task(rota, stages=sixteen)

    def test_a_queue_that_is_not_there(self, rota: TestDistributor) -> None:
        submit_refused(rota, "no_queue", spec(stages=[after("1m", queue="nowhere")]))
        with pytest.raises(RotaError) as caught:
            queue(rota, "q", stages=(after("1m", queue="nowhere"),))
        assert caught.value.field == "policy.stages[0].change.queue"
