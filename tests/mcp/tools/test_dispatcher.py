"""The dispatcher's tools, each in every case."""

from __future__ import annotations

from concurrent.futures import Future

from rota.model.commands.fleet import SetPool, SetTenant
from rota.model.queue import PoolPolicy
from rota.owner.face import Handed
from tests.engine.fleet import view
from tests.mcp.tools.desk import Desk, DeskSession, told

ROSTER = [
    {"name": "data-1", "role": "data-engineer", "skills": ["audio"], "slots": 2},
    {"name": "ai-1", "role": "ai-engineer", "skills": {"pytorch": 3, "lora": 2}},
]


def test_a_roster_is_registered_and_changed(desk: Desk) -> None:
    found = desk.call("register_roster", agents=ROSTER)
    assert found == {"registered": ["data-1", "ai-1"], "slots": 3}
    desk.call("register_roster", agents=[{"name": "ai-1", "role": "ai-engineer", "slots": 4}])
    agents = {agent["name"]: agent for agent in desk.call("list_agents")["agents"]}
    assert (agents["ai-1"]["slots"], agents["ai-1"].get("skills", {})) == (4, {})
    assert agents["data-1"]["skills"] == {"audio": 1}


def test_a_wrong_agent_of_a_roster_does_not_keep_out_the_others(memory: Desk) -> None:
    found = memory.call("register_roster", agents=[{"name": "bad", "hours": ["never"]}, {"name": "good"}])
    assert found["registered"] == ["good"]
    assert "hours" in found["refused"]["bad"]
    assert "hours" in memory.refused("register_roster", agents=[{"name": "bad", "hours": ["never"]}])["field"]


def test_tasks_are_assigned_to_whom_they_fit(desk: Desk) -> None:
    desk.call("register_roster", agents=ROSTER)
    (audio,) = desk.submit("segment", skills=["audio"])
    (train,) = desk.submit("train", role="ai-engineer")
    found = desk.call("assign_tasks", n=5)
    who = {one["task"]: one["agent"] for one in found["assignments"]}
    assert who == {audio: "data-1", train: "ai-1"}
    assert found["free"] == {"data-1": 1}
    assert all(one["token"] in one["brief"] and one["why"] for one in found["assignments"])
    assert set(desk.session.held) == {audio, train}
    for one in found["assignments"]:
        desk.call("heartbeat", **told(one))
        desk.call("complete_task", **told(one), result="done")
    assert desk.call("assign_tasks")["next"].startswith("No task is ready")


def test_assigning_says_why_nothing_was_given(memory: Desk) -> None:
    assert memory.refused("assign_tasks")["code"] == "no_agent"
    memory.call("register_roster", agents=ROSTER)
    assert "cook" in memory.refused("assign_tasks", role="cook")["message"]
    (task,) = memory.submit("cook it", skills=["cooking"])
    found = memory.call("assign_tasks")
    assert list(found["reasons"]) == [task]
    assert "cooking" in found["reasons"][task] or "nobody" in found["reasons"][task]
    memory.submit(*("train" for _ in range(4)), skills=["audio"])
    memory.call("assign_tasks", n=4, agents=["data-1"])
    busy = memory.call("assign_tasks", agents=["data-1"])
    assert busy["next"].startswith("Every agent is busy")


def test_assigning_by_role_project_task_and_request(memory: Desk) -> None:
    memory.call("register_roster", agents=ROSTER)
    one, two = memory.submit("one", "two")
    (first,) = memory.call("assign_tasks", tasks=[two], role="ai-engineer", request="r")["assignments"]
    assert (first["task"], first["agent"]) == (two, "ai-1")
    (again,) = memory.call("assign_tasks", tasks=[two], role="ai-engineer", request="r")["assignments"]
    assert told(again) == told(first)
    assert memory.call("assign_tasks", agents=["data-1"])["assignments"][0]["task"] == one


def test_an_assignment_that_waits_and_one_that_is_lost(memory: Desk) -> None:
    memory.call("register_roster", agents=ROSTER)
    waiting = memory.begin("assign_tasks", wait=30)
    assert isinstance(waiting, Future)
    (task,) = memory.submit("late")
    answer = waiting.result(timeout=0)
    assert isinstance(answer, Handed)
    answer.lost()
    assert view(memory.rota, task).state == "ready"


def test_submitting(desk: Desk) -> None:
    found = desk.call(
        "submit_tasks",
        tasks=[
            {"ref": "a", "title": "first", "unique": "u", "payload": {"x": 1}},
            {"title": "second", "after": [{"task": "a", "until": "approved"}], "deadline": "2h", "skills": ["x"]},
        ],
        key="k",
        batch="b",
    )
    assert found["refs"] == {"a": found["ids"][0]}
    assert desk.call("submit_tasks", tasks=[{"title": "again", "unique": "u"}])["existing"] == [found["ids"][0]]
    second = view(desk.rota, found["ids"][1])
    assert (second.state, second.skills, second.batch) == ("blocked", {"x": 1}, "b")
    assert desk.refused("submit_tasks", tasks=[{"title": "other"}], key="k")["code"] == "other_request"
    cycle = [{"ref": "a", "title": "a", "after": ["b"]}, {"ref": "b", "title": "b", "after": ["a"]}]
    assert desk.refused("submit_tasks", tasks=cycle)["code"] == "cycle"


def test_scheduling_one_task(memory: Desk) -> None:
    later = memory.call("schedule_task", task={"title": "look"}, start="2h", key="k")
    assert later["state"] == "scheduled"
    assert later["start"] == "2026-01-05T11:00:00.000000Z"
    assert memory.call("schedule_task", task={"title": "look"}, start="2h", key="k")["task"] == later["task"]
    assert memory.call("claim_tasks", agent="ada")["tasks"] == []
    memory.rota.clock.advance("2h")
    assert memory.claim("ada")["task"] == later["task"]
    assert memory.refused("schedule_task", task={"title": "x"}, start="yesterday")["code"] == "invalid"


def test_a_task_that_repeats(memory: Desk) -> None:
    repeat = {"name": "look", "cron": "30 9 * * *", "time_zone": "Europe/Berlin", "overlap": "skip"}
    told = memory.call("schedule_task", task={"title": "look", "skills": ["x"]}, repeat=repeat)
    assert told["schedule"] == "look"
    assert told["next"][0] == "2026-01-06T08:30:00.000000Z"
    assert "task" not in told
    memory.rota.clock.advance("2d")
    memory.rota.assert_submitted(title="look", batch="schedule:look", skills={"x": 1}, count=1)
    assert memory.refused("schedule_task", task={"title": "x"}, repeat={"name": "x"})["field"] == "repeat.cron"
    wrong = memory.refused("schedule_task", task={"title": "x"}, repeat={"name": "x", "cron": "@often"})
    assert (wrong["code"], wrong["field"]) == ("invalid", "repeat.cron")
    late = memory.refused("schedule_task", task={"title": "", "deadline": "2h"}, repeat=repeat)
    assert late["field"] == "task.title"
    assert memory.refused("schedule_task", task={"title": "x"}, start="2h", repeat=repeat)["field"] == "repeat"
    assert memory.refused("schedule_task", task={"title": "x"})["field"] == "start"
    submitter = Desk(memory.rota, DeskSession(scopes=frozenset({"read", "submit"})))
    refused = submitter.refused("schedule_task", task={"title": "x"}, repeat=repeat)
    assert (refused["code"], refused["field"]) == ("not_allowed", "repeat")


def test_matching_before_there_is_a_task_and_for_one(memory: Desk) -> None:
    memory.call("register_roster", agents=ROSTER)
    found = memory.call("match_agents", skills=["pytorch", "lora"], role="ai-engineer")
    assert [one["agent"] for one in found["recommended"]] == ["ai-1"]
    assert found["refused"]["data-1"].startswith("role")
    (task,) = memory.submit("segment", skills=["audio"])
    assert [one["agent"] for one in memory.call("match_agents", task=task)["recommended"]] == ["data-1"]
    assert memory.call("match_agents", task=task, skills={"lora": 2})["recommended"][0]["agent"] == "ai-1"
    assert memory.refused("match_agents", task="task-99")["code"] == "no_task"


def test_routing_by_hand(desk: Desk) -> None:
    desk.call("register_roster", agents=ROSTER)
    (task,) = desk.submit("segment", skills=["audio"])
    refused = desk.refused("route_task", task=task, agent="ai-1")
    assert refused["code"] == "not_eligible"
    routed = desk.call("route_task", task=task, agent="ai-1", override=True, reason="it knows it")
    assert routed == {"task": task, "state": "ready", "agent": "ai-1"}
    assert "agent" not in desk.call("route_task", task=task)
    desk.call("route_task", task=task, agent="data-1")
    assert desk.claim("data-1")["task"] == task
    assert desk.refused("route_task", task=task, agent="data-1")["code"] == "wrong_state"
    assert desk.refused("route_task", task=task, override=True)["field"] == "override"


def test_lists(memory: Desk) -> None:
    memory.call("register_roster", agents=ROSTER)
    memory.submit("one", "two")
    memory.claim("ai-1")
    agents = memory.call("list_agents")
    assert [agent["name"] for agent in agents["agents"]] == ["data-1", "ai-1"]
    assert (agents["slots"], agents["running"], agents["free"]) == (3, 1, 2)
    assert [agent["name"] for agent in memory.call("list_agents", free=True)["agents"]] == ["data-1"]
    assert [agent["name"] for agent in memory.call("list_agents", role="ai-engineer")["agents"]] == ["ai-1"]
    queues = memory.call("list_queues")
    assert (queues["waiting"], queues["running"]) == (1, 1)
    assert memory.call("list_queues", queue="default")["queues"][0]["name"] == "default"
    assert memory.refused("list_queues", queue="none")["code"] == "no_queue"


def test_explanations(memory: Desk) -> None:
    memory.call("register_roster", agents=ROSTER)
    (task,) = memory.submit("cook", skills=["cooking"])
    waits = memory.call("explain_task", task=task)
    assert waits["state"] == "ready"
    assert waits["reason"].startswith("nobody")
    assert set(waits["agents"]) == {"data-1", "ai-1"}
    agent = memory.call("explain_agent", agent="ai-1")
    assert agent["next"] == []
    assert agent["refused"][0]["code"] == "skill"
    memory.submit("one")
    given = memory.claim("ai-1")
    assert memory.call("explain_task", task=given["task"])["why"]["agent"] == "ai-1"
    memory.call("fail_task", **told(given), error="broke", retryable=False)
    dead = memory.call("explain_task", task=given["task"])
    assert "broke" in dead["attempts"][0]["error"]
    assert memory.refused("explain_task", task="x")["code"] == "invalid"
    assert memory.refused("explain_agent", agent="x")["code"] == "no_agent"


def test_policies(desk: Desk) -> None:
    queue = desk.call("set_policy", queue="train", set={"max_attempts": 2, "backoff": {"cap": 9}})
    assert queue["policy"]["max_attempts"] == 2
    assert queue["policy"]["backoff"] == {"base": 1.0, "cap": 9.0}
    again = desk.call("set_policy", queue="train", set={"approval": True})
    assert (again["policy"]["max_attempts"], again["policy"]["approval"]) == (2, True)
    pool = desk.call("set_policy", pool="default", set={"strategy": "least_loaded"})
    assert pool["policy"]["strategy"] == "least_loaded"
    assert desk.call("set_policy", tenant="acme", set={"weight": 3})["policy"] == {"weight": 3}
    limit = desk.call("set_policy", limit={"key": "tenant", "capacity": 2})
    assert limit["policy"]["key"] == "tenant"


def test_spans_of_policies_may_be_text(memory: Desk) -> None:
    times = {"term": "30s", "ttl": "1h", "backoff": {"base": "2s", "cap": 9}, "target_wait": {"high": "5m"}}
    queue = memory.call("set_policy", queue="train", set=times)["policy"]
    assert (queue["term"], queue["ttl"], queue["backoff"]) == (30, 3_600, {"base": 2, "cap": 9})
    assert queue["target_wait"] == {"high": 300}
    pool = memory.call("set_policy", pool="default", set={"avoid_s": "1m", "preempt": {"patience_s": "20s"}})["policy"]
    assert (pool["avoid_s"], pool["preempt"]["patience_s"]) == (60, 20)
    wrong = memory.refused("set_policy", queue="train", set={"backoff": {"cap": "soon"}})
    assert (wrong["field"], "'90s'" in wrong["message"]) == ("set.backoff.cap", True)


def test_policies_that_are_wrong(memory: Desk) -> None:
    assert "max_attempts" in memory.refused("set_policy", queue="q", set={"maxAttempts": 2})["message"]
    assert memory.refused("set_policy", queue="q", set={"max_attempts": "two"})["field"] == "set.max_attempts"
    assert memory.refused("set_policy", queue="q")["field"] == "set"
    assert memory.refused("set_policy", queue="q", pool="p", set={"x": 1})["field"] == "queue"
    assert "strategy" in memory.refused("set_policy", pool="default", set={"strategy": "magic"})["field"]
    assert memory.refused("set_policy", tenant="t", set={"weight": "x"})["field"] == "set"
    assert memory.refused("set_policy", limit={"key": "tenant", "capacity": 2}, set={"x": 1})["field"] == "set"


def test_holding_draining_and_redriving(desk: Desk) -> None:
    desk.call("register_roster", agents=ROSTER)
    one, two = desk.submit("one", "two")
    assert desk.call("hold", tasks=[one], reason="wait")["tasks"] == [one]
    assert desk.claim("ai-1")["task"] == two
    assert desk.call("hold", tasks=[one], release=True)["tasks"] == [one]
    assert desk.call("hold", queue="default")["queue"] == "default"
    assert desk.call("claim_tasks", agent="data-1")["tasks"] == []
    desk.call("hold", queue="default", release=True)
    assert desk.call("drain", agent="data-1", reason="update")["state"] == "draining"
    assert desk.call("claim_tasks", agent="data-1")["tasks"] == []
    assert desk.call("drain", agent="data-1", release=True)["state"] == "active"
    held = desk.claim("data-1")
    desk.call("fail_task", **told(held), error="x", retryable=False)
    assert desk.call("redrive", queue="default")["tasks"] == [one]
    assert desk.call("redrive", queue="default")["tasks"] == []
    assert desk.refused("redrive", tasks=[one])["code"] == "wrong_state"
    assert desk.refused("hold", tasks=["task-99"])["code"] == "no_task"
    assert desk.refused("hold")["field"] == "tasks"
    assert desk.refused("redrive")["field"] == "tasks"


def test_some_changed_and_some_refused(memory: Desk) -> None:
    (one,) = memory.submit("one")
    found = memory.call("hold", tasks=[one, "task-99"])
    assert found["tasks"] == [one]
    assert list(found["refused"]) == ["task-99"]


def test_the_context_takes_the_envelope_and_answers_all_five(desk: Desk) -> None:
    desk.call("register_roster", agents=ROSTER)
    desk.rota.call(SetTenant(tenant="acme", weight=2))
    desk.rota.call(SetPool(pool="default", policy=PoolPolicy(strategy="weighted")))
    desk.call("set_policy", queue="small", set={"depth": 2, "approval": True})
    desk.call("set_policy", limit={"key": "tenant", "capacity": 2})
    desk.submit("a", "b", queue="small", priority="critical", tenant="acme")
    found = desk.call(
        "get_distribution_context",
        requesting_agent="task-distributor",
        request_type="get_distribution_context",
        payload={"query": "Distribution context needed: task volumes, agent capacities."},
    )
    assert found["requesting_agent"] == "task-distributor"
    volumes = found["task_volumes"]
    assert (volumes["waiting"], volumes["by_priority"]["critical"], volumes["by_tenant"]) == (2, 2, {"acme": 2})
    assert found["agent_capacities"]["free"] == 3
    assert found["agent_capacities"]["by_skill"]["audio"] == 2
    assert found["priority_schemes"]["strategies"]["default"] == "weighted"
    assert found["priority_schemes"]["tenants"]["acme"] == 2
    assert found["performance_targets"]["targets"]["distribution_latency"] == 0.05
    assert found["constraints"]["depth"] == {"small": 2}
    assert found["constraints"]["review"] == ["small"]
    assert found["constraints"]["limits"][0]["unit"] == "concurrency"
    assert any("small is 100% full" in finding for finding in found["findings"])
    assert desk.call("get_distribution_context")["request_type"] == "get_distribution_context"
    assert desk.refused("get_distribution_context", request_type="other")["field"] == "request_type"


def test_an_empty_database_has_a_context_and_a_status(memory: Desk) -> None:
    assert memory.call("get_distribution_context")["agent_capacities"]["agents"] == 0
    status = memory.call("distribution_status")
    assert status["status"] == "idle"
    assert {figure["value"] for figure in status["figures"].values()} <= {None, 1.0, 0.0}
    assert all(figure.get("note") for figure in status["figures"].values() if figure["value"] is None)


def test_what_a_simulation_refuses_is_told_by_the_tool_s_own_arguments(memory: Desk) -> None:
    memory.call("register_roster", agents=[{"name": "ada"}])
    memory.submit("never done, and nobody said how long it takes")
    unknown = memory.refused("simulate")
    assert (unknown["code"], unknown["field"]) == ("invalid", "set")
    assert unknown["message"].endswith('or take set: {"run": 60}')
    for text in ("--set", "/", ".jsonl", '{"error"'):
        assert text not in unknown["message"]
    assert memory.call("simulate", set={"run": 60})["tasks"] == 1
    wrong = memory.refused("simulate", set={"run": 60, "agent.zed.fail": 0.1})
    assert (wrong["field"], wrong["message"]) == ("set.agent.zed.fail", "no agent is called 'zed'; there are ada")
    entry = memory.refused("simulate", compare=["default", "queue.ordering=none"], set={"run": 60})
    assert entry["field"] == "compare"
    assert "'none'" in entry["message"]
