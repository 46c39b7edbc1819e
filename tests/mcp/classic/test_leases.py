"""Several agents: who gets what, who may report for whom, and what comes back when one has gone."""

from __future__ import annotations

from typing import Any

import pytest

from rota.audit.audit import audit
from rota.faces.mcp.face import McpFace
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.read import GetHistory, ListAgents
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim
from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from rota.owner.face import Handed
from rota.testing import TestDistributor
from tests.mcp.classic.playing_agents import Player


def sound(rota: TestDistributor) -> None:
    with rota.node.store.read() as reader:
        report = audit(reader)
    assert report.clean, report.violations


def test_each_agent_gets_a_task_of_its_own_and_its_own_comes_back(rota: TestDistributor) -> None:
    ann, bob, cid = (Player(rota, name) for name in ("ann", "bob", "cid"))
    project, tasks = ann.project("a", "b")
    assert [ann.next(project), bob.next(project), cid.next(project)] == [*tasks, None]
    assert [ann.next(project), bob.next(project)] == tasks
    ann.done(project, tasks[0])
    assert cid.next(project) is None
    sound(rota)


def test_one_session_speaks_for_several_agents(rota: TestDistributor) -> None:
    lead = Player(rota, "lead")
    project, tasks = lead.project("a", "b", "c")
    assert lead.next(project, agentId="data-engineer") == tasks[0]
    assert lead.next(project, agentId="ai-engineer") == tasks[1]
    assert lead.next(project) == tasks[2]
    assert lead.next(project, agentId="data-engineer") == tasks[0]
    assert lead.task(project, tasks[0])["agent"] == "data-engineer"
    assert lead.done(project, tasks[0])["task"]["agent"] == "data-engineer", "its session reports for it"
    assert lead.done(project, tasks[1], agentId="ai-engineer")["task"]["status"] == "done"
    sound(rota)


def test_a_dispatcher_takes_several_tasks_up(rota: TestDistributor) -> None:
    lead = Player(rota, "lead")
    project, tasks = lead.project("a", "b", "c")
    for task in tasks:
        lead.told("update_task", projectId=project, taskId=task, status="in progress")
    assert [lead.task(project, task)["agent"] for task in tasks] == [lead.agent] * 3
    for task in tasks:
        lead.done(project, task)
    sound(rota)


def test_nobody_else_reports_for_a_task(rota: TestDistributor) -> None:
    ann, bob = Player(rota, "ann"), Player(rota, "bob")
    project, (task,) = ann.project("a")
    lease = ann.told("get_next_task", projectId=project)["lease"]
    before = ann.task(project, task)
    for status in ("in progress", "not started", "done"):
        told = bob.failed("update_task", projectId=project, taskId=task, status=status, completedDetails="x", title="n")
        assert f"{task} is in progress with {ann.agent} until" in told
    assert bob.failed(
        "update_task", projectId=project, taskId=task, status="done", completedDetails="x", leaseToken="0" * 16
    ).startswith(f"The lease of {task} is lost")
    assert ann.task(project, task) == before, "nothing of a call that is refused was done"
    assert bob.done(project, task, leaseToken=lease["leaseToken"])["task"]["status"] == "done"
    sound(rota)


def test_whoever_knows_the_agents_name_reports_for_it(rota: TestDistributor) -> None:
    ann, bob = Player(rota, "ann"), Player(rota, "bob")
    project, (task,) = ann.project("a")
    ann.next(project, agentId="worker-1")
    assert bob.done(project, task, agentId="worker-1")["task"]["status"] == "done"


def test_a_late_word_is_refused(rota: TestDistributor) -> None:
    ann, bob = Player(rota, "ann"), Player(rota, "bob")
    project, (task,) = ann.project("a")
    ann.next(project)
    rota.clock.advance("5m")
    assert bob.next(project) == task
    told = ann.failed("update_task", projectId=project, taskId=task, status="done", completedDetails="late")
    assert f"in progress with {bob.agent}" in told
    assert bob.done(project, task, "in time")["task"]["completedDetails"] == "in time"
    sound(rota)


def test_renewing_keeps_it(rota: TestDistributor) -> None:
    ann, bob = Player(rota, "ann"), Player(rota, "bob")
    project, (task,) = ann.project("a")
    ann.next(project)
    assert ann.session is not None
    for _ in range(20):
        rota.clock.advance("20s")
        assert ann.session.renew(rota).renewed == [task]
    assert bob.next(project) is None
    rota.clock.advance("5m")
    assert ann.session.renew(rota).lost == [task]
    assert not ann.session.in_hands


def test_what_a_session_has_goes_back_when_it_ends(rota: TestDistributor) -> None:
    ann, bob = Player(rota, "ann"), Player(rota, "bob")
    project, tasks = ann.project("a", "b", "c")
    ann.next(project)
    ann.next(project, agentId="worker-1")
    assert ann.session is not None
    ann.session.end(rota)
    assert {agent.name for agent in rota.call(ListAgents()).agents} == set(), "only that session used them"
    assert bob.next(project) == tasks[0]
    story = rota.call(GetHistory(task=tasks[0])).attempts
    assert [(one.outcome, one.counted) for one in story] == [("given_back", False)]
    sound(rota)


def test_agents_of_tools_get_nothing_they_did_not_ask_for(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, _ = ann.project("a")
    outside = rota.call(Submit(tasks=[TaskSpec(title="outside", priority="emergency")])).ids
    ann.next(project)
    rota.call(Register(agent=AgentSpec(name="worker")))
    assert [given.task for given in rota.call(Claim(agent="worker")).tasks] == outside


def test_without_a_session_it_is_only_shown(rota: TestDistributor) -> None:
    ann, nobody = Player(rota, "ann"), Player(rota, "nobody")
    nobody.session = None
    project, tasks = ann.project("a", {"priority": "high"})
    assert nobody.next(project) == nobody.next(project) == tasks[1]
    assert "lease" not in nobody.told("get_next_task", projectId=project)
    assert nobody.next(project, agentId="worker-1") == tasks[1]
    assert ann.next(project) == tasks[0]


class Notes:
    """What a connection is told of calls that go on: nothing here."""

    def __call__(self, notice: object) -> None:
        raise AssertionError(notice)


def test_a_connection_says_first_whose_it_is(rota: TestDistributor) -> None:
    face = McpFace(rota._distributor)
    connection = face.open()
    with pytest.raises(RotaError):
        connection.call("mcp.call", {"tool": "list_projects", "arguments": {}}, Notes())
    for session in (None, "short", "x" * 65, 7, "semi;colon;semi;colon"):
        with pytest.raises(RotaError):
            connection.call("mcp.hello", {"session": session}, Notes())
    assert connection.call("mcp.hello", {"session": "a" * 32, "client": "tester"}, Notes()) == {}
    answer: Any = connection.call("mcp.call", {"tool": "list_projects", "arguments": {}}, Notes())
    assert answer["held"] == []
    with pytest.raises(RotaError):
        connection.call("mcp.nonsense", {}, Notes())


def test_an_answer_that_does_not_arrive_gives_its_task_back(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, (task, _other) = ann.project("a", "b")
    connection = McpFace(rota._distributor).open()
    connection.call("mcp.hello", {"session": "c" * 32, "client": "cid"}, Notes())
    asked = {"tool": "get_next_task", "arguments": {"projectId": project}}
    answer = connection.call("mcp.call", asked, Notes())
    assert isinstance(answer, Handed)
    assert ann.task(project, task)["status"] == "in progress"
    answer.lost()
    assert ann.task(project, task)["status"] == "not started"
    assert isinstance(connection.call("mcp.call", asked, Notes()), Handed)
    again = connection.call("mcp.call", asked, Notes())
    assert isinstance(again, dict), "it had that one before: nothing is taken back when this does not arrive"


def test_the_next_owner_is_told_what_the_session_has(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, (task,) = ann.project("a")
    ann.next(project)
    assert ann.session is not None
    held = [list(one) for one in ann.session.in_hands.values()]
    connection = McpFace(rota._distributor, grace_s=0).open()
    connection.call("mcp.hello", {"session": "b" * 32, "client": "ann", "held": held}, Notes())
    renewed: Any = connection.call("mcp.renew", {}, Notes())
    assert [one[0] for one in renewed["held"]] == [task]
    connection.call("mcp.bye", {}, Notes())
    assert Player(rota, "bob").next(project) == task


def test_failures_keep_nobody_from_a_task_that_it_names(rota: TestDistributor) -> None:
    ann = Player(rota, "ann")
    project, tasks = ann.project(*"abcdef")
    for task in tasks[:5]:
        ann.fail(project, task)
    assert "breaker: " in ann.told("get_next_task", projectId=project)["message"]
    assert ann.done(project, tasks[5])["task"]["status"] == "done"
    assert (
        ann.told("update_task", projectId=project, taskId=tasks[0], status="in progress")["task"]["agent"] == ann.agent
    )
