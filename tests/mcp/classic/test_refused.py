"""A call that is refused has changed nothing, wherever in it the reason lies: a cycle, a limit, a paused queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rota.model.commands.fleet import PauseQueue
from rota.model.commands.submit import Hold
from rota.testing import TestDistributor
from tests.mcp.classic.playing_agents import Player

Scene = Callable[[TestDistributor, Player, str, str], object]


def waits(_rota: TestDistributor, ann: Player, project: str, task: str) -> None:
    other = ann.told("list_tasks", projectId=project)["tasks"][1]["id"]
    ann.told("update_task", projectId=project, taskId=task, dependsOn=[other])


def mine(_rota: TestDistributor, ann: Player, project: str, task: str) -> None:
    ann.told("update_task", projectId=project, taskId=task, status="in progress")


def failed(_rota: TestDistributor, ann: Player, project: str, task: str) -> None:
    ann.fail(project, task)


def done(_rota: TestDistributor, ann: Player, project: str, task: str) -> None:
    ann.done(project, task)


def held(rota: TestDistributor, _ann: Player, _project: str, task: str) -> None:
    rota.call(Hold(tasks=[task], reason="wait"))


def last(rota: TestDistributor, ann: Player, project: str, task: str) -> None:
    """The last of its attempts goes on."""
    for _ in range(4):
        ann.fail(project, task)
        rota.clock.advance("1h")
    mine(rota, ann, project, task)


def dead(rota: TestDistributor, ann: Player, project: str, task: str) -> None:
    last(rota, ann, project, task)
    ann.fail(project, task)


def paused(before: Scene | None = None) -> Scene:
    def scene(rota: TestDistributor, ann: Player, project: str, task: str) -> None:
        if before is not None:
            before(rota, ann, project, task)
        rota.call(PauseQueue(queue="taskqueue", reason="lunch"))

    return scene


TAKES: dict[str, Any] = {"status": "in progress"}
ENDS: dict[str, Any] = {"status": "done", "completedDetails": "anew"}
BACK: dict[str, Any] = {"status": "not started"}
FAILS: dict[str, Any] = {"status": "not started", "completedDetails": "FAILED: x"}
WISH: dict[str, Any] = {"priority": "high"}
SCENES: list[tuple[Scene, dict[str, Any], str]] = [
    (waits, {**WISH, "blocks": [1]}, "can not wait for"),
    (mine, {**BACK, **WISH, "dependsOn": [0]}, "dependsOn: tasks would wait for each other"),
    (mine, {**BACK, **WISH, "skills": {"x": 500}}, "skills.x: 500 is not between"),
    (mine, {**ENDS, "completedDetails": "\0"}, "completedDetails: holds a NUL"),
    (mine, {**BACK, "completedDetails": "x" * 4_001}, "completedDetails: has 4,001 characters"),
    (last, {**FAILS, **WISH}, "priority can not be changed with the last failure"),
    *[(paused(), {**call, **WISH}, "queue taskqueue is paused: lunch") for call in (TAKES, ENDS, FAILS)],
    *[(paused(before), {**TAKES, **WISH}, "its queue is paused") for before in (failed, held)],
    *[(paused(before), call, "its queue is paused") for before in (done, dead) for call in (TAKES, ENDS)],
    (paused(done), {**BACK, "skills": {"x": 500}}, "skills.x"),
]


@pytest.mark.parametrize(("scene", "call", "told"), SCENES)
def test_a_refused_update_changes_nothing(rota: TestDistributor, scene: Scene, call: dict[str, Any], told: str) -> None:
    ann = Player(rota, "ann")
    project, tasks = ann.project("a", "b")
    scene(rota, ann, project, tasks[0])
    before = ann.told("read_project", projectId=project)
    named: dict[str, Any] = {
        name: [tasks[one] for one in call[name]] for name in ("blocks", "dependsOn") if name in call
    }
    given = {"projectId": project, "taskId": tasks[0], "title": "n", **call, **named}
    assert told in ann.failed("update_task", **given)
    assert ann.told("read_project", projectId=project) == before


def test_what_waits_for_itself_is_refused_before_it_is_created(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, (task, other) = ann.project("a", "b")
    ann.told("update_task", projectId=project, taskId=other, dependsOn=[task])
    chain = [{"title": "x", "description": "d", "dependsOn": [other]},
             {"title": "y", "description": "d", "dependsOn": ["x"], "blocks": [task]}]  # fmt: skip
    assert f"{task} would wait for a new task" in ann.failed("add_tasks_to_project", projectId=project, tasks=chain)
    assert len(ann.told("read_project", projectId=project)["tasks"]) == 2


def test_one_call_frees_a_task_and_takes_it(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, (task, other) = ann.project("a", "b")
    ann.told("update_task", projectId=project, taskId=task, dependsOn=[other])
    shown = ann.told("update_task", projectId=project, taskId=task, dependsOn=[], status="in progress", priority="high")
    assert (shown["task"]["status"], shown["task"]["priority"]) == ("in progress", "high")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"initialPrompt": "a\0b"}, "initialPrompt: holds a NUL"),
        ({"initialPrompt": "x" * 1_100_000}, "initialPrompt: takes 1,1"),
        ({"projectPlan": "a\0b"}, "projectPlan: holds a NUL"),
    ],
)
def test_what_is_refused_of_a_project_is_named_as_it_was_given(
    rota: TestDistributor, given: dict[str, Any], told: str
) -> None:
    ann = Player(rota, "ann")
    assert ann.failed("create_project", **{"initialPrompt": "p", "tasks": [], **given}).startswith(told)


def test_fields_are_named_as_the_tools_name_them(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, (task,) = ann.project("a")
    new = {"projectId": project, "title": "t", "description": "d"}
    assert ann.failed("create_task", **new, dependsOn=["task-99"]).startswith("dependsOn[0]: ")
    assert ann.failed("create_task", **new, skills={"x": 500}).startswith("skills.x: ")
    tasks = [new, {**new, "dependsOn": ["task-99"]}]
    told = ann.failed("add_tasks_to_project", projectId=project, tasks=tasks)
    assert told.startswith("tasks[1].dependsOn[0]: ")
    assert ann.failed("get_next_task", projectId=project, agentId="x" * 101).startswith("agentId: ")
    told = ann.failed("update_task", projectId=project, taskId=task, deadline="2025-01-01T00:00:00Z")
    assert told.startswith("deadline: '2025-01-01T00:00:00Z' is not in the future")


def test_a_deadline_may_be_a_date(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, (task,) = ann.project("a")
    shown = ann.told("update_task", projectId=project, taskId=task, deadline="2026-02-01T00:00:00Z")["task"]
    assert shown["deadline"] == "2026-02-01T00:00:00.000000Z"
