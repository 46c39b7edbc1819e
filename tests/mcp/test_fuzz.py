"""Anything at all on the standard input of a real process, in both modes: it answers with the right code and lives."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from rota.faces.mcp.classic.tools import TOOLS
from rota.faces.mcp.tools import TOOLS as AGENT_TOOLS
from tests.mcp.classic.client import Clients

MESSAGES = 400
LAST = "the last of all"
Expected = tuple[Any, frozenset[int] | None]
"""The id that is answered under, and the codes that fit; None = a result fits too, and any code for what was asked."""

_CLASSIC = [tool["name"] for tool in TOOLS]
_EVERY = [*_CLASSIC, *AGENT_TOOLS, "mark_task_done", "", "__class__"]
# Some would go on for longer than a test: they simulate, or ask a language model.
_NAMES = sorted(set(_EVERY) - {"simulate", "generate_project_plan", "distribution_status"})
_METHODS = ["tools/list", "ping", "initialize", "server/discover", "resources/read", "prompts/get",
            "resources/subscribe", "nothing", "", "tools/call\u0000"]  # fmt: skip
"""Beside the calls of tools. None that stays open: when that is answered depends on what it says."""
_KEYS = [
    "projectId", "taskId", "title", "description", "status", "completedDetails", "tasks", "state", "initialPrompt",
    "agent", "agentId", "leaseToken", "token", "task", "n", "wait", "skills", "priority", "dependsOn", "estimate",
    "deadline", "tenant", "group", "kind", "request", "key", "result", "blocked_by", "agents", "queue", "set",
]  # fmt: skip


def test_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"
    run.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(run))
    with Clients(str(tmp_path / "rota.db")) as clients:
        fuzzed(Random(1), "--database", clients.database, "--tools", "all")
        assert clients.new().told("list_projects")["projects"] is not None, "the owner lives too"


def test_a_file(tmp_path: Path) -> None:
    fuzzed(Random(2), "--file", str(tmp_path / "tasks.json"))
    if (tmp_path / "tasks.json").exists():
        json.loads((tmp_path / "tasks.json").read_text())


def fuzzed(random: Random, *arguments: str) -> None:
    """Say all of it, then hear all of it."""
    lines = [message(random, number) for number in range(MESSAGES)]
    expected = [found for line in lines if (found := expects(line)) is not None]
    lines.append(json.dumps({"jsonrpc": "2.0", "id": LAST, "method": "ping"}).encode())
    # The last has no end: half a line is a line where the stream ends.
    done = subprocess.run(
        [sys.executable, "-m", "rota", "mcp", *arguments],
        input=b"\n".join([*lines, b'{"jsonrpc": "2.0", "id": 1, "met']),
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    answers = [json.loads(line, parse_constant=_refuse) for line in done.stdout.splitlines()]
    assert all(answer["jsonrpc"] == "2.0" for answer in answers)
    said = [answer for answer in answers if "id" in answer]
    assert {"result": {}, "jsonrpc": "2.0", "id": LAST} in said
    count = Counter(repr(answer["id"]) for answer in said)
    wanted = Counter([repr(number) for number, _ in expected] + [repr(LAST), repr(None)])
    assert count == wanted, "one answer for each request, and none besides"
    codes: dict[str, list[int | None]] = {}
    for answer in said:
        codes.setdefault(repr(answer["id"]), []).append(answer["error"]["code"] if "error" in answer else None)
    for number, fit in expected:
        if fit is not None and number is not None:
            assert set(codes[repr(number)]) <= fit, number
    assert set(codes[repr(None)]) <= {-32700, -32600}
    known = {None, -32700, -32600, -32601, -32602, -32022}
    assert {code for found in codes.values() for code in found} <= known, "nothing ends as an internal error"


def _refuse(name: str) -> Any:
    raise AssertionError(f"{name} on the standard output")


def expects(line: bytes) -> Expected | None:
    """What the line is to be answered; None = nothing."""
    if not line.strip():
        return None
    try:
        value = json.loads(line.decode(), parse_constant=_no_json)
    except (ValueError, RecursionError):
        return None, frozenset({-32700})
    if not isinstance(value, dict):
        return None, frozenset({-32600})
    number = value.get("id")
    if isinstance(number, bool | list | dict) or (isinstance(number, float) and math.isinf(number)):
        return None, frozenset({-32600})
    if value.get("jsonrpc") != "2.0" or not isinstance(value.get("method", ""), str):
        return number, frozenset({-32600})
    return (number, None) if "method" in value and "id" in value else None


def _no_json(name: str) -> Any:
    raise ValueError(name)


def message(random: Random, number: int) -> bytes:
    """One line."""
    makers: list[Callable[[Random, int], bytes]] = [_noise, _half, _deep, _odd_id, _odd_frame, _large]
    return random.choice([*makers, *[_request] * 14])(random, number)


def _noise(random: Random, _number: int) -> bytes:
    return random.randbytes(random.randint(1, 60)).replace(b"\n", b" ").replace(b"\r", b" ")


def _half(random: Random, number: int) -> bytes:
    whole = _request(random, number)
    return whole[: random.randint(1, len(whole) - 1)]


def _deep(random: Random, number: int) -> bytes:
    depth = random.choice([50, 900, 5_000, 200_000])
    inner = "[" * depth + "]" * depth
    if depth > 500:
        # Only what Python can not read is certain to be refused as such: shallower ones go through to the tool.
        return ("[" * 200_000 + "]" * 200_000).encode()
    parameters = f'{{"name":"list_projects","arguments":{{"state":{inner}}}}}'
    return f'{{"jsonrpc":"2.0","id":{number},"method":"tools/call","params":{parameters}}}'.encode()


def _odd_id(random: Random, number: int) -> bytes:
    odd = random.choice([[number], {"id": number}, True, 1e999, number + 0.5, str(number), -number - 1])
    return json.dumps({"jsonrpc": "2.0", "id": odd, "method": "ping"}).replace("Infinity", "1e999").encode()


def _odd_frame(random: Random, number: int) -> bytes:
    odd: list[Any] = [
        {"id": number, "method": "ping"},
        {"jsonrpc": "1.0", "id": number, "method": "ping"},
        {"jsonrpc": "2.0", "id": number, "method": 7},
        {"jsonrpc": "2.0", "id": number, "method": "ping", "params": [1]},
        {"jsonrpc": "2.0", "id": number, "result": {}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": [1]}},
        {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "list_projects"}},
        [],
        [{"jsonrpc": "2.0", "id": number, "method": "ping"}],
        "text",
        None,
        number,
    ]
    return json.dumps(random.choice(odd)).encode()


def _large(random: Random, number: int) -> bytes:
    text = random.choice(["x", "é", "\\ud800"]) * random.choice([70_000, 300_000])
    parameters = f'{{"name":"create_project","arguments":{{"initialPrompt":"{text}","tasks":[]}}}}'
    return f'{{"jsonrpc":"2.0","id":{number},"method":"tools/call","params":{parameters}}}'.encode()


def _request(random: Random, number: int) -> bytes:
    method = random.choice([*["tools/call"] * 20, *_METHODS])
    parameters: Any = _value(random, 2) if random.random() < 0.1 else {"name": random.choice(_NAMES)}
    if isinstance(parameters, dict) and random.random() < 0.95:
        keys = random.sample(_KEYS, random.randint(0, 8))
        arguments = {key: _fitting(random, key) if random.random() < 0.6 else _value(random, 2) for key in keys}
        parameters["arguments"] = random.choice([arguments] * 6 + [None, [], "text", 3])
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}).encode()


def _fitting(random: Random, key: str) -> Any:
    """What might get further than the first check."""
    known = {
        "projectId": f"proj-{random.randint(1, 3)}", "taskId": f"task-{random.randint(1, 5)}",
        "task": f"task-{random.randint(1, 5)}", "status": random.choice(["done", "in progress", "not started"]),
        "tasks": [{"title": "t", "description": "d"}] * random.randint(0, 2), "state": "open", "wait": 0.01,
        "n": random.randint(0, 3), "token": "00f1e2d3c4b5a697", "leaseToken": "00f1e2d3c4b5a697", "skills": ["a"],
        "agents": [{"name": "ada"}], "set": {"max_attempts": 3}, "dependsOn": ["task-1"],
    }  # fmt: skip
    return known.get(key, "text")


def _value(random: Random, depth: int) -> Any:
    plain = [None, True, 0, -1, 2**70, 1.5, 1e300, "", "text", "\ud800", "\u0000", "é" * 10]
    if depth == 0 or random.random() < 0.6:
        return random.choice(plain)
    if random.random() < 0.5:
        return [_value(random, depth - 1) for _ in range(random.randint(0, 3))]
    return {random.choice([*_KEYS, "", "__proto__"]): _value(random, depth - 1) for _ in range(random.randint(0, 3))}
