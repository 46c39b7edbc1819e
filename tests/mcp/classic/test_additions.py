"""What the tools take and tell beyond taskqueue-mcp."""

from __future__ import annotations

from typing import Any

import pytest

from rota.audit.audit import audit
from rota.faces.mcp.classic.errors import ProtocolError
from rota.faces.mcp.classic.specs import QUEUE
from rota.model.commands.fleet import PauseQueue, SetQueue
from rota.model.commands.read import GetQueue, GetTask
from rota.model.commands.submit import Hold
from rota.model.queue import QueuePolicy
from rota.testing import TestDistributor
from tests.mcp.classic.playing_agents import Player


@pytest.fixture
def ann(rota: TestDistributor) -> Player:
    return Player(rota, "ann")


def test_wishes_are_kept_and_shown(ann: Player) -> None:
    wishes: dict[str, Any] = {
        "priority": "High", "kind": "training", "skills": ["pytorch", "lora"], "role": "ai-engineer",
        "deadline": "2026-02-01T00:00:00Z", "estimate": "20m", "tenant": "acme",
    }  # fmt: skip
    project, (task,) = ann.project(wishes)
    shown = ann.task(project, task)
    assert shown | wishes == shown | {"priority": "High", "skills": ["pytorch", "lora"], "estimate": "20m",
                                      "deadline": "2026-02-01T00:00:00Z"}  # fmt: skip
    assert (shown["priority"], shown["kind"], shown["skills"], shown["role"], shown["estimate"], shown["tenant"]) == (
        "high", "training", {"pytorch": 1, "lora": 1}, "ai-engineer", 1200.0, "acme",
    )  # fmt: skip
    assert shown["deadline"] == "2026-02-01T00:00:00.000000Z"


def test_what_can_be_changed_while_it_waits(ann: Player) -> None:
    project, (task,) = ann.project({"estimate": "20m", "group": "g"})
    ann.told("update_task", projectId=project, taskId=task, kind="review", estimate=90, group="h")
    shown = ann.task(project, task)
    assert (shown["kind"], shown["estimate"], shown["group"]) == ("review", 90.0, "h")
    assert "tenant" in ann.failed("update_task", projectId=project, taskId=task, tenant="acme")
    assert ann.next(project) == task
    assert "running" in ann.failed("update_task", projectId=project, taskId=task, kind="other")


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("Priority: CRITICAL - blocks all downstream work", "critical"),
        ("be quick; priority = low", "low"),
        ("priority:emergency", "emergency"),
        ("Priority: urgent", None),
        ("no priorities here: critical", None),
    ],
)
def test_a_priority_is_read_from_the_rules_and_echoed(ann: Player, text: str, priority: str | None) -> None:
    made = ann.told(
        "create_project", initialPrompt="p", tasks=[{"title": "t", "description": "d", "ruleRecommendations": text}]
    )
    assert made["tasks"][0].get("priority") == priority
    assert ann.task(made["projectId"], made["tasks"][0]["id"]).get("priority") == priority
    both = {"title": "t", "description": "d", "ruleRecommendations": text, "priority": "high"}
    added = ann.told("add_tasks_to_project", projectId=made["projectId"], tasks=[both])
    assert added["newTasks"][0]["priority"] == "high", "what is said outright counts"


def test_the_critical_one_comes_first(ann: Player) -> None:
    project, _ = ann.project("a", "b")
    fix = ann.told("create_task", projectId=project, title="fix", description="d", priority="critical")["newTasks"][0]
    assert ann.next(project) == fix["id"]


def test_tasks_wait_for_each_other_by_ref_title_and_id(ann: Player) -> None:
    project, tasks = ann.project(
        {"title": "last", "dependsOn": ["first", "m"]},
        {"title": "first"},
        {"title": "middle", "ref": "m", "dependsOn": ["first"]},
    )
    last, first, middle = tasks
    assert ann.task(project, last)["dependsOn"] == [first, middle]
    assert ann.task(project, last)["state"] == "blocked"
    (late,) = ann.told("create_task", projectId=project, title="x", description="d", dependsOn=[last])["newTasks"]
    order = []
    while (task := ann.next(project)) is not None:
        order.append(task)
        ann.done(project, task, f"did {task}")
    assert order == [first, middle, last, late["id"]]


def test_among_equals_they_go_in_the_order_they_were_created(ann: Player, rota: TestDistributor) -> None:
    project, (first, second, third) = ann.project({"estimate": "2h"}, {}, {"kind": "quick"})
    ann.done(project, second)
    rota.clock.advance("1m")
    (late,) = ann.told("create_task", projectId=project, title="x", description="d", estimate="1s")["newTasks"]
    order = []
    while (task := ann.next(project)) is not None:
        order.append(task)
        ann.done(project, task)
    assert order == [first, third, late["id"]]


def test_results_of_parents_come_with_the_task(ann: Player) -> None:
    project, (first, second) = ann.project({"ref": "a"}, {"dependsOn": ["a"]})
    ann.done(project, first, "Zoë's dataset")
    found = ann.told("get_next_task", projectId=project)
    assert found["task"]["id"] == second
    assert found["results"] == [{"id": first, "title": "t", "state": "review", "result": "Zoë's dataset"}]


def test_a_new_task_blocks_others(ann: Player) -> None:
    project, (first, second) = ann.project("a", "b")
    (fix,) = ann.told("create_task", projectId=project, title="fix", description="d", blocks=[first])["newTasks"]
    assert ann.next(project) == fix["id"], "it is wanted as soon as what it blocks"
    ann.done(project, fix["id"])
    assert ann.next(project) == first
    ann.done(project, first)
    assert ann.next(project) == second
    made = ann.project({"title": "x"}, {"title": "y", "blocks": ["x"]})
    assert ann.next(made[0]) == made[1][1]


def test_blocking_by_update(ann: Player) -> None:
    project, (first, second) = ann.project("a", "b")
    assert ann.told("update_task", projectId=project, taskId=second, blocks=[first])["task"]["id"] == second
    assert ann.task(project, first)["dependsOn"] == [second]
    ann.told("update_task", projectId=project, taskId=first, dependsOn=[])
    assert "dependsOn" not in ann.task(project, first)


def test_what_can_not_wait_is_refused_and_nothing_is_created(ann: Player) -> None:
    project, (first,) = ann.project("a")
    ann.done(project, first)
    told = ann.failed("create_task", projectId=project, title="x", description="d", blocks=[first])
    assert told == f"blocks: {first} is review and can not wait for anything any more"
    assert (
        ann.failed("create_task", projectId=project, title="x", description="d", blocks=["task-99999"])
        == "blocks: Task task-99999 not found"
    )
    assert "neither a task id nor the ref or title" in ann.failed(
        "create_task", projectId=project, title="x", description="d", dependsOn=["nobody"]
    )
    cycle = [
        {"title": "x", "description": "d", "dependsOn": ["y"]},
        {"title": "y", "description": "d", "dependsOn": ["x"]},
    ]
    assert "wait for each other" in ann.failed("add_tasks_to_project", projectId=project, tasks=cycle)
    assert len(ann.told("list_tasks", projectId=project)["tasks"]) == 1


def test_one_after_another(ann: Player, rota: TestDistributor) -> None:
    bob = Player(rota, "bob")
    project, (first, second) = ann.project("a", "b", ordering="sequential")
    (third,) = ann.told("create_task", projectId=project, title="c", description="d", priority="critical")["newTasks"]
    assert ann.told("read_project", projectId=project)["ordering"] == "sequential"
    assert ann.next(project) == first
    assert bob.next(project) is None
    ann.done(project, first)
    assert bob.next(project) == second
    bob.done(project, second)
    assert ann.next(project) == third["id"]


def test_a_failed_attempt_is_kept_counted_and_told_to_the_next(ann: Player, rota: TestDistributor) -> None:
    bob = Player(rota, "bob")
    project, (task,) = ann.project("a")
    ann.next(project)
    bob.session.identity(rota)  # type: ignore[union-attr]
    shown = ann.fail(project, task, "FAILED: out of memory. Will retry with different agent.")["task"]
    assert (shown["status"], shown["completedDetails"]) == (
        "not started", "FAILED: out of memory. Will retry with different agent.",
    )  # fmt: skip
    assert [one["id"] for one in ann.told("list_tasks", projectId=project, state="failed")["tasks"]] == [task]
    rota.clock.advance("5s")
    assert ann.next(project) is None, "it failed there a moment ago"
    found = bob.told("get_next_task", projectId=project)
    assert found["attempts"] == [
        {"number": 1, "agent": ann.agent, "outcome": "failed",
         "error": "FAILED: out of memory. Will retry with different agent."}
    ]  # fmt: skip
    bob.done(project, task)
    assert ann.told("list_tasks", projectId=project, state="failed")["tasks"] == []


def test_a_task_that_failed_for_good_is_tried_again_when_somebody_says_so(ann: Player, rota: TestDistributor) -> None:
    project, (task,) = ann.project("a")
    for _ in range(5):
        ann.told("update_task", projectId=project, taskId=task, status="in progress")
        ann.fail(project, task)
        rota.clock.advance("10m")
    assert ann.task(project, task)["state"] == "dead"
    assert ann.told("list_tasks", projectId=project, state="failed")["tasks"][0]["id"] == task
    assert "Failed for good" in ann.told("get_next_task", projectId=project)["message"]
    ann.told("update_task", projectId=project, taskId=task, status="not started")
    assert ann.next(project) == task


def test_details_of_what_is_given_back_are_kept_too(ann: Player) -> None:
    project, (task,) = ann.project("a")
    ann.next(project)
    assert (
        ann.fail(project, task, "half of it is on branch x")["task"]["completedDetails"] == "half of it is on branch x"
    )
    assert ann.told("list_tasks", projectId=project, state="failed")["tasks"] == [], "no attempt failed"
    assert ann.next(project) == task


def test_who_says_what_it_can_gets_what_suits(ann: Player) -> None:
    project, (training, data) = ann.project({"skills": {"pytorch": 3}, "priority": "high"}, {"role": "data-engineer"})
    assert ann.next(project, agentId="d-1", role="data-engineer") == data
    told = ann.told("get_next_task", projectId=project, agentId="n-1", skills={"pytorch": 1})
    assert "task" not in told
    assert f"Ready, but not for you: {training}" in told["message"]
    assert "needs pytorch 3, has 1" in told["message"]
    assert ann.next(project) == training, "who says nothing of itself may do anything"


def test_a_better_task_elsewhere_is_told(ann: Player, rota: TestDistributor) -> None:
    project, (task,) = ann.project("a")
    _other, (better,) = Player(rota, "bob").project({"priority": "critical"})
    found = ann.told("get_next_task", projectId=project)
    assert found["task"]["id"] == task
    assert found["note"] == f"{better} of another project waits with priority critical"


def test_deleting_frees_what_waited(ann: Player) -> None:
    project, (first, second) = ann.project({"ref": "a"}, {"dependsOn": ["a"]})
    ann.told("delete_task", projectId=project, taskId=first)
    assert ann.next(project) == second


def test_ids_are_never_used_again(ann: Player) -> None:
    project, (_first, last) = ann.project("a", "b")
    ann.told("delete_task", projectId=project, taskId=last)
    (new,) = ann.told("create_task", projectId=project, title="c", description="d")["newTasks"]
    assert int(new["id"][5:]) > int(last[5:])
    ann.told("delete_project", projectId=project)
    assert ann.project()[0] != project


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"priority": "urgent"}, "Invalid priority in task at index 0: must be one of 'emergency'"),
        ({"skills": "python"}, "Invalid skills in task at index 0: must be a list of names"),
        ({"skills": {"python": True}}, "Invalid skills in task at index 0"),
        ({"dependsOn": "task-1"}, "Invalid dependsOn in task at index 0: must be an array of strings"),
        ({"blocks": [1]}, "Invalid blocks in task at index 0: must be an array of strings"),
        ({"role": 7}, "Invalid or missing required parameter: role in task at index 0 (Expected string)"),
        ({"estimate": True}, "Invalid estimate in task at index 0"),
    ],
)
def test_wishes_of_the_wrong_type(ann: Player, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        ann.project(arguments)
    assert caught.value.message.startswith(f"MCP error -32602: {text}")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"deadline": "soon"}, "deadline"),
        ({"deadline": "2020-01-01T00:00:00Z"}, "deadline"),
        ({"estimate": -1}, "estimate"),
        ({"skills": {"python": 0}}, "skills"),
        ({"title": "x" * 501}, "title"),
        ({"description": "x" * 100_001}, "description"),
        ({"title": "a\0b"}, "NUL"),
    ],
)
def test_wishes_that_can_not_be_taken(ann: Player, arguments: dict[str, Any], text: str) -> None:
    told = ann.failed("create_project", initialPrompt="p", tasks=[{"title": "t", "description": "d", **arguments}])
    assert text in told
    assert ann.told("list_projects")["projects"] == []


def test_a_long_prompt_is_kept_whole(ann: Player) -> None:
    prompt = "\n\n  Build it. " + "x" * 5_000
    made = ann.told("create_project", initialPrompt=prompt, tasks=[])
    assert ann.told("read_project", projectId=made["projectId"])["initialPrompt"] == prompt
    assert ann.told("list_projects")["projects"][0]["initialPrompt"] == prompt


def test_why_there_is_nothing(ann: Player, rota: TestDistributor) -> None:
    bob = Player(rota, "bob")
    project, tasks = ann.project("run", "wait", "held", "review", {"dependsOn": ["run"]})
    run, waits, held, review, blocked = tasks
    for task in (run, review):
        bob.told("update_task", projectId=project, taskId=task, status="in progress")
    bob.done(project, review)
    rota.call(Hold(tasks=[held], reason="wait for Zoë"))
    bob.told("update_task", projectId=project, taskId=waits, status="in progress")
    bob.fail(project, waits)
    found = ann.told("get_next_task", projectId=project)
    start = rota.call(GetTask(task=waits)).start
    assert found["message"].splitlines() == [
        "No task can be given to you now.",
        f"In progress with others: {run} ({bob.agent}).",
        f"Waiting for their time: {waits}; the first at {start} after: FAILED: it broke.",
        f"Blocked: {blocked} (waits for {run}).",
        f"Done, waiting for approval (approve_task): {review}.",
        f"Held: {held} (wait for Zoë); update_task with status 'not started' lets one go on.",
    ]
    assert found["waiting"] == {"running": 1, "scheduled": 1, "blocked": 1, "review": 1, "held": 1}


def test_of_many_only_some_are_named(ann: Player, rota: TestDistributor) -> None:
    project, tasks = ann.project(*("t" for _ in range(25)))
    rota.call(PauseQueue(queue="taskqueue"))
    found = ann.told("get_next_task", projectId=project)
    assert found["waiting"] == {"ready": 25}
    assert f"{', '.join(tasks[:10])} and 15 more ({tasks[0]}: queue taskqueue is paused)" in found["message"]


def test_why_nothing_that_is_ready_is_given(ann: Player, rota: TestDistributor) -> None:
    project, (task,) = ann.project("a")
    rota.call(PauseQueue(queue="taskqueue", reason="holidays"))
    told = ann.told("get_next_task", projectId=project)["message"]
    assert told.splitlines()[1] == f"Ready, but not for you: {task} ({task}: queue taskqueue is paused: holidays)."


def test_a_held_task_goes_on(ann: Player, rota: TestDistributor) -> None:
    project, (task,) = ann.project("a")
    rota.call(Hold(tasks=[task]))
    assert ann.next(project) is None
    ann.told("update_task", projectId=project, taskId=task, status="not started")
    assert ann.next(project) == task


def test_a_blocked_task_is_not_taken_up(ann: Player) -> None:
    project, (first, second) = ann.project({"ref": "a"}, {"dependsOn": ["a"]})
    for status in ("in progress", "done"):
        told = ann.failed("update_task", projectId=project, taskId=second, status=status, completedDetails="x")
        assert told == f"Task {second} waits for {first}; finish those first or change its dependsOn"


def test_everything_on_one_database_is_sound(ann: Player, rota: TestDistributor) -> None:
    bob = Player(rota, "bob")
    project, tasks = ann.project("a", "b", {"dependsOn": ["a"], "priority": "critical"}, autoApprove=False)
    ann.next(project)
    bob.next(project)
    ann.fail(project, tasks[0])
    ann.told("update_task", projectId=project, taskId=tasks[0], status="in progress")
    ann.done(project, tasks[0])
    ann.told("update_task", projectId=project, taskId=tasks[0], status="not started")
    ann.told("delete_task", projectId=project, taskId=tasks[1])
    bob.done(project, tasks[0])
    ann.told("approve_task", projectId=project, taskId=tasks[0])
    ann.told("delete_project", projectId=project)
    with rota.node.store.read() as reader:
        report = audit(reader)
    assert report.clean, report.violations


def test_numbers_begin_with_the_first_project(ann: Player) -> None:
    assert ann.project("a", "b") == ("proj-1", ["task-2", "task-3"])
    assert ann.project("c") == ("proj-4", ["task-5"])


def test_a_policy_of_the_queue_stays(ann: Player) -> None:
    policy = QueuePolicy(max_attempts=2)
    ann.rota.call(SetQueue(queue=QUEUE, policy=policy))
    ann.project("a")
    assert ann.rota.call(GetQueue(queue=QUEUE)).policy == policy


@pytest.mark.parametrize("field", ["dependsOn", "blocks"])
@pytest.mark.parametrize("name", [{"title": "twice"}, {"ref": "twice"}])
def test_a_name_of_two_tasks_is_not_guessed(ann: Player, field: str, name: dict[str, str]) -> None:
    items = [{"title": "t", "description": "d", **name} for _ in range(2)]
    last = {"title": "last", "description": "d", field: ["twice"]}
    why = ann.failed("create_project", initialPrompt="p", tasks=[*items, last])
    assert why.startswith(
        f"{field} in task at index 2: 'twice' means more than one task of this call, those at index 0, 1"
    )
    assert ann.told("list_projects")["projects"] == []
    items[1]["ref"] = "second"
    if "title" in name:
        last[field] = ["second"]
    ann.told("create_project", initialPrompt="p", tasks=[*items, last])


@pytest.mark.parametrize("status", ["done", "in progress"])
def test_a_task_in_its_pause_after_failures_is_taken_up_at_once(ann: Player, status: str) -> None:
    project, (task,) = ann.project("a")
    for _ in range(4):
        ann.told("update_task", projectId=project, taskId=task, status="in progress")
        ann.fail(project, task)
    assert ann.task(project, task)["state"] == "scheduled"
    told = ann.told("update_task", projectId=project, taskId=task, status=status, completedDetails="it works now")
    assert told["task"]["status"] == status


def test_a_sentence_of_somebody_else_is_not_ended_twice(ann: Player) -> None:
    project, (task,) = ann.project("a")
    for _ in range(4):
        ann.told("update_task", projectId=project, taskId=task, status="in progress")
        ann.fail(project, task, "FAILED: there is no disk.")
    message = ann.told("get_next_task", projectId=project)["message"]
    assert message.endswith("after: FAILED: there is no disk.")
