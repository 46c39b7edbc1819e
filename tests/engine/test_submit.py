"""Submitting: all or nothing, references, keys, where a task comes to rest."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.commands.fleet import AddToProject, CreateProject, FinalizeProject
from rota.model.commands.read import GetStatistics, GetTask, ListTasks
from rota.model.commands.submit import Submit
from rota.model.errors import RotaError
from rota.model.project import ProjectSpec
from rota.model.task import After, TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent, done, kill, spec, states, submit, take, task, view
from tests.engine.fleet import submit_refused as refused


def test_ids_come_in_the_order_of_the_submit(rota: TestDistributor) -> None:
    ids = submit(rota, "one", "two", "three")
    numbers = [int(number.removeprefix("task-")) for number in ids]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert [view(rota, number).title for number in ids] == ["one", "two", "three"]


def test_everything_said_of_a_task_is_kept(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=1)
    number = task(
        rota, description="long\ntext", kind="mail", payload={"to": ["ann"], "n": 1.5, "none": None}, tenant="acme",
        priority="high", deadline="2h", estimate="90s", skills={"py": 3}, role="writer", regions=["eu", "us"],
        ban=["bob"], limits=["openai"], max_attempts=2, approval=True, ttl="1h",
    )  # fmt: skip
    found = view(rota, number)
    assert (found.description, found.kind, found.tenant, found.priority) == ("long\ntext", "mail", "acme", "high")
    assert found.payload == {"to": ["ann"], "n": 1.5, "none": None}
    assert (found.deadline, found.expires) == ("2026-01-05T11:00:00.000000Z", "2026-01-05T10:00:00.000000Z")
    assert (found.estimate, found.max_attempts, found.approval) == (90.0, 2, True)
    assert (found.skills, found.role, found.regions) == ({"py": 3}, "writer", ["eu", "us"])
    assert (found.ban, found.limits, found.state, found.version) == (["bob"], ["openai"], "ready", 0)


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({}, "ready"),
        ({"start": "10s"}, "scheduled"),
        ({"start": "2020-01-01T00:00:00Z"}, "ready"),
        ({"held": True}, "held"),
        ({"held": True, "start": "10s"}, "held"),
    ],
)
def test_where_a_task_rests(rota: TestDistributor, more: dict[str, Any], state: str) -> None:
    assert view(rota, task(rota, **more)).state == state


def test_one_bad_task_refuses_all_of_them(rota: TestDistributor) -> None:
    error = refused(rota, "no_queue", spec("good"), spec("bad", queue="nowhere"))
    assert error.field == "tasks[1].queue"
    error = refused(rota, "past", spec("good"), spec("bad", deadline="2020-01-01T00:00:00Z"))
    assert error.field == "tasks[1].deadline"
    assert submit(rota, "next") == ["task-1"] or rota.states() == {"ready": 1}


def test_none_and_too_many_are_refused(rota: TestDistributor) -> None:
    assert refused(rota, "invalid").field == "tasks"
    assert refused(rota, "too_large", *[spec()] * 10_001).field == "tasks"


def test_ten_thousand_at_once(rota: TestDistributor) -> None:
    assert len(submit(rota, *["task"] * 10_000)) == 10_000
    assert rota.call(GetStatistics()).waiting == 10_000


class TestReferences:
    def test_tasks_of_one_submit_depend_by_ref_in_any_order(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=4)
        child, parent = submit(rota, spec("child", after=["p"]), spec("parent", ref="p"))
        assert states(rota, [child, parent]) == ["blocked", "ready"]
        done(rota, take(rota, "ann"), result={"answer": 42})
        given = take(rota, "ann")
        assert given.task == child
        assert [(it.id, it.title, it.state, it.result) for it in given.parents] == [
            (parent, "parent", "done", {"answer": 42})
        ]

    def test_a_ref_wins_over_an_id_and_lasts_for_its_submit_only(self, rota: TestDistributor) -> None:
        first = task(rota)
        _parent, child = submit(rota, spec("parent", ref=first), spec("child", after=[first]))
        assert view(rota, child).after == [_parent]
        error = refused(rota, "unknown_reference", spec(after=["parent"]))
        assert error.field == "tasks[0].after[0]"

    def test_a_missing_parent(self, rota: TestDistributor) -> None:
        error = refused(rota, "unknown_reference", spec(), spec(after=["task-999999"]))
        assert error.field == "tasks[1].after[0]"

    def test_a_ref_twice(self, rota: TestDistributor) -> None:
        assert refused(rota, "duplicate", spec(ref="a"), spec(ref="a")).field == "tasks[1].ref"

    def test_a_parent_twice(self, rota: TestDistributor) -> None:
        assert (
            refused(rota, "duplicate", spec(ref="a"), spec(after=["a", After(task="a")])).field == "tasks[1].after[1]"
        )
        number = task(rota, unique="k")
        error = refused(rota, "duplicate", spec(ref="a", unique="k"), spec(after=["a", number]))
        assert error.field == "tasks[1].after[1]"

    def test_a_cycle_is_named(self, rota: TestDistributor) -> None:
        a, b, c = spec(ref="a", after=["c"]), spec(ref="b", after=["a"]), spec(ref="c", after=["b"])
        error = refused(rota, "cycle", spec("outside"), a, b, c)
        assert error.data["cycle"][0] == error.data["cycle"][-1]
        assert set(error.data["cycle"]) == {"a", "b", "c"}

    def test_a_task_after_itself(self, rota: TestDistributor) -> None:
        assert refused(rota, "cycle", spec(ref="a", after=["a"])).data["cycle"] == ["a", "a"]

    def test_a_cycle_closed_by_a_sequence(self, rota: TestDistributor) -> None:
        refused(rota, "cycle", spec(sequence="s", after=["b"]), spec(ref="b", sequence="s"))

    def test_a_long_chain(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=1)
        chain = [spec(ref=f"t{n}", after=[f"t{n - 1}"] if n else []) for n in range(300)]
        submit(rota, *chain)
        assert rota.drain({"task": lambda given: len(given.parents)}) == {"done": 300}

    @pytest.mark.parametrize(("rule", "state"), [("cancel", "cancelled"), ("run", "ready"), ("hold", "held")])
    def test_a_parent_that_had_ended_badly(self, rota: TestDistributor, rule: Any, state: str) -> None:
        agent(rota, "ann")
        dead = task(rota)
        kill(rota, "ann", dead)
        child, grandchild = submit(
            rota, spec(ref="c", after=[After(task=dead, rule=rule)], unique="k", deadline="1h"), spec(after=["c"])
        )
        assert view(rota, child).state == state
        expected = "cancelled" if state == "cancelled" else "blocked"
        assert view(rota, grandchild).state == expected

    def test_one_cancelled_at_once_keeps_no_key(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        dead = task(rota)
        kill(rota, "ann", dead)
        first = task(rota, after=[dead], unique="k", sequence="s")
        assert view(rota, first).state == "cancelled"
        second = task(rota, unique="k", sequence="s")
        assert second != first
        assert view(rota, second).state == "ready"

    def test_a_parent_that_was_done(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        parent = task(rota)
        done(rota, take(rota, "ann"), result="r")
        child = task(rota, after=[parent])
        given = take(rota, "ann")
        assert (given.task, given.parents[0].result) == (child, "r")


class TestProjectAndBatch:
    def test_a_project_by_id_and_by_key(self, rota: TestDistributor) -> None:
        made = rota.call(CreateProject(project=ProjectSpec(title="p", key="apollo")))
        ids = submit(rota, spec(project="apollo"), spec(project=made.project))
        assert [view(rota, number).project for number in ids] == [made.project] * 2

    def test_an_unknown_and_a_finalized_one(self, rota: TestDistributor) -> None:
        assert refused(rota, "no_project", spec(project="proj-999999")).field == "tasks[0].project"
        assert refused(rota, "no_project", spec(project="apollo")).field == "tasks[0].project"
        made = rota.call(CreateProject(project=ProjectSpec(title="p")))
        rota.call(FinalizeProject(project=made.project))
        assert refused(rota, "wrong_state", spec(project=made.project)).field == "tasks[0].project"

    def test_a_batch_can_be_listed(self, rota: TestDistributor) -> None:
        ids = rota.call(Submit(tasks=[spec("a"), spec("b")], batch="monday")).ids
        task(rota)
        assert sorted(it.id for it in rota.call(ListTasks(batch="monday")).tasks) == sorted(ids)

    def test_tasks_are_added_to_an_open_project_all_or_none(self, rota: TestDistributor) -> None:
        project = rota.call(CreateProject(project=ProjectSpec(title="p", key="mine"))).project
        added = rota.call(
            AddToProject(project="mine", tasks=[TaskSpec(title="a", ref="a"), TaskSpec(title="b", after=["a"])])
        )
        assert [rota.call(GetTask(task=task)).project for task in added.ids] == [project, project]
        with pytest.raises(RotaError) as refused:
            rota.call(AddToProject(project=project, tasks=[TaskSpec(title="c"), TaskSpec(title="d", after=["nobody"])]))
        assert refused.value.code == "unknown_reference"
        with pytest.raises(RotaError) as unknown:
            rota.call(AddToProject(project="proj-999", tasks=[TaskSpec(title="e")]))
        assert unknown.value.code == "no_project"
        assert len(rota.call(ListTasks(project=project)).tasks) == 2
