"""Real processes on one database: who gets what, and what comes back when one of them ends."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rota.owner.address import address_of
from tests.mcp.classic.client import Client, Clients

WAIT_S = 20.0


def until(reached: Callable[[], bool], seconds: float = WAIT_S) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def project(client: Client, *titles: str) -> tuple[str, list[str]]:
    made = client.told(
        "create_project", initialPrompt="p", tasks=[{"title": title, "description": "d"} for title in titles]
    )
    return made["projectId"], [task["id"] for task in made["tasks"]]


def status(client: Client, number: str, task: str) -> str:
    found: str = client.told("read_task", projectId=number, taskId=task)["task"]["status"]
    return found


def test_two_that_ask_at_the_same_moment_get_two_tasks(clients: Clients) -> None:
    both = [clients.new(name=name) for name in ("ann", "bob")]
    number, tasks = project(both[0], *"abcdefgh")
    for _ in range(4):
        asked = [(client, client.begin("tools/call", _next(number))) for client in both]
        given = [_task_of(client.answer(at)) for client, at in asked]
        assert len(set(given)) == 2
        for client, task in zip(both, given, strict=True):
            client.told("update_task", projectId=number, taskId=task, status="done", completedDetails="ok")
            tasks.remove(task)
    assert tasks == []


def _next(number: str) -> dict[str, Any]:
    return {"name": "get_next_task", "arguments": {"projectId": number}}


def _task_of(answer: dict[str, Any]) -> str:
    task: str = json.loads(answer["result"]["content"][0]["text"])["task"]["id"]
    return task


def test_a_client_that_ends_gives_back_at_once(clients: Clients) -> None:
    ann, bob = clients.new(name="ann"), clients.new(name="bob")
    number, (task,) = project(ann, "a")
    ann.told("get_next_task", projectId=number)
    assert status(bob, number, task) == "in progress"
    assert ann.close() == 0
    assert status(bob, number, task) == "not started"
    assert _task_of(bob.tool("get_next_task", {"projectId": number})) == task


def test_a_client_that_is_killed_gives_back_soon(clients: Clients) -> None:
    ann, bob = clients.new(name="ann"), clients.new(name="bob")
    number, (task,) = project(ann, "a")
    ann.told("get_next_task", projectId=number)
    ann.kill()
    until(lambda: status(bob, number, task) == "not started")


def test_a_client_outlives_the_owner_and_keeps_what_it_has(clients: Clients) -> None:
    ann, bob = clients.new(name="ann"), clients.new(name="bob")
    number, (task,) = project(ann, "a")
    ann.told("get_next_task", projectId=number)
    owner = clients.owner()
    assert owner is not None
    os.kill(owner, signal.SIGKILL)
    until(lambda: status(bob, number, task) == "in progress")
    assert clients.owner() != owner
    assert ann.told("update_task", projectId=number, taskId=task, status="done", completedDetails="ok")
    assert status(bob, number, task) == "done"


def test_a_client_killed_under_the_next_owner_gives_back_too(clients: Clients) -> None:
    ann, bob = clients.new(name="ann"), clients.new(name="bob")
    number, (task,) = project(ann, "a")
    ann.told("get_next_task", projectId=number)
    owner = clients.owner()
    assert owner is not None
    os.kill(owner, signal.SIGKILL)
    until(lambda: clients.owner() not in (None, owner))
    # It has told the new owner what it has once it is answered there.
    assert status(ann, number, task) == "in progress"
    ann.kill()
    until(lambda: status(bob, number, task) == "not started")


def test_a_client_killed_together_with_the_owner_gives_back_too(clients: Clients) -> None:
    socket = Path(address_of(clients.database).socket)
    ann, bob = clients.new(name="ann"), clients.new(name="bob")
    number, tasks = project(ann, "a", "b", "c")
    for client, more in ((ann, {}), (ann, {"agentId": "worker"}), (bob, {})):
        client.told("get_next_task", projectId=number, **more)
    owner = clients.owner()
    assert owner is not None
    kept = [json.loads(file.read_text()) for file in socket.parent.glob(f"{socket.stem}.*.held")]
    assert sorted(len(held) for held in kept) == [1, 2]
    os.kill(owner, signal.SIGKILL)
    ann.kill()
    assert [status(bob, number, task) for task in tasks] == ["not started", "not started", "in progress"]
    assert bob.told("get_next_task", projectId=number)["task"]["id"] == tasks[2]
    assert bob.close() == 0
    assert list(socket.parent.glob(f"{socket.stem}.*.held")) == []


def test_what_eight_processes_create_is_all_there(clients: Clients) -> None:
    every = [clients.new(name=f"client-{n}") for n in range(8)]
    number, _ = project(every[0])
    acknowledged: list[list[str]] = [[] for _ in every]

    def create(client: Client, into: list[str]) -> None:
        for n in range(60):
            made = client.told("create_task", projectId=number, title=f"task {n}", description="d")
            into.append(made["newTasks"][0]["id"])

    threads = [threading.Thread(target=create, args=one) for one in zip(every, acknowledged, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [task for tasks in acknowledged for task in tasks]
    stored = [task["id"] for task in every[0].told("list_tasks", projectId=number)["tasks"]]
    assert len(told) == len(set(told)) == 480
    assert sorted(stored) == sorted(told)


def test_calls_that_overlap_are_all_answered(clients: Clients) -> None:
    client = clients.new()
    number, _ = project(client)
    asked = [
        client.begin(
            "tools/call",
            {"name": "create_task", "arguments": {"projectId": number, "title": f"t{n}", "description": "d"}},
        )
        for n in range(100)
    ]
    ids = {client.answer(one)["result"]["content"][0]["text"] for one in asked}
    assert len(ids) == 100


def test_calls_at_work_are_answered_when_nothing_more_is_said(clients: Clients) -> None:
    client = clients.new()
    number, _ = project(client)
    asked = [
        client.begin("tools/call", {"name": "read_project", "arguments": {"projectId": number}}) for _ in range(20)
    ]
    assert client.close() == 0
    assert all("result" in client.answer(one) for one in asked)


def test_calls_of_one_session_that_overlap_take_a_task_each(clients: Clients) -> None:
    client = clients.new()
    number, tasks = project(client, *"abcdefghijklmnop")
    taking = [{"projectId": number, "taskId": task, "status": "in progress"} for task in tasks[:8]]
    asked = [client.begin("tools/call", {"name": "update_task", "arguments": one}) for one in taking]
    for one in asked:
        assert "isError" not in client.answer(one)["result"]
    asked = [client.begin("tools/call", {"name": "claim_tasks", "arguments": {"agent": "w"}}) for _ in range(8)]
    claimed = [client.answer(one)["result"]["structuredContent"]["tasks"] for one in asked]
    assert sorted(one["task"] for found in claimed for one in found) == sorted(tasks[8:])
    assert {task["status"] for task in client.told("list_tasks", projectId=number)["tasks"]} == {"in progress"}
