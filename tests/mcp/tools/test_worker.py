"""The worker's tools, each in every case."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from rota.faces.mcp.worker.heartbeat import CANCEL, GO_ON, LOST, PREEMPT
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register, SetPool
from rota.model.commands.read import GetHistory
from rota.model.commands.submit import Cancel, Submit
from rota.model.queue import PoolPolicy, Preemption
from rota.model.task import TaskSpec
from rota.owner.face import Handed
from tests.engine.fleet import attempts, view
from tests.mcp.tools.desk import Desk, told


def test_a_claim_registers_the_agent_and_gives_the_best_task(desk: Desk) -> None:
    desk.submit("low one", priority="low")
    (high,) = desk.submit("high one", priority="high", skills=["python"])
    task = desk.claim("ada", skills=["python"], role="coder")
    assert task["task"] == high
    assert task["agent"] == "ada"
    assert desk.session.held == {high: task["token"]}
    (agent,) = desk.call("list_agents")["agents"]
    assert (agent["role"], agent["skills"], agent["running"]) == ("coder", {"python": 1}, 1)


def test_a_known_agent_keeps_what_it_does_not_say_anew(memory: Desk) -> None:
    spec = AgentSpec(name="ada", role="coder", skills={"python": 3}, slots=8, least_slots=2, region="eu")
    memory.rota.call(Register(agent=spec))
    memory.call("claim_tasks", agent="ada")
    memory.call("claim_tasks", agent="ada", skills={"python": 4, "sql": 1})
    (agent,) = memory.call("list_agents")["agents"]
    assert (agent["role"], agent["skills"], agent["region"]) == ("coder", {"python": 4, "sql": 1}, "eu")


def test_without_a_name_the_session_claims(memory: Desk) -> None:
    memory.submit("one")
    assert memory.call("claim_tasks")["tasks"][0]["agent"] == "desk"


def test_two_agents_never_get_the_same_task(desk: Desk) -> None:
    desk.submit(*(f"task {n}" for n in range(20)))
    got: list[str] = []
    for round_ in range(10):
        for agent in ("ada", "bob"):
            task = desk.claim(agent)
            got.append(task["task"])
            if round_ % 2:
                desk.call("complete_task", **told(task))
            else:
                desk.call("heartbeat", **told(task))
                desk.call("complete_task", **told(task))
    assert len(set(got)) == len(got) == 20


def test_what_is_said_when_nothing_is_given(memory: Desk) -> None:
    nothing = memory.call("claim_tasks", agent="ada")
    assert nothing["tasks"] == []
    assert "no work left" in nothing["next"]
    memory.submit("for a cook", role="cook")
    assert "1 tasks wait" in memory.call("claim_tasks", agent="ada")["next"]
    memory.submit("one")
    memory.claim("ada")
    other = memory.call("claim_tasks", agent="ada")
    assert (other["waiting"], other["running"]) == (1, 1)


def test_a_claim_that_waits_gets_what_comes(memory: Desk) -> None:
    waiting = memory.begin("claim_tasks", agent="ada", wait=30)
    assert isinstance(waiting, Future)
    assert not waiting.done()
    (task,) = memory.submit("late")
    answer = waiting.result(timeout=0)
    assert isinstance(answer, Handed)
    assert answer.answer["structuredContent"]["tasks"][0]["task"] == task


def test_a_claim_that_waits_in_vain_says_so(memory: Desk) -> None:
    assert memory.call("claim_tasks", agent="ada", wait=5)["tasks"] == []


def test_a_cancelled_claim_strands_nothing(memory: Desk) -> None:
    waiting = memory.begin("claim_tasks", agent="ada", wait=30)
    assert waiting.cancel()
    (task,) = memory.submit("one")
    assert memory.claim("bob")["task"] == task


def test_an_answer_that_does_not_arrive_gives_back(memory: Desk) -> None:
    (task,) = memory.submit("one")
    answer = memory.begin("claim_tasks", agent="ada")
    answer.lost()
    assert view(memory.rota, task).state == "ready"
    assert memory.session.held == {}
    assert memory.claim("bob")["attempt"] == 2
    assert not attempts(memory.rota, task)[0].counted


def test_the_same_request_gets_the_same_task(memory: Desk) -> None:
    memory.submit("one", "two")
    first = memory.claim("ada", request="r1")
    assert told(memory.claim("ada", request="r1")) == told(first)


def test_a_claim_of_chosen_tasks_and_projects(memory: Desk) -> None:
    one, two = memory.submit("one", "two")
    assert memory.claim("ada", tasks=[two])["task"] == two
    memory.refused("claim_tasks", agent="bob", project="proj-99")
    assert memory.claim("bob")["task"] == one


def test_heartbeats_renew_and_tell(desk: Desk) -> None:
    desk.submit("one", "two")
    desk.call("register_roster", agents=[{"name": "ada", "slots": 2}])
    one, two = desk.call("claim_tasks", agent="ada", n=2)["tasks"]
    desk.rota.clock.advance(40)
    beaten = desk.call("heartbeat", **told(one), progress=0.5, notes="half", also=[told(two)])
    assert beaten["do"] == {one["task"]: GO_ON, two["task"]: GO_ON}
    desk.rota.clock.advance(40)
    assert view(desk.rota, one["task"]).state == "running"
    assert view(desk.rota, one["task"]).progress == 0.5
    desk.rota.call(Cancel(tasks=[one["task"]]))
    assert desk.call("heartbeat", **told(one))["do"][one["task"]] == CANCEL
    desk.rota.clock.advance(61)
    lost = desk.call("heartbeat", **told(two))
    assert lost["lost"] == [two["task"]]
    assert lost["do"][two["task"]] == LOST
    assert two["task"] not in desk.session.held


def test_a_heartbeat_of_another_session_counts_for_the_agent_that_has_the_task(memory: Desk) -> None:
    memory.submit("one")
    task = memory.claim("ada")
    other = Desk(memory.rota)
    assert other.call("heartbeat", **told(task))["renewed"] == [task["task"]]


def test_a_heartbeat_says_when_to_give_way(memory: Desk) -> None:
    memory.rota.call(SetPool(pool="default", policy=PoolPolicy(preempt=Preemption(patience_s=0.0))))
    memory.submit("slow", priority="low")
    task = memory.claim("ada")
    memory.rota.call(Submit(tasks=[TaskSpec(title="fire", priority="emergency")]))
    waiting = memory.begin("claim_tasks", agent="ada", wait=45)
    beaten: dict[str, Any] = {}
    for _ in range(20):
        memory.rota.clock.advance(1)
        beaten = memory.call("heartbeat", **told(task))
        if beaten["do"][task["task"]] == PREEMPT:
            break
    assert beaten["preempt"] == [task["task"]]
    memory.call("give_back_task", **told(task), checkpoint={"at": 3})
    waiting.cancel()


def test_done_with_a_result_for_those_that_wait(desk: Desk) -> None:
    ids = desk.call("submit_tasks", tasks=[{"ref": "a", "title": "first"}, {"title": "second", "after": ["a"]}])
    first = desk.claim()
    done = desk.call("complete_task", **told(first), result={"clips": 1847}, usage={"tokens": 12}, cost=0.5)
    assert done["state"] == "done"
    assert desk.session.held == {}
    second = desk.claim()
    assert second["task"] == ids["ids"][1]
    assert '{"clips":1847}' in second["brief"]
    assert f'<data source="{first["task"]} result">' in second["brief"]


def test_under_review(memory: Desk) -> None:
    memory.submit("one", approval=True)
    task = memory.claim()
    done = memory.call("complete_task", **told(task), result="r")
    assert done["state"] == "review"
    assert memory.call("reject_task", task=task["task"], reason="WER too high")["tasks"] == [task["task"]]
    assert memory.refused("reject_task", task=task["task"], reason="again")["code"] == "wrong_state"
    memory.rota.clock.advance("10m")
    again = memory.claim()
    assert "WER too high" in again["brief"]


@pytest.mark.parametrize("tool", ["complete_task", "fail_task", "give_back_task", "ask"])
def test_a_late_word_is_refused(memory: Desk, tool: str) -> None:
    memory.submit("one")
    task = memory.claim()
    memory.rota.clock.advance("2m")
    more: dict[str, Any] = {"fail_task": {"error": "x"}, "ask": {"question": "x"}}.get(tool, {})
    error = memory.refused(tool, **told(task), **more)
    assert error["code"] == "lease_lost"
    assert "drop the work" in error["fix"]


def test_a_failure_is_tried_again_by_another_with_the_story(desk: Desk) -> None:
    desk.submit("one")
    desk.call("register_roster", agents=[{"name": "ada"}, {"name": "bob"}])
    task = desk.claim("ada")
    failed = desk.call("fail_task", **told(task), error="GPU out of memory", notes="batch 64", checkpoint={"epoch": 2})
    assert failed["state"] == "scheduled"
    assert failed["start"]
    again = desk.claim("bob", wait=45)
    assert again["attempt"] == 2
    for text in ("GPU out of memory", "batch 64", '{"epoch":2}', "attempt 1 by ada"):
        assert text in again["brief"]


def test_failures_that_end_it(memory: Desk) -> None:
    memory.submit("one")
    assert memory.call("fail_task", **told(memory.claim()), error="bad task", retryable=False)["state"] == "dead"


def test_a_failure_with_a_time_and_with_a_limit(memory: Desk) -> None:
    one, two = memory.submit("one", "two", limits=["openai"])
    task = memory.claim()
    limited = memory.call("fail_task", **told(task), error="429", retry_at="10m", limit="openai")
    assert limited["state"] in ("ready", "scheduled")
    assert not attempts(memory.rota, task["task"])[0].counted
    assert memory.call("claim_tasks", agent="bob")["tasks"] == []
    memory.rota.clock.advance("11m")
    assert memory.claim("bob")["task"] in (one, two)
    later = memory.claim("ada")
    assert memory.call("fail_task", **told(later), error="not now", retry_at="1h")["state"] == "scheduled"


def test_a_task_that_needs_others_first_waits_for_them(desk: Desk) -> None:
    (task,) = desk.submit("train")
    held = desk.claim("ada")
    blocked = desk.call(
        "fail_task",
        **told(held),
        error="there is no data set",
        blocked_by=[
            {"ref": "data", "title": "make the data set", "skills": ["audio"]},
            {"title": "check it", "after": ["data"]},
        ],
        notes="needs 24 kHz",
    )
    assert blocked["state"] == "blocked"
    data, check = blocked["blocked_by"]
    found = view(desk.rota, task)
    assert (found.state, sorted(found.after), found.attempts) == ("blocked", sorted([data, check]), 0)
    told_of = desk.rota.call(GetHistory(task=task)).attempts
    assert [(one.outcome, one.error) for one in told_of] == [("given_back", "there is no data set")]
    assert "limit" not in str(desk.call("explain_task", task=task))
    assert desk.session.held == {}
    first = desk.claim("bob", skills=["audio"])
    assert first["task"] == data
    desk.rota.clock.advance(10)
    assert view(desk.rota, task).state == "blocked", "whatever time passes"
    desk.call("complete_task", **told(first), result="path/to/data")
    desk.call("complete_task", **told(desk.claim("bob")))
    again = desk.claim("ada")
    assert again["task"] == task, "at once"
    for text in ("there is no data set", "needs 24 kHz", "path/to/data"):
        assert text in again["brief"]


def test_what_a_blocked_task_waited_for_before_stays_judged(memory: Desk) -> None:
    """Its first parent died and it runs all the same: blocking it again must not cancel it for that."""
    memory.call(
        "submit_tasks",
        tasks=[{"ref": "p", "title": "parent"}, {"title": "child", "after": [{"task": "p", "rule": "run"}]}],
    )
    memory.call("fail_task", **told(memory.claim()), error="x", retryable=False)
    child = memory.claim()
    blocked = memory.call("fail_task", **told(child), error="y", blocked_by=[{"title": "more"}])
    assert view(memory.rota, child["task"]).state == "blocked"
    memory.call("fail_task", **told(memory.claim()), error="z", retryable=False)
    assert view(memory.rota, child["task"]).state == "held"
    assert blocked["next"].endswith("it is held.")


def test_blockers_are_not_submitted_for_a_lost_lease(memory: Desk) -> None:
    memory.submit("one")
    task = memory.claim()
    memory.rota.clock.advance("2m")
    error = memory.refused("fail_task", **told(task), error="x", blocked_by=[{"title": "never"}])
    assert error["code"] == "lease_lost"
    memory.rota.refute_submitted(title="never")


def test_blockers_that_are_wrong(memory: Desk) -> None:
    memory.submit("one")
    task = memory.claim()
    own = {"title": "x", "after": [task["task"]]}
    assert memory.refused("fail_task", **told(task), error="x", blocked_by=[own])["field"] == "blocked_by"
    both = memory.refused("fail_task", **told(task), error="x", retryable=False, blocked_by=[{"title": "x"}])
    assert both["field"] == "blocked_by"
    bad = memory.refused("fail_task", **told(task), error="x", blocked_by=[{"title": ""}])
    assert "title" in bad["field"]
    assert view(memory.rota, task["task"]).state == "running"
    memory.rota.refute_submitted(title="x")


def test_a_question_and_its_answer(desk: Desk) -> None:
    (task,) = desk.submit("one")
    held = desk.claim("ada")
    asked = desk.call("ask", **told(held), question="May I drop short clips?", checkpoint={"at": 5})
    assert asked["state"] == "asked"
    assert desk.call("claim_tasks", agent="bob")["tasks"] == []
    told_of = desk.call("distribution_status", notice=False)["attention"]
    assert [(one["what"], one["name"], one["do"]) for one in told_of] == [("asked", task, "answer")]
    assert "May I drop short clips?" in told_of[0]["text"]
    desk.call("answer", task=task, answer="Yes, do.")
    again = desk.claim("ada")
    assert "Yes, do." in again["brief"]
    assert '{"at":5}' in again["brief"]


def test_given_back_it_keeps_its_place(memory: Desk) -> None:
    one, _two = memory.submit("one", "two")
    task = memory.claim()
    back = memory.call("give_back_task", **told(task), reason="shutting down", checkpoint=[1])
    assert back["state"] == "ready"
    again = memory.claim("bob")
    assert (again["task"], again["attempt"]) == (one, 2)
    assert view(memory.rota, one).attempts == 0
    assert "[1]" in again["brief"]
