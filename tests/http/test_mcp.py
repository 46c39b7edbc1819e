"""MCP over HTTP: the official client in both eras, keys, and callers that hang up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from mcp import Client as McpClient
from mcp import MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from rota.faces.mcp.proxy.toolbox import tools_of
from rota.faces.mcp.tools import TOOLS
from rota.model.commands.keys import CreateKey, RevokeKey
from rota.operations.distributor import Distributor
from rota.operations.table import Scope
from tests.http.client import Client, request, rest_of
from tests.http.test_keys import SCOPES, key
from tests.http.waiting import until

LEGACY, MODERN = "legacy", "2026-07-28"
ERAS = pytest.mark.parametrize("era", [LEGACY, MODERN, "auto"])
Story = Callable[[McpClient], Awaitable[None]]


def play(client: Client, era: str, story: Story) -> None:
    async def run() -> None:
        headers = {} if client.key is None else {"authorization": f"Bearer {client.key}"}
        async with httpx2.AsyncClient(headers=headers) as own:
            transport = streamable_http_client(f"{client.url}/mcp", http_client=own)
            async with McpClient(transport, mode=era) as speaking:
                await asyncio.wait_for(story(speaking), 30)

    asyncio.run(run())


def told(result: CallToolResult) -> Any:
    [content] = result.content
    assert isinstance(content, TextContent)
    assert not result.is_error, content.text
    return json.loads(content.text)


@ERAS
def test_a_task_from_submit_to_done(client: Client, era: str) -> None:
    async def story(mcp: McpClient) -> None:
        found = [tool.name for tool in (await mcp.list_tools()).tools]
        assert found == [tool["name"] for tool in tools_of(("worker", "dispatcher"))]
        told(await mcp.call_tool("submit_tasks", {"tasks": [{"title": "one"}]}))
        (given,) = told(await mcp.call_tool("claim_tasks", {}))["tasks"]
        held = {"task": given["task"], "token": given["token"]}
        told(await mcp.call_tool("complete_task", {**held, "result": {"fine": True}}))
        assert (await mcp.list_resources()).resources
        assert (await mcp.read_resource("rota://queues")).contents
        assert (await mcp.list_prompts()).prompts

    play(client, era, story)
    assert client.ok("get_task", {"task": "task-1"})["state"] == "done"


@ERAS
def test_what_a_key_may_not(rota: Distributor, client: Client, era: str) -> None:
    one = client.with_key(key(rota, "read", "submit"))

    async def story(mcp: McpClient) -> None:
        told(await mcp.call_tool("list_queues", {}))
        told(await mcp.call_tool("submit_tasks", {"tasks": [{"title": "x"}]}))
        for tool, arguments in (
            ("claim_tasks", {}),
            ("submit_tasks", {"tasks": [{"title": "x", "priority": "critical"}]}),
        ):
            refused = await mcp.call_tool(tool, arguments)
            assert refused.is_error
            assert "not_allowed" in str(refused.content)

    play(one, era, story)


@pytest.mark.parametrize("scope", SCOPES)
def test_every_tool_with_every_scope(rota: Distributor, client: Client, scope: Scope) -> None:
    one = client.with_key(key(rota, scope))
    for name, tool in TOOLS.items():
        call = {"name": name, "arguments": {"no_such_field": 1}}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode()
        result = one.send("POST", "/mcp", body).body["result"]
        assert result["isError"], name
        refused = json.loads(result["content"][0]["text"])["error"]
        assert (refused["code"] == "not_allowed") == (tool.scope != scope), (name, refused)


def test_a_key_of_an_agent_speaks_as_that(rota: Distributor, client: Client) -> None:
    client.ok("submit", {"tasks": [{"title": "one"}]})
    one = client.with_key(key(rota, "work", agent="ann"))

    async def story(mcp: McpClient) -> None:
        (given,) = told(await mcp.call_tool("claim_tasks", {}))["tasks"]
        assert rota.store is not None
        assert (await mcp.call_tool("claim_tasks", {"agent": "bob"})).is_error
        told(await mcp.call_tool("give_back_task", {"task": given["task"], "token": given["token"]}))

    play(one, MODERN, story)


PING = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()


def test_without_a_key_with_a_wrong_one_and_from_a_strange_page(rota: Distributor, client: Client) -> None:
    one = client.with_key(key(rota, "read"))
    until(lambda: client.send("POST", "/mcp", PING).status == 401)
    assert client.with_key("rota_wrong").send("POST", "/mcp", PING).status == 401
    assert one.send("POST", "/mcp", PING).status == 200
    assert one.send("POST", "/mcp", PING, origin="http://evil.example").status == 403
    assert one.send("POST", "/mcp", PING, host="evil.example").status == 403


@ERAS
def test_a_key_of_a_tenant_works_for_that_alone(rota: Distributor, client: Client, era: str) -> None:
    boss = client.with_key(key(rota, "read", "submit", "work"))
    (foreign,) = boss.ok("submit", {"tasks": [{"title": "a secret", "priority": "high"}]})["ids"]
    (own,) = boss.ok("submit", {"tasks": [{"title": "own", "tenant": "acme"}]})["ids"]
    one = client.with_key(key(rota, "read", "work", tenant="acme"))

    async def story(mcp: McpClient) -> None:
        found = [tool.name for tool in (await mcp.list_tools()).tools]
        assert found == [tool["name"] for tool in tools_of(("worker",))]
        assert ((await mcp.list_resources()).resources, (await mcp.list_prompts()).prompts) == ([], [])
        (given,) = told(await mcp.call_tool("claim_tasks", {"n": 5}))["tasks"]
        assert (given["task"], given["agent"][:5]) == (own, "acme/")
        assert told(await mcp.call_tool("claim_tasks", {"n": 5}))["tasks"] == []
        held = {"task": own, "token": given["token"]}
        assert told(await mcp.call_tool("heartbeat", held))["renewed"] == [own]
        stolen = {"task": foreign, "token": given["token"]}
        for tool, more in (
            ("heartbeat", stolen), ("complete_task", stolen), ("give_back_task", stolen),
            ("fail_task", {**stolen, "error": "x"}), ("ask", {**stolen, "question": "x"}),
            ("claim_tasks", {"tasks": [foreign]}), ("claim_tasks", {"agent": "bob"}),
        ):  # fmt: skip
            with suppress(MCPError):
                refused = await mcp.call_tool(tool, more)
                assert refused.is_error, tool
                assert "secret" not in str(refused.content)
        for reading in (mcp.read_resource("rota://queues"), mcp.call_tool("list_queues", {})):
            with pytest.raises(MCPError, match="all tenants"):
                await reading
        told(await mcp.call_tool("complete_task", {**held, "result": 1}))

    play(one, era, story)
    assert boss.ok("get_task", {"task": foreign})["state"] == "ready"
    assert boss.ok("get_task", {"task": own})["state"] == "done"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"jsonrpc": "2.0", "id": 1, "method": "fly"}, 200, -32601),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "fly"}}, 200, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": []}, 200, -32602),
        ({"id": 1, "method": "ping"}, 400, -32600),
        ([], 400, -32600),
    ],
)
def test_what_is_no_request(client: Client, body: Any, status: int, code: int) -> None:
    got = client.send("POST", "/mcp", json.dumps(body, indent=1).encode())
    assert (got.status, got.body["error"]["code"]) == (status, code)


def test_messages_without_an_answer_and_other_methods(client: Client) -> None:
    notice = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert client.send("POST", "/mcp", json.dumps(notice).encode()).status == 202
    assert client.get("/mcp").status == client.send("DELETE", "/mcp", None).status == 405
    assert client.send("POST", "/mcp", b"{").status == 400
    ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()
    assert client.send("POST", "/mcp", ping, mcp_protocol_version="1999-01-01").status == 400
    assert client.send("POST", "/mcp", ping, mcp_protocol_version="2025-06-18").body["result"] == {}


def test_headers_that_say_something_else(client: Client) -> None:
    meta = {"io.modelcontextprotocol/protocolVersion": MODERN}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_queues", "_meta": meta}}
    right = {"mcp_protocol_version": MODERN, "mcp_method": "tools/call", "mcp_name": "list_queues"}
    for name, value in (("mcp_method", "ping"), ("mcp_name", "drain"), ("mcp_name", "=?base64?x?=")):
        got = client.send("POST", "/mcp", json.dumps(body).encode(), **{**right, name: value})
        assert (got.status, got.body["error"]["code"]) == (400, -32020), name
    for name in ("list_queues", "=?base64?bGlzdF9xdWV1ZXM=?="):
        got = client.send("POST", "/mcp", json.dumps(body).encode(), **{**right, "mcp_name": name})
        assert (got.status, got.body["result"]["resultType"]) == (200, "complete")


def test_who_hangs_up_while_waiting_is_given_nothing(client: Client, rota: Distributor) -> None:
    call = {"name": "claim_tasks", "arguments": {"wait": 40}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode()
    with client.stream() as stream:
        stream.sendall(request("/mcp", body))
        until(lambda: len(rota.node.listening) == 1)
    until(lambda: not rota.node.listening)
    client.ok("submit", {"tasks": [{"title": "one"}]})
    assert client.ok("get_task", {"task": "task-1"})["state"] == "ready"


def test_a_key_that_is_revoked_while_its_claim_waits_is_given_nothing(client: Client, rota: Distributor) -> None:
    boss = client.with_key(key(rota, "read", "submit", "work"))
    made = rota.call(CreateKey(name="gone", scopes=["read", "work"]))
    call = {"name": "claim_tasks", "arguments": {"wait": 40}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode()
    with client.stream() as stream:
        said = (f"authorization: Bearer {made.secret}", "connection: close")
        stream.sendall(request("/mcp", body, *said))
        until(lambda: len(rota.node.listening) == 1)
        rota.call(RevokeKey(key=made.id))
        until(lambda: client.with_key(made.secret).send("POST", "/mcp", PING).status == 401)
        boss.ok("submit", {"tasks": [{"title": "one"}]})
        assert rest_of(stream).startswith(b"HTTP/1.1 401 ")
    until(lambda: bool(boss.ok("get_task", {"task": "task-1"})["state"] == "ready"))


def test_a_method_that_is_not_there(client: Client) -> None:
    async def story(mcp: McpClient) -> None:
        with pytest.raises(MCPError):
            await mcp.read_resource("rota://nothing")

    play(client, MODERN, story)
