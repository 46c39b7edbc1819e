"""`rota mcp --url`: a client over standard streams, a service over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from mcp import Client as McpClient
from mcp import StdioServerParameters

from rota.operations.distributor import Distributor
from tests.http.client import Client
from tests.http.test_keys import key
from tests.http.test_mcp import ERAS, told
from tests.http.waiting import until


def environment(client: Client) -> dict[str, str]:
    return {**os.environ, **({} if client.key is None else {"ROTA_KEY": client.key})}


@ERAS
def test_a_task_from_submit_to_done(rota: Distributor, client: Client, era: str) -> None:
    one = client.with_key(key(rota, "read", "submit", "work"))

    async def run() -> None:
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "rota", "mcp", "--url", client.url], env=environment(one)
        )
        async with McpClient(server, mode=era) as mcp:
            assert (await mcp.list_tools()).tools
            told(await mcp.call_tool("submit_tasks", {"tasks": [{"title": "one"}]}))
            (given,) = told(await mcp.call_tool("claim_tasks", {}))["tasks"]
            held = {"task": given["task"], "token": given["token"]}
            told(await mcp.call_tool("complete_task", {**held, "result": 1}))
            assert (await mcp.read_resource("rota://queues")).contents

    asyncio.run(asyncio.wait_for(run(), 40))
    assert one.ok("get_task", {"task": "task-1"})["state"] == "done"


def spoken(url: str, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    lines = "".join(json.dumps({"jsonrpc": "2.0", **message}) + "\n" for message in messages)
    command = [sys.executable, "-m", "rota", "mcp", "--url", url]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_call_that_is_cancelled_waits_no_more(client: Client, rota: Distributor) -> None:
    command = [sys.executable, "-m", "rota", "mcp", "--url", client.url]
    call = {"name": "claim_tasks", "arguments": {"wait": 40}}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(
            json.dumps({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": call}).encode() + b"\n"
        )
        process.stdin.flush()
        until(lambda: len(rota.node.listening) == 1)
        gone = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
        process.stdin.write(json.dumps(gone).encode() + b"\n")
        process.stdin.close()
        until(lambda: not rota.node.listening)
        assert process.wait(20) == 0
        assert process.stdout is not None
        assert process.stdout.read() == b""


def test_a_key_that_is_missing(client: Client, rota: Distributor) -> None:
    key(rota, "read")
    until(lambda: client.post("list_queues").status == 401)
    (answer,) = spoken(client.url, {"id": 1, "method": "tools/list"})
    assert answer["error"]["data"]["code"] == "key_needed"


def test_nobody_is_there() -> None:
    (answer,) = spoken("http://127.0.0.1:1", {"id": 1, "method": "tools/list"})
    assert "can not be reached" in answer["error"]["message"]


def test_a_call_is_answered_though_nothing_more_is_said_at_once() -> None:
    """TLS takes its time to begin."""
    (answer,) = spoken("https://127.0.0.1:1", {"id": 1, "method": "tools/list"})
    assert "can not be reached" in answer["error"]["message"]


@pytest.mark.parametrize(
    "options",
    [
        ["--url", "ftp://x"], ["--url", "http://x", "--tools", "all"], ["--url"], ["--url", "http://[::1"],
        ["--url", "http://x:99999"], ["--url", "http://ann:secret@x"],
    ],
)  # fmt: skip
def test_what_can_not_be_meant(options: list[str]) -> None:
    command = [sys.executable, "-m", "rota", "mcp", *options]
    assert subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode == 2


def test_a_key_that_no_header_can_hold_is_refused_and_not_shown() -> None:
    command = [sys.executable, "-m", "rota", "mcp", "--url", "http://127.0.0.1:1"]
    env = {**os.environ, "ROTA_KEY": "secret\n"}
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, env=env)
    assert ended.returncode == 2
    assert b"ROTA_KEY holds" in ended.stderr
    assert b"secret" not in ended.stderr
