"""A dispatcher's whole session, from the roster to the delivery notice, as the seeds tell it."""

from __future__ import annotations

import re
from math import ceil
from pathlib import Path
from typing import Any

from rota.model.commands.fleet import CreateProject
from rota.model.project import ProjectSpec
from rota.model.task import TaskSpec
from tests.engine.fleet import view
from tests.mcp.tools.desk import Desk, DeskSession, told

ROSTER: list[dict[str, Any]] = [
    {"name": "data-1", "role": "data-engineer", "skills": ["audio"]},
    {"name": "ai-1", "role": "ai-engineer", "skills": ["pytorch", "lora"]},
    {"name": "ai-2", "role": "ai-engineer", "skills": ["pytorch", "lora"]},
]


def project(desk: Desk, title: str = "voice cloning") -> str:
    made = desk.rota.call(CreateProject(project=ProjectSpec(title=title)))
    found: str = made.project
    return found


def test_the_voice_project_from_roster_to_notice(desk: Desk) -> None:
    number = project(desk)
    desk.call("register_roster", agents=ROSTER)
    tasks = [
        {
            "ref": "data",
            "title": "Prepare training dataset",
            "description": "Use voice-dataset-kit to segment audio.",
            "payload": {
                "toolRecommendations": "voice-dataset-kit CLI",
                "ruleRecommendations": "24kHz sample rate, 5-15s segments",
            },
            "skills": ["audio"],
        },
        {"ref": "lora", "title": "Configure LoRA training", "role": "ai-engineer"},
        {"ref": "train", "title": "Train model with monitoring", "role": "ai-engineer", "after": ["data", "lora"]},
        {"title": "Evaluate model quality", "after": ["train"], "approval": True, "deadline": "1d"},
    ]
    ids = desk.call("submit_tasks", tasks=tasks, project=number)["ids"]
    context = desk.call("get_distribution_context")
    assert context["task_volumes"]["waiting"] == 2
    assert context["task_volumes"]["aside"] == {"blocked": 2}

    first = desk.call("assign_tasks", n=3, project=number)["assignments"]
    assert {one["task"] for one in first} == set(ids[:2])
    brief = next(one["brief"] for one in first if one["task"] == ids[0])
    assert re.search(
        r"Tool recommendations: <data source=\"task-\d+ toolRecommendations\">voice-dataset-kit CLI", brief
    )
    assert "Quality standards: <data" in brief
    desk.rota.clock.advance(30)
    for one in first:
        desk.call("heartbeat", **told(one), progress=0.5)
        desk.call("complete_task", **told(one), result="1847 clips")

    desk.call("submit_tasks", tasks=[{"title": "Fix GPU OOM", "priority": "critical"}], project=number)
    fix, train = desk.call("assign_tasks", n=2, project=number)["assignments"]
    assert fix["priority"] == "critical"
    assert train["task"] == ids[2]
    failed = desk.call("fail_task", **told(train), error="OOM after 2 epochs")
    assert failed["state"] == "scheduled"
    desk.call("complete_task", **told(fix))
    (retry,) = desk.call("assign_tasks", agents=["ai-1", "ai-2"], project=number, wait=45)["assignments"]
    assert retry["agent"] != train["agent"]
    assert "OOM after 2 epochs" in retry["brief"]
    desk.call("complete_task", **told(retry), result={"loss": 0.1})
    (evaluate,) = desk.call("assign_tasks", project=number)["assignments"]
    desk.call("complete_task", **told(evaluate), result="WER 9 %")

    status = desk.call("distribution_status", project=number)
    assert status["status"] == "waiting"
    assert [(one["what"], one["name"]) for one in status["attention"]] == [("review", ids[3])]
    assert "notice" not in status
    desk.call("reject_task", task=ids[3], reason="WER must be below 7 %")
    (again,) = desk.call("assign_tasks", project=number, wait=45)["assignments"]
    assert "WER must be below 7 %" in again["brief"]
    desk.call("complete_task", **told(again), result="WER 6 %")
    desk.rota.run("approve", {"tasks": [ids[3]]})

    status = desk.call("distribution_status", project=number)
    assert status["status"] == "completed"
    assert status["tasks"] == {"done": 5}
    assert status["progress"]["tasks_distributed"] == "7"
    assert status["progress"]["completion_rate"] == "100%"
    assert status["progress"]["deadline_success"] == "100%"
    assert status["progress"]["priority_respected"] == "100%"
    notice = status["notice"]
    assert notice.startswith("Task distribution completed. Distributed 7 tasks with ")
    assert "too little history: 5 tasks done" in notice
    assert desk.session.held == {}


def busy_project(desk: Desk, tasks: int) -> str:
    """A project of tasks that differ in length, done by three agents of whom one is slow to come."""
    number = project(desk)
    desk.call("register_roster", agents=ROSTER)
    specs = [TaskSpec(title=f"t{n}", project=number, estimate=10 + 50 * (n % 4 == 0)) for n in range(tasks)]
    desk.rota.run("submit", {"tasks": [{"title": s.title, "project": number, "estimate": s.estimate} for s in specs]})
    running: dict[str, tuple[float, dict[str, Any]]] = {}
    for _ in range(10_000):
        found = desk.call("assign_tasks", n=3, project=number)["assignments"]
        for one in found:
            running[one["task"]] = (desk.rota.clock.seconds + one["estimate_s"], one)
        if not running:
            return number
        at = min(end for end, _one in running.values())
        if at > desk.rota.clock.seconds:
            desk.rota.clock.advance(max(1, min(ceil(at - desk.rota.clock.seconds), 20)))
        for task, (end, one) in list(running.items()):
            if end <= desk.rota.clock.seconds:
                desk.call("complete_task", **told(one))
                del running[task]
            else:
                desk.call("heartbeat", **told(one))
    raise AssertionError("never done")


def test_the_notice_says_how_much_waiting_was_saved(memory: Desk) -> None:
    number = busy_project(memory, 80)
    status = memory.call("distribution_status", project=number)
    assert status["status"] == "completed"
    waits = status["waits"]
    assert waits["n"] == 80
    assert 0 < waits["mean_s"] < waits["round_robin_mean_s"]
    assert waits["cut"] == 1 - waits["mean_s"] / waits["round_robin_mean_s"]
    assert "Reduced task wait time by " in status["notice"]
    assert "against round robin, in a replay of 80 tasks." in status["notice"]
    for name in ("load_variance", "utilisation"):
        figure = status["figures"][name]
        assert figure["n"] > 0
        assert figure["window_s"] > 0
        assert figure["met"] is not None
    assert status["figures"]["distribution_latency"]["n"] == 80
    assert "waits" not in memory.call("distribution_status", project=number, notice=False)


def test_fairness_is_measured_between_tenants_that_wait(memory: Desk) -> None:
    memory.call("register_roster", agents=[{"name": "ada"}])
    for tenant in ("acme", "zeta"):
        memory.submit(*(f"{tenant} {n}" for n in range(6)), tenant=tenant)
    for _ in range(12):
        (one,) = memory.call("assign_tasks")["assignments"]
        memory.rota.clock.advance(10)
        memory.call("complete_task", **told(one))
    figure = memory.call("distribution_status")["figures"]["fairness"]
    assert figure["value"] > 0.95
    assert (figure["n"], figure["met"]) == (2, True)
    assert 80 <= figure["window_s"] <= 120


def test_of_a_batch_and_of_what_there_is_not(memory: Desk) -> None:
    memory.call("submit_tasks", tasks=[{"title": "a"}, {"title": "b"}], batch="night")
    memory.call("complete_task", **told(memory.claim()))
    status = memory.call("distribution_status", batch="night")
    assert status["status"] == "distributing"
    assert status["tasks"] == {"done": 1, "ready": 1}
    assert memory.refused("distribution_status", batch="none")["field"] == "batch"
    assert memory.refused("distribution_status", project="proj-9")["code"] == "no_project"
    assert memory.refused("distribution_status", project="p", batch="b")["field"] == "batch"


def test_targets_come_from_the_fleet_file(memory: Desk, tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text('[targets]\ncompletion_rate = 0.5\ndistribution_latency = "2m"\n')
    below = tmp_path / "src"
    below.mkdir()
    desk = Desk(memory.rota, DeskSession(folder=str(below)))
    goals = desk.call("get_distribution_context")["performance_targets"]
    assert (goals["source"], goals["targets"]["distribution_latency"]) == ("fleet.toml", 120.0)
    desk.submit("one", "two")
    desk.call("complete_task", **told(desk.claim()))
    desk.call("fail_task", **told(desk.claim()), error="x", retryable=False)
    figure = desk.call("distribution_status")["figures"]["completion_rate"]
    assert (figure["value"], figure["n"], figure["goal"], figure["met"]) == (0.5, 2, 0.5, True)
    (tmp_path / "fleet.toml").write_text("[targets]\ncompletion = 1\n")
    assert "completion_rate" in desk.refused("distribution_status")["message"]


def test_a_simulation_compares_and_changes_nothing(memory: Desk) -> None:
    number = busy_project(memory, 24)
    (waiting,) = memory.submit("not yet done", estimate=5)
    found = memory.call(
        "simulate",
        compare=["default", "round_robin", "queue.ordering=shortest"],
        add_agents=[{"name": "ai-3", "role": "ai-engineer"}],
        drop_agents=["data-1"],
    )
    assert (found["tasks"], found["agents"]) == (25, 3)
    assert set(found["results"]) == {"default", "round_robin", "queue.ordering=shortest"}
    waits = {name: result["mean_wait_s"] for name, result in found["results"].items()}
    assert waits[found["best"]] == min(waits.values())
    fewer = memory.call("simulate", drop_agents=["ai-1", "ai-2"])
    assert fewer["results"]["default"]["mean_wait_s"] > 2 * waits["default"]
    only = memory.call("simulate", project=number, tasks=10, set={"pace": 2})
    assert only["tasks"] == 10
    assert list(only["results"]) == ["default"]
    assert view(memory.rota, waiting).state == "ready"
    assert len(memory.call("list_agents")["agents"]) == 3


def test_a_simulation_that_can_not_be(memory: Desk) -> None:
    memory.call("register_roster", agents=ROSTER)
    assert "no task to rehearse" in memory.refused("simulate")["message"]
    memory.submit("a", estimate=1)
    assert "magic" in memory.refused("simulate", compare=["magic"])["message"]
    assert memory.refused("simulate", drop_agents=["nobody"])["code"] == "no_agent"
    gone = memory.refused("simulate", drop_agents=[one["name"] for one in ROSTER])
    assert gone["field"] == "drop_agents"
    assert memory.refused("simulate", compare=["fifo", "fifo"])["field"] == "compare"
    assert "took too long" in memory.refused("simulate", seconds=0.001)["message"]
