"""Tools, resources and prompts over the streams of real processes, in both eras."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mcp.classic.client import WAIT_S, Client, Clients
from tests.mcp.tools.desk import told

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    run = tmp_path / "run"
    run.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(run))
    with Clients(str(tmp_path / "rota.db")) as found:
        yield found


def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = client.tool(tool, arguments)["result"]
    assert not result["isError"], result
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    structured: dict[str, Any] = result["structuredContent"]
    return structured


def test_a_dispatcher_and_a_worker_in_two_processes(clients: Clients) -> None:
    dispatcher, worker = (
        clients.new("--tools", "dispatcher", name="lead"),
        clients.new("--tools", "worker", name="hand"),
    )
    waiting = worker.begin(
        "tools/call",
        {"name": "claim_tasks", "arguments": {"agent": "ada", "wait": 40}, "_meta": {"progressToken": "p"}},
    )
    call(dispatcher, "register_roster", agents=[{"name": "bob"}])
    ids = call(dispatcher, "submit_tasks", tasks=[{"title": "one"}, {"title": "two"}])["ids"]
    first = worker.answer(waiting)["result"]["structuredContent"]["tasks"][0]
    (second,) = call(dispatcher, "assign_tasks", agents=["bob"])["assignments"]
    assert {first["task"], second["task"]} == set(ids)
    blocked = call(worker, "fail_task", **told(first), error="needs a key", blocked_by=[{"title": "get a key"}])
    assert blocked["state"] == "blocked"
    call(dispatcher, "complete_task", **told(second))
    assert call(dispatcher, "distribution_status", notice=False)["progress"]["tasks_distributed"] == "2"
    error = worker.tool("complete_task", {"taskId": "x"})["result"]
    assert error["isError"]
    assert "did you mean 'task'?" in error["content"][0]["text"]
    assert worker.tool("nothing", {})["error"]["code"] == -32601


def test_a_cancelled_claim_over_the_wire_strands_nothing(clients: Clients) -> None:
    worker, other = clients.new("--tools", "all"), clients.new("--tools", "all")
    waiting = worker.begin("tools/call", {"name": "claim_tasks", "arguments": {"agent": "ada", "wait": 45}})
    call(worker, "list_queues")
    worker.say({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": waiting}})
    call(worker, "list_queues")
    (task,) = call(worker, "submit_tasks", tasks=[{"title": "one"}])["ids"]
    assert call(other, "claim_tasks", agent="bob", wait=20)["tasks"][0]["task"] == task


def test_resources_and_prompts_of_the_older_era(clients: Clients) -> None:
    client = clients.new("--tools", "all")
    assert client.greeting["result"]["capabilities"] == {"tools": {}, "resources": {"subscribe": True}, "prompts": {}}
    (task,) = call(client, "submit_tasks", tasks=[{"title": "one"}])["ids"]
    uris = [one["uri"] for one in client.ask("resources/list", {})["result"]["resources"]]
    assert "rota://queues" in uris
    assert client.ask("resources/templates/list", {})["result"]["resourceTemplates"]
    (content,) = client.ask("resources/read", {"uri": f"rota://task/{task}"})["result"]["contents"]
    assert json.loads(content["text"])["state"] == "ready"
    assert client.ask("resources/read", {"uri": "rota://task/task-99"})["error"]["code"] == -32602
    assert client.ask("resources/subscribe", {"uri": "rota://task/task-99"})["error"]["code"] == -32602
    assert client.ask("resources/subscribe", {"uri": f"rota://task/{task}"}) == {"result": {}}
    call(client, "hold", tasks=[task])
    notice = client.notices.get(timeout=WAIT_S)
    assert notice["method"] == "notifications/resources/updated"
    assert notice["params"] == {"uri": f"rota://task/{task}"}
    assert client.ask("resources/unsubscribe", {"uri": f"rota://task/{task}"}) == {"result": {}}
    names = [prompt["name"] for prompt in client.ask("prompts/list", {})["result"]["prompts"]]
    assert names == ["worker_loop", "planner", "dispatcher", "reviewer", "incident_review"]
    (message,) = client.ask("prompts/get", {"name": "planner", "arguments": {"goal": "g"}})["result"]["messages"]
    assert '<data source="goal">g</data>' in message["content"]["text"]
    assert client.ask("prompts/get", {"name": "planner"})["error"]["code"] == -32602
    assert client.close() == 0


def test_resources_of_the_stateless_era(clients: Clients) -> None:
    client = clients.new("--tools", "dispatcher")
    (task,) = call(client, "submit_tasks", tasks=[{"title": "one"}])["ids"]
    read = client.ask("resources/read", {"uri": "rota://queues", "_meta": META})["result"]
    assert (read["resultType"], read["ttlMs"], read["cacheScope"]) == ("complete", 1000, "private")
    uris = [f"rota://task/{task}", "rota://task/task-99"]
    number = client.begin("subscriptions/listen", {"notifications": {"resourceSubscriptions": uris}, "_meta": META})
    agreed = client.notices.get(timeout=WAIT_S)
    assert agreed["method"] == "notifications/subscriptions/acknowledged"
    assert agreed["params"] == {
        "notifications": {"resourceSubscriptions": uris[:1]},
        "_meta": {SUBSCRIPTION: number},
    }
    call(client, "hold", tasks=[task])
    assert client.notices.get(timeout=WAIT_S)["params"] == {"uri": uris[0], "_meta": {SUBSCRIPTION: number}}
    client.say({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}})
    empty = client.begin("subscriptions/listen", {"notifications": {}, "_meta": META})
    assert client.notices.get(timeout=WAIT_S)["params"] == {"notifications": {}, "_meta": {SUBSCRIPTION: empty}}
    assert client.close() == 0


def test_the_classic_tools_alone_have_neither(clients: Clients) -> None:
    client = clients.new()
    for method in ("resources/list", "prompts/list", "subscriptions/listen"):
        assert client.ask(method, {})["error"]["code"] == -32601
