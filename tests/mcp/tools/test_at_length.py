"""Calls that take long: in another process, given up when cancelled, while others are answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import psutil
import pytest

from rota.faces.mcp.apart import apart
from rota.model.errors import RotaError
from tests.mcp.classic.client import WAIT_S, Client, Clients

LONG = 600
"""Tasks whose end makes a history that is worked out by another process."""


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
    structured: dict[str, Any] = result["structuredContent"]
    return structured


def work_off(client: Client, n: int) -> None:
    """A history of more than two events a task."""
    call(client, "submit_tasks", tasks=[{"title": f"t{number}", "project": None} for number in range(n)])
    while tasks := call(client, "claim_tasks", agent="ada", n=100)["tasks"]:
        for one in tasks:
            call(client, "complete_task", task=one["task"], token=one["token"])


def test_the_status_of_a_long_history_is_the_same(clients: Clients) -> None:
    client = clients.new("--tools", "all")
    work_off(client, 5)
    short = call(client, "distribution_status", notice=False)
    assert (short["tasks"], short["distributed"]) == ({}, 5)
    work_off(client, LONG)
    found = call(client, "distribution_status", notice=False)
    assert found["distributed"] == 5 + LONG
    assert found["figures"].keys() == short["figures"].keys()
    assert found["figures"]["distribution_latency"]["n"] == 5 + LONG, "what only the owner knows goes with the order"
    refusal = client.tool("distribution_status", {"project": "proj-77"})["result"]
    assert refusal["isError"]
    assert "no_project" in refusal["content"][0]["text"]


def test_a_cancelled_simulation_ends_its_process(clients: Clients) -> None:
    client = clients.new("--tools", "all")
    work_off(client, 300)
    owner = clients.owner()
    assert owner is not None
    arguments = {"compare": ["default", "round_robin", "least_loaded", "random"]}
    number = client.begin("tools/call", {"name": "simulate", "arguments": arguments})
    started = _until(lambda: _simulations(owner))
    client.say({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}})
    _gone, alive = psutil.wait_procs(started, WAIT_S)
    assert alive == []
    assert client.ask("ping", {}) == {"result": {}}
    assert number not in client._answers


def _simulations(owner: int) -> list[psutil.Process]:
    return [one for one in psutil.Process(owner).children() if "simulate" in one.cmdline()]


def _until(found: Callable[[], list[psutil.Process]]) -> list[psutil.Process]:
    for _ in range(2_000):
        if processes := found():
            return processes
        threading.Event().wait(0.01)
    raise AssertionError("no simulation was started")


def test_apart() -> None:
    assert apart(lambda _cancelled: 42).result(WAIT_S) == 42
    with pytest.raises(RotaError):
        apart(_refuse).result(WAIT_S)


def _refuse(_cancelled: Callable[[], bool]) -> int:
    raise RotaError("invalid", "no")


def test_apart_is_given_up() -> None:
    looked, ended = threading.Event(), threading.Event()

    def work(cancelled: Callable[[], bool]) -> int:
        looked.set()
        while not cancelled():
            ended.wait(0.005)
        ended.set()
        return 1

    future = apart(work)
    assert looked.wait(WAIT_S)
    assert future.cancel()
    assert ended.wait(WAIT_S)
    assert future.cancel(), "twice is no harm"
    with pytest.raises(CancelledError):
        future.result(WAIT_S)
