"""The groups of tools of one process, side by side."""

from __future__ import annotations

import pytest

from rota.faces.mcp.classic.tools import TOOLS
from tests.mcp.classic.client import Clients

CLASSIC = [tool["name"] for tool in TOOLS]


@pytest.mark.parametrize(("choice", "first"), [("classic", CLASSIC[0]), ("worker", "claim_tasks"), ("all", CLASSIC[0])])
def test_what_is_listed(clients: Clients, choice: str, first: str) -> None:
    client = clients.new("--tools", choice)
    names = [tool["name"] for tool in client.ask("tools/list", {})["result"]["tools"]]
    assert names[0] == first
    assert len(names) == len(set(names))
    assert (set(CLASSIC) <= set(names)) == (choice in ("classic", "all"))
    assert (client.greeting["result"]["serverInfo"]["name"] == "rota") == (choice != "classic")


def test_a_task_of_the_classic_tools_is_done_by_a_worker(clients: Clients) -> None:
    lead, worker = clients.new(name="lead"), clients.new("--tools", "worker", name="worker")
    made = lead.told("create_project", initialPrompt="p", tasks=[{"title": "t", "description": "d"}], autoApprove=True)
    (given,) = worker.tool("claim_tasks", {})["result"]["structuredContent"]["tasks"]
    assert given["task"] == made["tasks"][0]["id"]
    worker.tool("complete_task", {"task": given["task"], "token": given["token"], "result": "well done"})
    (task,) = lead.told("list_tasks", projectId=made["projectId"])["tasks"]
    assert (task["status"], task["approved"], task["completedDetails"]) == ("done", True, "well done")


def test_what_a_worker_has_goes_back_when_its_process_ends(clients: Clients) -> None:
    lead, worker = clients.new(name="lead"), clients.new("--tools", "worker", name="worker")
    made = lead.told("create_project", initialPrompt="p", tasks=[{"title": "t", "description": "d"}])
    worker.tool("claim_tasks", {})
    (task,) = lead.told("list_tasks", projectId=made["projectId"], state="in_progress")["tasks"]
    assert worker.close() == 0
    assert lead.told("read_task", projectId=made["projectId"], taskId=task["id"])["task"]["status"] == "not started"
