"""Late words: of a lease that has ended, with a token that never was, and calls that are refused half-way."""

from __future__ import annotations

from typing import Any

import pytest

from rota.faces.mcp.face import McpFace
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register, SetQueue
from rota.model.commands.work import Claim
from rota.model.queue import QueuePolicy
from rota.testing import TestDistributor
from tests.mcp.classic.playing_agents import Player

GONE = "The lease of {} is lost"
REPORTS = (("done", "late"), ("not started", "FAILED: late"), ("not started", "back"), ("in progress", ""))


def late(rota: TestDistributor) -> tuple[Player, Player, str, str, str]:
    """Ann had the task and lost it; Bob has finished it. With project, task, and Ann's token."""
    ann, bob = Player(rota, "ann"), Player(rota, "bob")
    project, (task,) = ann.project("a")
    token = ann.told("get_next_task", projectId=project)["lease"]["leaseToken"]
    rota.clock.advance("5m")
    assert bob.next(project) == task
    bob.done(project, task, "the work of Bob")
    return ann, bob, project, task, token


@pytest.mark.parametrize(("status", "details"), REPORTS)
def test_an_old_token_changes_nothing(rota: TestDistributor, status: str, details: str) -> None:
    _ann, bob, project, task, token = late(rota)
    cid = Player(rota, "cid")
    before = bob.task(project, task)
    for who in (bob, cid):
        for one in (token, "0" * 16, "garbage"):
            told = who.failed("update_task", projectId=project, taskId=task, status=status, completedDetails=details,
                              leaseToken=one, title="n")  # fmt: skip
            assert told.startswith(GONE.format(task))
    assert bob.task(project, task) == before


@pytest.mark.parametrize(("status", "details"), REPORTS)
def test_a_session_that_lost_it_reopens_nothing(rota: TestDistributor, status: str, details: str) -> None:
    ann, bob, project, task, _token = late(rota)
    before = bob.task(project, task)
    for _ in range(2):
        told = ann.failed("update_task", projectId=project, taskId=task, status=status, completedDetails=details)
        assert told.startswith(GONE.format(task))
    assert bob.task(project, task) == before
    bob.told("update_task", projectId=project, taskId=task, status="not started")
    assert ann.next(project) == task
    assert ann.done(project, task, "anew")["task"]["completedDetails"] == "anew"


@pytest.mark.parametrize("token", ["0" * 16, "garbage"])
def test_a_token_that_never_was_takes_nothing(rota: TestDistributor, token: str) -> None:
    ann = Player(rota, "ann")
    project, (task, other) = ann.project("a", "b")
    before = ann.task(project, task)
    for more in ({"status": "done", "completedDetails": "x"}, {"title": "n"}):
        told = ann.failed("update_task", projectId=project, taskId=task, leaseToken=token, **more)
        assert told.startswith(GONE.format(task))
    assert ann.task(project, task) == before
    assert ann.next(project) == task
    ann.failed("update_task", projectId=project, taskId=task, title="n", leaseToken=token)
    assert ann.session is not None
    assert list(ann.session.in_hands) == [task], "a wrong token does not end the right one"
    assert ann.next(project, agentId="w") == other


def test_the_same_report_with_its_token_is_done_again(rota: TestDistributor) -> None:
    ann, bob = Player(rota, "ann"), Player(rota, "bob")
    project, (task,) = ann.project("a")
    token = ann.told("get_next_task", projectId=project)["lease"]["leaseToken"]
    ann.done(project, task, "ok", leaseToken=token)
    for who in (ann, bob):
        assert who.done(project, task, "ok", leaseToken=token)["task"]["status"] == "done"
    told = ann.failed(
        "update_task", projectId=project, taskId=task, status="done", completedDetails="other", leaseToken=token
    )
    assert told.startswith(GONE.format(task))


REFUSED: tuple[dict[str, Any], ...] = (
    {"status": "in progress", "deadline": "whenever"},
    {"status": "done", "completedDetails": "x", "blocks": ["task-999"]},
    {"priority": "low", "dependsOn": ["task-999"]},
    {"status": "in progress", "ruleRecommendations": "x", "tenant": "acme"},
    {"priority": "low", "description": "x" * 100_001},
    {"leaseToken": "0" * 16, "priority": "low"},
)


@pytest.mark.parametrize("more", REFUSED)
@pytest.mark.parametrize("taken", [False, True])
def test_what_is_refused_changes_nothing(rota: TestDistributor, more: dict[str, Any], taken: bool) -> None:
    ann = Player(rota, "ann")
    project, (task,) = ann.project("a")
    if taken:
        ann.next(project)
    before = ann.task(project, task)
    ann.failed("update_task", **{"projectId": project, "taskId": task, "title": "n", "priority": "high", **more})
    assert ann.task(project, task) == before


def test_what_waits_is_not_changed_on_the_way_to_a_refusal(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, (task, child) = ann.project("a", "b")
    ann.told("update_task", projectId=project, taskId=child, dependsOn=[task])
    before = ann.task(project, child)
    ann.failed("update_task", projectId=project, taskId=child, status="in progress", title="n", priority="high")
    assert ann.task(project, child) == before


def test_what_goes_back_can_be_changed_in_the_same_call(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, (task,) = ann.project("a")
    ann.next(project)
    shown = ann.told("update_task", projectId=project, taskId=task, status="not started", title="n", priority="high")[
        "task"
    ]
    assert (shown["title"], shown["priority"], shown["status"]) == ("n", "high", "not started")


def test_a_title_may_change_in_anybodys_hands(rota: TestDistributor) -> None:
    ann, bob = Player(rota, "ann"), Player(rota, "bob")
    project, (task,) = ann.project("a")
    ann.next(project)
    assert bob.told("update_task", projectId=project, taskId=task, title="n")["task"]["title"] == "n"


def beside(rota: TestDistributor) -> tuple[Player, Player]:
    """Two sessions that live together."""
    ann, bob = Player(rota, "ann"), Player(rota, "bob")
    live = [found for found in (ann.session, bob.session) if found is not None]
    for session in live:
        session._live = lambda: live
    return ann, bob


def test_sessions_that_name_the_same_agent_get_tasks_of_their_own(rota: TestDistributor) -> None:
    ann, bob = beside(rota)
    project, tasks = ann.project("a", "b", "c")
    first = ann.told("get_next_task", projectId=project, agentId="data-engineer")
    second = bob.told("get_next_task", projectId=project, agentId="data-engineer")
    assert [first["task"]["id"], second["task"]["id"]] == tasks[:2]
    assert first["lease"]["leaseToken"] != second["lease"]["leaseToken"]
    for _ in range(2):
        assert ann.next(project, agentId="data-engineer") == tasks[0]
        assert bob.next(project, agentId="data-engineer") == tasks[1]
    assert bob.session is not None
    bob.session.end(rota)
    assert ann.task(project, tasks[0])["status"] == "in progress"
    assert ann.task(project, tasks[1])["status"] == "not started"
    assert ann.done(project, tasks[0], agentId="data-engineer")["task"]["status"] == "done"


def test_the_name_of_an_agent_is_not_its_token(rota: TestDistributor) -> None:
    ann, bob = beside(rota)
    project, (task, outside) = ann.project("a", "b")
    ann.next(project)
    rota.call(Register(agent=AgentSpec(name="runner"), instance="another-process"))
    assert [one.task for one in rota.call(Claim(agent="runner", project=project)).tasks] == [outside]
    for name in (ann.agent, "runner"):
        assert "lease" not in bob.told("get_next_task", projectId=project, agentId=name)
    assert bob.session is not None
    bob.told("update_task", projectId=project, taskId=task, status="in progress", agentId=ann.agent)
    assert not bob.session.in_hands, "another session has it"
    bob.session.end(rota)
    assert ann.task(project, task)["agent"] == ann.agent
    ann.done(project, task)


def test_a_lease_lost_to_a_session_of_the_same_name(rota: TestDistributor) -> None:
    ann, bob = beside(rota)
    project, (task,) = ann.project("a")
    rota.call(SetQueue(queue="taskqueue", policy=QueuePolicy(patience=0.0)))
    ann.next(project, agentId="w")
    rota.clock.advance("5m")
    assert bob.next(project, agentId="w") == task
    assert ann.next(project, agentId="w") is None
    told = ann.failed("update_task", projectId=project, taskId=task, status="done", completedDetails="x", agentId="w")
    assert told.startswith(GONE.format(task))
    bob.done(project, task, "in time", agentId="w")


def test_a_failure_is_shown_after_the_machinery_gave_the_task_back(rota: TestDistributor) -> None:
    ann, bob = Player(rota, "ann"), Player(rota, "bob")
    project, (task,) = ann.project("a")
    ann.fail(project, task, "FAILED: no disk")
    rota.clock.advance("10m")
    for _ in range(2):
        assert bob.next(project) == task
        assert bob.session is not None
        bob.session.end(rota)
        assert ann.task(project, task)["completedDetails"] == "FAILED: no disk"
    assert bob.next(project) == task
    bob.told("update_task", projectId=project, taskId=task, status="not started", completedDetails="half of it")
    assert ann.task(project, task)["completedDetails"] == "half of it"


def test_old_details_are_shown_after_the_machinery_gave_the_task_back(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, (task,) = ann.project("a")
    ann.done(project, task, "first")
    ann.told("update_task", projectId=project, taskId=task, status="in progress")
    assert ann.session is not None
    ann.session.end(rota)
    assert ann.task(project, task)["completedDetails"] == "first"


class Notes:
    """What a connection is told of calls that go on: nothing here."""

    def __call__(self, notice: object) -> None:
        raise AssertionError(notice)


def test_connections_that_name_the_same_agent_get_tasks_of_their_own(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, tasks = ann.project("a", "b")
    face = McpFace(rota._distributor)
    asked = {"tool": "get_next_task", "arguments": {"projectId": project, "agentId": "w"}}
    connections: list[Any] = []
    for number in ("a" * 32, "b" * 32):
        connection = face.open()
        connection.call("mcp.hello", {"session": number, "client": "c"}, Notes())
        answer: Any = connection.call("mcp.call", asked, Notes())
        assert [one[0] for one in answer.answer["held"]] == [tasks[len(connections)]]
        connections.append(connection)
    begun = {"projectId": project, "taskId": tasks[0], "status": "in progress", "agentId": "w"}
    taken: Any = connections[1].call("mcp.call", {"tool": "update_task", "arguments": begun}, Notes())
    assert [one[0] for one in taken["held"]] == [tasks[1]], "the other connection answers for it"
    connections[1].call("mcp.bye", {}, Notes())
    assert [ann.task(project, task)["status"] for task in tasks] == ["in progress", "not started"]
