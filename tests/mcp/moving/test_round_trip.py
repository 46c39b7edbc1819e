"""A file that came into a database and out again is the same file, with other ids."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rota.audit.audit import audit
from rota.faces.mcp.classic.call import call
from rota.faces.mcp.moving.into import AGENT, Moved, take_in
from rota.faces.mcp.moving.out import take_out
from rota.faces.mcp.session import Session
from rota.model.commands.read import GetTask, ListAgents, ListTasks
from rota.model.errors import RotaError
from rota.testing import TestDistributor

NOW = 1_767_603_600_000_000
"""Where the clock of tests begins."""


def came_in(rota: TestDistributor, document: dict[str, Any]) -> list[Moved]:
    return list(take_in(rota, document, NOW))


def as_before(moved: list[Moved], document: dict[str, Any]) -> dict[str, Any]:
    """The document that came out, with the ids that went in."""
    names = {one.project: one.was for one in moved} | {new: was for one in moved for was, new in one.tasks}
    for project in document["projects"]:
        project["projectId"] = names[project["projectId"]]
        for task in project["tasks"]:
            task["id"] = names[task["id"]]
            if isinstance(task.get("rota"), dict) and "dependsOn" in task["rota"]:
                task["rota"]["dependsOn"] = [names[one] for one in task["rota"]["dependsOn"]]
    return document


def exact(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def check_round_trip(document: dict[str, Any]) -> None:
    before = exact(document)
    with TestDistributor() as rota:
        moved = came_in(rota, document)
        assert exact(document) == before
        assert exact(as_before(moved, take_out(rota).document)) == before
        again = came_in(rota, document)
        assert again == moved
        assert exact(as_before(moved, take_out(rota).document)) == before
        assert AGENT not in [agent.name for agent in rota.call(ListAgents()).agents]
        with rota.node.store.read() as reader:
            report = audit(reader)
        assert report.clean, report.violations


def task(number: int, status: str = "not started", *, approved: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "id": f"task-{number}",
        "title": f"Task {number}",
        "description": "do it",
        "status": status,
        "approved": approved,
        "completedDetails": "Stands" if status == "done" else "",
    } | more


def project(*tasks: dict[str, Any], number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "projectId": f"proj-{number}",
        "initialPrompt": "Build\na house",
        "projectPlan": "First build",
        "tasks": [*tasks],
        "completed": False,
        "autoApprove": False,
    } | more


def document(*projects: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"projects": [*projects], **more}


def without(value: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: part for key, part in value.items() if key not in keys}


DONE = task(1, "done", approved=True)
CASES = {
    "nothing": document(),
    "an empty project": document(project()),
    "a finalized project": document(project(DONE, completed=True)),
    "an empty project that is finalized": document(project(completed=True)),
    "every status": document(
        project(DONE, task(2, "done"), task(3, "in progress"), task(4), task(5, completedDetails="old"))
    ),
    "nothing is approved, all is": document(
        project(task(1, "done"), task(2), autoApprove=True), project(DONE, number=2, autoApprove=True)
    ),
    "autoApprove left out": document(without(project(task(1), DONE), "autoApprove")),
    "recommendations": document(
        project(task(1, toolRecommendations="saw", ruleRecommendations="Priority: CRITICAL"),
                task(2, ruleRecommendations=""), task(3, toolRecommendations=7))
    ),
    "keys that nobody knows": document(
        project(task(1, due="soon", tags=["a", {"b": None}]), owner="Zoë", completedAt=3.5), version=3, by={"x": [1]}
    ),
    "keys that are not there": document(
        {"projectId": "proj-1", "tasks": [{"id": "task-1"}, {"id": "x", "status": "done"}]}
    ),
    "ids that stand twice, or are none": document(
        project(task(1), task(1, title="again"), task(2) | {"id": "seven"}), project(task(1))
    ),
    "values of other types": document(
        project(
            task(1) | {"approved": 1, "status": None, "title": ["x"], "description": {}},
            projectPlan=None,
            completed="yes",
        ),
        project(task(1, "done", completedDetails=None), task(2, "done", completedDetails={"a": 1}), autoApprove="no"),
    ),
    "texts that a database can not hold": document(
        project(task(1, title="", description="a\0b\ud800"), task(2, title="x" * 700, description="y" * 120_000),
                task(3, "done", completedDetails="\0"), initialPrompt="\0", projectPlan="z" * 120_000),
        note="\0\ud800", big=10**40, small=-1.5e-300,
    ),
    "a finalized project with open ends": document(project(task(1), task(2, "done"), DONE, completed=True)),
    "what Rota knows beyond it": document(
        project(
            task(1, rota={"priority": "critical", "kind": "test", "skills": {"python": 3}, "role": "dev"}),
            task(2, rota={"estimate": 90.0, "tenant": "blue", "deadline": "2026-03-01T00:00:00.000000Z"}),
            task(3, rota={"dependsOn": ["task-1", "task-2"]}),
            task(4, rota={"priority": "nonsense", "deadline": "2001-01-01T00:00:00Z", "x": 1}),
            task(5, rota="nonsense"),
            task(6, "done", approved=True, rota={"priority": "low"}),
        )
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_lost(name: str) -> None:
    if name != "ids that stand twice, or are none":
        check_round_trip(CASES[name])
        return
    with TestDistributor() as rota:
        moved = came_in(rota, CASES[name])
        assert [one.was for one in moved] == ["proj-1", "proj-1"]
        assert [was for was, _ in moved[0].tasks] == ["task-1", "task-1", "seven"]
        ids = [new for one in moved for _, new in one.tasks]
        assert len(set(ids)) == 4
        assert all(re.fullmatch(r"task-\d+", one) for one in ids)


TEXT = st.text(st.characters(exclude_categories=[]), max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner, max_size=2), max_leaves=4
)
TASKS = st.fixed_dictionaries(
    {},
    optional={
        "title": TEXT, "description": TEXT, "approved": st.booleans() | JSON, "completedDetails": TEXT,
        "status": st.sampled_from(["not started", "in progress", "done"]) | JSON,
        "toolRecommendations": TEXT | JSON, "ruleRecommendations": TEXT | st.just("priority: high"), "own": JSON,
    },
)  # fmt: skip
PROJECTS = st.fixed_dictionaries(
    {"tasks": st.lists(TASKS, max_size=4)},
    optional={
        "initialPrompt": TEXT, "projectPlan": TEXT | JSON, "completed": st.booleans() | JSON,
        "autoApprove": st.booleans() | JSON, "own": JSON,
    },
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(PROJECTS, max_size=3), st.dictionaries(st.sampled_from(["note", "version"]), JSON))
def test_any_file_comes_back(projects: list[dict[str, Any]], beside: dict[str, Any]) -> None:
    number = 0
    for index, one in enumerate(projects):
        one["projectId"] = f"proj-{index + 3}"
        for part in one["tasks"]:
            number += 1
            part["id"] = f"task-{number * 2}"
    check_round_trip({"projects": projects, **(beside if projects else {})})


def test_what_comes_in_is_what_the_tools_of_the_database_show() -> None:
    with TestDistributor() as rota:
        [moved] = came_in(rota, CASES["every status"])
        found = [rota.call(GetTask(task=new)).state for _, new in moved.tasks]
        assert found == ["done", "review", "ready", "ready", "ready"]
        session = Session("0123456789abcdef", "tester")
        text = call(rota, session, "get_next_task", {"projectId": moved.project})["content"][0]["text"]
        assert json.loads(text)["task"]["id"] == moved.tasks[2][1]
        call(rota, session, "approve_task", {"projectId": moved.project, "taskId": moved.tasks[1][1]})
        out = as_before([moved], take_out(rota).document)["projects"][0]["tasks"]
        assert [(one["status"], one["approved"]) for one in out[:3]] == [
            ("done", True), ("done", True), ("in progress", False),
        ]  # fmt: skip


def test_what_changed_in_the_database_goes_before_what_was_in_the_file() -> None:
    with TestDistributor() as rota:
        [moved] = came_in(rota, document(project(task(3, "in progress", due="soon"))))
        session = Session("0123456789abcdef", "tester")
        new = moved.tasks[0][1]
        done = {"projectId": moved.project, "taskId": new, "status": "done", "completedDetails": "New"}
        assert "isError" not in call(rota, session, "update_task", done)
        [out] = take_out(rota).document["projects"][0]["tasks"]
        assert (out["status"], out["completedDetails"], out["due"]) == ("done", "New", "soon")
        came_in(rota, document(project(task(3, "in progress", due="soon"))))
        assert len(rota.call(ListTasks()).tasks) == 1


def test_an_import_that_was_broken_off_goes_on() -> None:
    everything = document(project(DONE, task(2, "done"), task(3)), project(DONE, number=2, completed=True))
    with TestDistributor() as rota:
        calls = 0

        class Broken:
            def call(self, request: Any) -> Any:
                nonlocal calls
                calls -= 1
                if not calls:
                    raise RotaError("unavailable", "the owner ended")
                return rota.call(request)

        for number in range(1, 40):
            calls = number
            try:
                moved = list(take_in(Broken(), everything, NOW))
            except RotaError:
                continue
            break
        else:
            raise AssertionError("it never ended")
        assert number > 7  # it was broken off at every call
        assert exact(as_before(moved, take_out(rota).document)) == exact(everything)
        assert len(rota.call(ListTasks()).tasks) == 4


def test_cancelled_tasks_have_no_place_in_a_file() -> None:
    from rota.model.commands.submit import Cancel

    with TestDistributor() as rota:
        [moved] = came_in(rota, document(project(task(1), task(2))))
        rota.call(Cancel(tasks=[moved.tasks[0][1]]))
        out = take_out(rota)
        assert (out.projects, out.tasks, out.left_out) == (1, 1, 1)
