"""The protocol of a process: versions, methods, and messages that are none. No owner is needed for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rota.faces.mcp.proxy.eras import HANDSHAKE
from rota.faces.mcp.proxy.main import Misused, Options, options_of
from rota.faces.mcp.proxy.renewing import MOST_S, Renewing
from rota.faces.mcp.proxy.wire import MOST_BYTES
from tests.mcp.classic.client import Client, Clients

SERVER = {"name": "task-manager-server", "version": "1.4.1"}
META = "io.modelcontextprotocol/"


@pytest.fixture
def client(clients: Clients) -> Iterator[Client]:
    found = clients.new()
    yield found
    assert clients.owner() is None, "nothing of this needs one"


def bad(client: Client, data: bytes, number: Any = None) -> dict[str, Any]:
    client.say(data)
    error: dict[str, Any] = client.answer(number)["error"]
    return error


def test_the_handshake(client: Client) -> None:
    assert client.greeting["result"] == {
        "protocolVersion": "2025-06-18",
        "capabilities": {"tools": {"list": True, "call": True}},
        "serverInfo": SERVER,
    }


@pytest.mark.parametrize(
    ("asked", "answered"), [*((one, one) for one in HANDSHAKE), ("1999-01-01", HANDSHAKE[-1]), (7, HANDSHAKE[-1])]
)
def test_versions(client: Client, asked: Any, answered: str) -> None:
    assert client.ask("initialize", {"protocolVersion": asked})["result"]["protocolVersion"] == answered


def test_a_request_of_2026_says_it_all_itself(client: Client) -> None:
    meta = {META + "protocolVersion": "2026-07-28", META + "clientInfo": {"name": "x", "version": "1"}}
    found = client.ask("server/discover", {"_meta": meta})["result"]
    assert found == {
        "resultType": "complete",
        "supportedVersions": ["2026-07-28"],
        "capabilities": {"tools": {"list": True, "call": True}},
        "ttlMs": 3_600_000,
        "cacheScope": "public",
        "_meta": {META + "serverInfo": SERVER},
    }
    listed = client.ask("tools/list", {"_meta": meta})["result"]
    assert (listed["resultType"], listed["cacheScope"], len(listed["tools"])) == ("complete", "public", 14)


def test_a_version_that_there_is_not(client: Client) -> None:
    error = client.ask("tools/list", {"_meta": {META + "protocolVersion": "2031-01-01"}})["error"]
    assert error["code"] == -32022
    assert error["data"] == {"supported": ["2026-07-28", *HANDSHAKE], "requested": "2031-01-01"}


def test_the_list_of_tools_stays_as_it_is(client: Client) -> None:
    first = client.ask("tools/list", {})["result"]
    assert list(first) == ["tools"]
    assert first == client.ask("tools/list", {"cursor": "x"})["result"]
    assert {tuple(tool) for tool in first["tools"]} == {("name", "description", "inputSchema")}


def test_other_methods(client: Client) -> None:
    assert client.ask("ping", {})["result"] == {}
    for method in ("resources/list", "prompts/list", "logging/setLevel", "nonsense", ""):
        assert client.ask(method, {})["error"] == {"code": -32601, "message": "Method not found"}


@pytest.mark.parametrize("name", [None, "", 7, ["list_projects"]])
def test_a_call_without_a_tool(client: Client, name: Any) -> None:
    assert client.ask("tools/call", {"name": name})["error"]["code"] == -32602
    assert client.ask("tools/call", {})["error"]["code"] == -32602


@pytest.mark.parametrize("parameters", [[], "x", 7])
def test_parameters_that_are_no_object(client: Client, parameters: Any) -> None:
    assert client.ask("tools/list", parameters)["error"]["code"] == -32602


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{oops\n", -32700),
        (b"\xff\xfe{}\n", -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"\n', -32700),
        (b"[" * 100_000 + b"\n", -32700),
        (b"[]\n", -32600),
        (b'"text"\n', -32600),
        (b"7\n", -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"ping"}\n', -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}\n', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}\n', -32600),
        (b'{"params":{"x":' + b"[" * 100_000 + b"]" * 100_000 + b'},"id":7}\n', -32700),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]\n', -32600),
    ],
)
def test_what_is_no_message(client: Client, data: bytes, code: int) -> None:
    assert bad(client, data)["code"] == code
    assert client.ask("ping", {})["result"] == {}, "it goes on"


def test_what_is_no_json_rpc_keeps_its_id(client: Client) -> None:
    assert bad(client, b'{"id":"x","method":"ping"}\n', "x")["code"] == -32600
    assert bad(client, b'{"jsonrpc":"1.0","id":"y","method":"ping"}\n', "y")["code"] == -32600
    assert bad(client, b'{"jsonrpc":"2.0","id":"z","method":7}\n', "z")["code"] == -32600


@pytest.mark.parametrize("number", [7, -3, 1.5, "x", 'a "quoted" one'])
def test_what_is_nested_too_deep_keeps_its_id(client: Client, number: Any) -> None:
    head = json.dumps({"jsonrpc": "2.0", "method": "tools/call", "id": number})
    deep = b"[" * 100_000 + b"]" * 100_000
    error = bad(
        client, head[:-1].encode() + b', "params": {"name": "list_tasks", "arguments": ' + deep + b"}}\n", number
    )
    assert (error["code"], "too deep" in error["message"]) == (-32700, True)
    assert client.ask("ping", {})["result"] == {}


def test_a_line_without_an_end(client: Client) -> None:
    error = bad(client, b'{"jsonrpc":"2.0","id":77,"method":"' + b"x" * (MOST_BYTES + 10) + b'"}\n', 77)
    assert error["code"] == -32600
    assert client.ask("ping", {})["result"] == {}


def test_notices_and_answers_of_the_client_are_not_answered(client: Client) -> None:
    for message in (
        {"jsonrpc": "2.0", "method": "notifications/whatever"},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": {}}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 999}},
        {"jsonrpc": "2.0", "method": "tools/list"},
        {"jsonrpc": "2.0", "id": 3, "result": {}},
    ):
        client.say(message)
    client.say(b"\n  \n")
    assert client.ask("ping", {})["result"] == {}


def test_an_unusable_database_is_told_with_the_call(clients: Clients, tmp_path: Path) -> None:
    place = tmp_path / "no database"
    place.write_bytes(b"not a database, but long enough to be looked into " * 100)
    clients.database = str(place)
    client = clients.new()
    result = client.tool("list_projects", {})["result"]
    assert result["isError"] is True
    assert "Tool execution failed: " in result["content"][0]["text"]
    assert client.ask("ping", {})["result"] == {}
    assert client.close() == 0


def test_a_session_without_a_database_lives_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROTA_DATABASE", raising=False)
    (tmp_path / "fleet.toml").write_text('database = "nonsense://"')
    client = Client(folder=str(tmp_path))
    with client.process:
        for broken, told in ((None, "names no database"), ("database = [", "can not be read")):
            if broken is not None:
                (tmp_path / "fleet.toml").write_text(broken)
            result = client.tool("list_projects", {})["result"]
            assert result["isError"] is True
            assert told in result["content"][0]["text"]
        shutil.rmtree(tmp_path)
        assert "is gone" in client.tool("list_projects", {})["result"]["content"][0]["text"]
        assert client.close() == 0


@pytest.mark.parametrize("arguments", [["--tools", "some"], ["--database"], ["file.db"], ["--nonsense=1"]])
def test_a_command_line_that_can_not_be_understood(arguments: list[str]) -> None:
    with pytest.raises(Misused):
        options_of(arguments)
    run = subprocess.run([sys.executable, "-m", "rota", "mcp", *arguments], capture_output=True, check=False)
    assert (run.returncode, run.stdout) == (2, b"")
    assert b"Usage: rota mcp" in run.stderr


def test_options() -> None:
    assert options_of([]) == Options(None, "classic")
    assert options_of(["--database=a=b", "--tools", "all"]) == Options("a=b", "all")


def test_it_loads_little() -> None:
    """Fifty of these stand beside fifty agents: nothing of the engine, no library, no framework."""
    program = (
        "import sys, io, json; from rota.faces.mcp.proxy import owner_backend, serve, main;"
        "print(json.dumps(sorted(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=dict(os.environ))
    loaded = set(json.loads(run.stdout))
    assert not {name for name in loaded if name.partition(".")[0] in ("msgspec", "apsw", "asyncio", "cyclopts", "mcp")}
    assert not {name for name in loaded if name.startswith(("rota.engine", "rota.operations", "rota.store"))}


def test_leases_are_renewed_only_so_long_without_a_call() -> None:
    now = 0.0
    renewing = Renewing(lambda: None, lambda: now)
    assert not renewing.is_due()
    renewing.have(60.0)
    try:
        assert renewing.is_due()
        now = MOST_S
        assert not renewing.is_due()
        renewing.called()
        assert renewing.is_due()
        renewing.have(None)
        assert not renewing.is_due()
    finally:
        renewing.close()
