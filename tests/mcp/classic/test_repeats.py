"""Calls that come twice, because the owner that did them ended before it could answer."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest

from rota.faces.mcp.classic.call import call
from rota.faces.mcp.classic.errors import ProtocolError
from rota.faces.mcp.session import InHands
from rota.testing import TestDistributor
from tests.mcp.classic.client import Clients
from tests.mcp.classic.playing_agents import Player


@pytest.fixture
def ann(rota: TestDistributor) -> Player:
    return Player(rota, "ann")


def twice(player: Player, tool: str, request: str = "a" * 16, **arguments: Any) -> Any:
    first, second = (call(player.rota, player.session, tool, arguments, request) for _ in range(2))
    assert first == second
    assert "isError" not in first, first
    return first


def test_what_creates_creates_once(ann: Player) -> None:
    tasks = [{"title": "a", "description": "d", "ref": "x"}, {"title": "b", "description": "d", "dependsOn": ["x"]}]
    twice(ann, "create_project", initialPrompt="p", tasks=tasks, ordering="sequential")
    twice(ann, "create_project", "b" * 16, initialPrompt="q", tasks=tasks)
    _first, second = ann.told("list_projects")["projects"]
    number = second["projectId"]
    (task, *_) = ann.told("read_project", projectId=number)["tasks"]
    twice(ann, "create_task", "c" * 16, projectId=number, title="c", description="d", blocks=[task["id"]])
    twice(ann, "add_tasks_to_project", "d" * 16, projectId=number, tasks=tasks)
    assert [one["totalTasks"] for one in ann.told("list_projects")["projects"]] == [2, 5]


def test_a_task_is_given_once(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, tasks = ann.project("a", "b", "c")
    asked = {"projectId": project, "agentId": "shared"}
    first = call(rota, ann.session, "get_next_task", asked, "a" * 16)
    # The next owner knows nothing of it: nobody was told.
    assert call(rota, Player(rota, "ann").session, "get_next_task", asked, "a" * 16) == first
    assert Player(rota, "bob").next(project, agentId="shared") == tasks[1]


def test_what_is_taken_with_a_wish_is_taken_once(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, (task, other) = ann.project("a", "b")
    wishes = {"role": "engineer", "skills": ["x"], "priority": "low", "dependsOn": [], "blocks": [other], "kind": "k"}
    first, second = (
        ann.told("update_task", projectId=project, taskId=task, status="in progress", **wishes)["task"]
        for _ in range(2)
    )
    assert first == second
    assert (first["role"], first["agent"]) == ("engineer", ann.agent)


@pytest.mark.parametrize("auto", [True, False])
@pytest.mark.parametrize(
    ("status", "details"),
    [("done", "ok"), ("not started", "FAILED: no disk"), ("not started", "later"), ("not started", "")],
)
def test_an_end_is_reported_once(ann: Player, auto: bool, status: str, details: str) -> None:
    project, (task,) = ann.project("a", autoApprove=auto)
    lease = ann.told("get_next_task", projectId=project)["lease"]
    report = {"projectId": project, "taskId": task, "status": status, "completedDetails": details}
    first = ann.told("update_task", **report)
    # The next owner is told what the client knew before it was answered.
    assert ann.session is not None
    ann.session.in_hands[task] = InHands(task, lease["agentId"], lease["leaseToken"])
    assert ann.told("update_task", **report) == first
    assert task not in ann.session.in_hands
    assert ann.told("update_task", **report, leaseToken=lease["leaseToken"]) == first


def test_another_end_by_the_same_token_is_no_repeat(ann: Player) -> None:
    project, (task,) = ann.project("a", autoApprove=True)
    lease = ann.told("get_next_task", projectId=project)["lease"]
    ann.done(project, task)
    report = {"projectId": project, "taskId": task, "status": "done", "leaseToken": lease["leaseToken"]}
    assert ann.failed("update_task", **report, completedDetails="else") == "Cannot modify an approved task"


def test_without_a_session_somebody_must_be_named(ann: Player) -> None:
    project, (task,) = ann.project("a")
    ann.session = None
    with pytest.raises(ProtocolError) as caught:
        ann.done(project, task)
    assert "agentId" in caught.value.message
    assert ann.task(project, task)["status"] == "not started"
    assert ann.done(project, task, agentId="bob")["task"]["status"] == "done"
    assert ann.told("update_task", projectId=project, taskId=task, title="words need nobody")


def test_owners_that_die_under_calls_leave_no_doubt(clients: Clients) -> None:
    client = clients.new()
    project = client.told("create_project", initialPrompt="p", tasks=[], autoApprove=True)["projectId"]
    acknowledged: list[str] = []
    moments = [threading.Event() for _ in range(3)]

    def work() -> None:
        for number in range(60):
            made = client.told("create_task", projectId=project, title=f"t{number}", description="d")
            acknowledged.append(made["newTasks"][0]["id"])
            task = client.told("get_next_task", projectId=project)["task"]["id"]
            client.told("update_task", projectId=project, taskId=task, status="done", completedDetails=f"ok {number}")
            if number % 15 == 14 and number // 15 < len(moments):
                moments[number // 15].set()

    worker = threading.Thread(target=work)
    worker.start()
    for moment in moments:
        assert moment.wait(30)
        if (owner := clients.owner()) is not None:
            os.kill(owner, signal.SIGKILL)
    worker.join(60)
    assert len(acknowledged) == 60, "some call said that it may have happened"
    tasks = client.told("list_tasks", projectId=project)["tasks"]
    assert [task["id"] for task in tasks] == acknowledged
    assert [task["completedDetails"] for task in tasks] == [f"ok {number}" for number in range(60)]
