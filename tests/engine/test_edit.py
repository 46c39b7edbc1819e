"""Editing a task that nobody has."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.commands.submit import Cancel, Edit, Hold, Unhold
from rota.model.commands.work import Claim
from rota.model.errors import RotaError
from rota.model.task import After, TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, done, fail, kill, queue, states, submit, take, task, view


def edit(rota: TestDistributor, number: str, **changes: Any) -> None:
    assert rota.call(Edit(task=number, **changes)).tasks == [number]


def refused(rota: TestDistributor, code: str, number: str, **changes: Any) -> RotaError:
    before = view(rota, number) if code != "no_task" else None
    with pytest.raises(RotaError) as caught:
        rota.call(Edit(task=number, **changes))
    assert caught.value.code == code, caught.value
    assert before is None or view(rota, number) == before
    return caught.value


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"title": "new"}, {"title": "new"}),
        ({"description": "new"}, {"description": "new"}),
        ({"priority": "critical"}, {"priority": "critical"}),
        ({"deadline": "1h"}, {"deadline": "2026-01-05T10:00:00.000000Z"}),
        ({"deadline": None}, {"deadline": None}),
        ({"skills": {"py": 2}}, {"skills": {"py": 2}}),
        ({"skills": {}}, {"skills": {}}),
        ({"role": "writer"}, {"role": "writer"}),
        ({"role": None}, {"role": None}),
        ({"regions": ["eu"]}, {"regions": ["eu"]}),
        ({"pin": "ann"}, {"pin": "ann"}),
        ({"ban": ["bob"]}, {"ban": ["bob"]}),
        ({"limits": ["openai"]}, {"limits": ["openai"]}),
        ({"max_attempts": 9}, {"max_attempts": 9}),
        ({"group": "new"}, {"group": "new"}),
        ({"group": None}, {"group": None}),
        ({"kind": "review"}, {"kind": "review"}),
        ({"estimate": "20m"}, {"estimate": 1200.0}),
        ({"estimate": None}, {"estimate": None}),
        ({"start": "1h"}, {"start": "2026-01-05T10:00:00.000000Z", "state": "scheduled"}),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else None,
)
def test_each_field(rota: TestDistributor, change: dict[str, Any], shown: dict[str, Any]) -> None:
    number = task(
        rota, description="old", deadline="3h", skills={"js": 1}, role="reader", regions=["us"], pin="eve",
        ban=["joe"], limits=["other"], group="old", estimate=60,
    )  # fmt: skip
    before = view(rota, number)
    edit(rota, number, **change)
    after = view(rota, number)
    assert {name: getattr(after, name) for name in shown} == shown
    assert after.version == 1
    for name in set(after.__struct_fields__) - set(shown) - {"version"}:
        assert getattr(after, name) == getattr(before, name), name


def test_the_plan_goes_by_what_it_is_now(rota: TestDistributor) -> None:
    agent(rota, "ann", skills={"py": 1})
    first, second = submit(rota, "first", "second")
    edit(rota, second, priority="high")
    edit(rota, first, skills={"py": 2})
    assert [it.task for it in claim(rota, "ann", 2)] == [second]
    assert claim(rota, "ann") == []
    edit(rota, first, skills={})
    agent(rota, "bob")
    assert take(rota, "bob").task == first


def test_a_claim_that_waits_is_woken(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota, role="writer")
    answer = rota.ask(Claim(agent="ann", wait=30))
    assert not answer.done()
    edit(rota, number, role=None)
    assert answer.result(0).tasks[0].task == number


def test_it_keeps_its_place_by_the_time_it_was_submitted(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=3)
    first = task(rota, priority="low")
    rota.clock.advance("10s")
    second = task(rota)
    edit(rota, first, priority="normal")
    assert [it.task for it in claim(rota, "ann", 3)] == [first, second]


def test_a_version_guards_against_others(rota: TestDistributor) -> None:
    number = task(rota)
    edit(rota, number, version=0, title="mine")
    error = refused(rota, "changed", number, version=0, title="theirs")
    assert error.field == "version"
    edit(rota, number, version=1, title="theirs")


def test_what_can_not_be_edited(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=2)
    refused(rota, "no_task", "task-999999", title="x")
    running = task(rota)
    given = take(rota, "ann")
    assert "running" in refused(rota, "wrong_state", running, title="x").message
    done(rota, given)
    refused(rota, "wrong_state", running, title="x")
    cancelled = task(rota)
    rota.call(Cancel(tasks=[cancelled]))
    refused(rota, "wrong_state", cancelled, title="x")


def test_bad_values(rota: TestDistributor) -> None:
    number = task(rota)
    assert refused(rota, "invalid", number, title=" ").field == "title"
    assert refused(rota, "too_large", number, title="x" * 501).field == "title"
    assert refused(rota, "past", number, deadline="2020-01-01T00:00:00Z").field == "deadline"
    assert refused(rota, "invalid", number, skills={"py": -1}).field == "edit.skills.py"
    assert refused(rota, "invalid", number, max_attempts=0).field == "max_attempts"


def test_editing_while_scheduled_held_or_blocked(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=9)
    parent = task(rota)
    blocked, held, scheduled = task(rota, after=[parent]), task(rota, held=True), task(rota, start="10s")
    for number in (blocked, held, scheduled):
        edit(rota, number, priority="critical", role="writer")
    assert states(rota, [blocked, held, scheduled]) == ["blocked", "held", "scheduled"]
    done(rota, take(rota, "ann"))
    rota.call(Unhold(tasks=[held]))
    rota.clock.advance("10s")
    assert states(rota, [blocked, held, scheduled]) == ["ready"] * 3
    assert claim(rota, "ann", 9) == []
    agent(rota, "wri", slots=9, role="writer")
    assert len(claim(rota, "wri", 9)) == 3


class TestAfter:
    def test_new_parents_block_and_none_unblock(self, rota: TestDistributor) -> None:
        number, parent = submit(rota, "child", "parent")
        edit(rota, number, after=[parent])
        assert view(rota, number).state == "blocked"
        assert view(rota, number).after == [parent]
        edit(rota, number, after=[])
        assert view(rota, number).state == "ready"

    def test_the_list_replaces_the_old_one(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        old, new = submit(rota, TaskSpec(title="old", priority="high"), "new")
        number = task(rota, after=[old])
        edit(rota, number, after=[new])
        done(rota, take(rota, "ann"))
        assert view(rota, number).state == "blocked"
        done(rota, take(rota, "ann"))
        assert take(rota, "ann").task == number

    def test_a_cycle_is_refused_and_named(self, rota: TestDistributor) -> None:
        a, b, c = submit(
            rota,
            TaskSpec(title="a", ref="a"),
            TaskSpec(title="b", ref="b", after=["a"]),
            TaskSpec(title="c", after=["b"]),
        )
        error = refused(rota, "cycle", a, after=[c])
        assert set(error.data["cycle"]) == {a, b, c}
        refused(rota, "cycle", a, after=[a])

    def test_what_is_refused(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        dead = task(rota)
        kill(rota, "ann", dead)
        number = task(rota)
        assert refused(rota, "unknown_reference", number, after=["task-999999"]).field == "after[0]"
        assert refused(rota, "wrong_state", number, after=[dead]).field == "after"
        other = task(rota)
        assert refused(rota, "duplicate", number, after=[other, After(task=other, rule="run")]).field == "after[1]"

    def test_ended_parents_with_their_rules(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        dead = task(rota)
        kill(rota, "ann", dead)
        finished = task(rota)
        done(rota, take(rota, "ann"))
        number = task(rota)
        edit(rota, number, after=[finished, After(task=dead, rule="run")])
        assert view(rota, number).state == "ready"
        edit(rota, number, after=[After(task=dead, rule="hold")])
        assert view(rota, number).state == "held"


def test_a_retry_keeps_its_wait(rota: TestDistributor) -> None:
    agent(rota, "ann")
    number = task(rota)
    fail(rota, take(rota, "ann"), retry_at="1m")
    edit(rota, number, priority="high")
    assert view(rota, number).state == "scheduled"
    rota.clock.advance("1m")
    assert take(rota, "ann").task == number


def test_a_held_task_stays_held_with_its_reason(rota: TestDistributor) -> None:
    number = task(rota)
    rota.call(Hold(tasks=[number], reason="not yet"))
    edit(rota, number, title="new")
    assert (view(rota, number).state, view(rota, number).reason) == ("held", "not yet")


def test_a_deadline_moves_it_forward(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=3)
    first, second = submit(rota, "first", "second")
    edit(rota, second, deadline="1m")
    assert [it.task for it in claim(rota, "ann", 3)] == [second, first]


def test_in_a_fifo_queue_a_deadline_does_not(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=3)
    queue(rota, "fifo", ordering="fifo")
    first, second = task(rota, queue="fifo"), task(rota, queue="fifo")
    edit(rota, second, deadline="1m")
    assert [it.task for it in claim(rota, "ann", 3)] == [first, second]


def test_a_start_that_is_taken_away_lets_it_go_on(rota: TestDistributor) -> None:
    number = task(rota, start="1h")
    assert view(rota, number).state == "scheduled"
    edit(rota, number, priority="high")
    assert view(rota, number).state == "scheduled"
    edit(rota, number, start=None)
    assert (view(rota, number).state, view(rota, number).start) == ("ready", None)
    rota.clock.advance("2h")
    assert view(rota, number).state == "ready"
    refused(rota, "invalid", number, start="soon")
