"""Many clients at once, each with one call at a time: calls a second of all together."""

import json
import os
import selectors
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bench.mcp.figure import Figure
from bench.mcp.program import Program
from bench.measure import quantile

Line = bytes
Next = Callable[[dict[str, Any] | None], Line]
"""What a client says after an answer; after None, first."""


def together(
    subject: str, what: str, servers: Sequence[Program], clients: Sequence[Next], seconds: float, goal: str = ""
) -> Iterator[Figure]:
    """Play for so long, from one thread, so that most of the processor is left to those that are measured."""
    samples: list[float] = []
    asked: dict[int, float] = {}
    rest: dict[int, bytes] = {}
    with selectors.DefaultSelector() as selector:
        for number, server in enumerate(servers):
            assert server.process.stdout is not None
            selector.register(server.process.stdout.fileno(), selectors.EVENT_READ, number)
            rest[number] = b""
        began = time.perf_counter()
        for number, server in enumerate(servers):
            asked[number] = time.perf_counter()
            server.send(clients[number](None))
        while asked:
            for key, _ in selector.select():
                number = key.data
                rest[number] += os.read(key.fd, 1_048_576)
                if not rest[number].endswith(b"\n"):
                    continue
                line, rest[number] = rest[number], b""
                now = time.perf_counter()
                samples.append((now - asked.pop(number)) * 1e3)
                if now - began < seconds:
                    asked[number] = now
                    servers[number].send(clients[number](_understood(line)))
        took = time.perf_counter() - began
    n, many = len(samples), len(servers)
    yield Figure(subject, f"{what}, {many} processes", round(n / took), "calls/s", n, goal)
    yield Figure(subject, f"{what}, {many} processes, p50", round(quantile(samples, 0.5), 2), "ms", n)
    yield Figure(subject, f"{what}, {many} processes, p99", round(quantile(samples, 0.99), 2), "ms", n)


def _understood(line: bytes) -> dict[str, Any]:
    answer = json.loads(line)
    if "error" in answer or answer["result"].get("isError"):
        raise RuntimeError(line.decode()[:300])
    result: dict[str, Any] = answer["result"]
    return result


def creates(server: Program, project: str) -> Next:
    """Creates tasks."""
    return lambda _answer: server.tool(
        "create_task", {"projectId": project, "title": "a task", "description": "what to do"}
    )


def takes(server: Program, project: str) -> Next:
    """Takes a task and ends it, over and over."""

    def said(answer: dict[str, Any] | None) -> Line:
        task = None if answer is None else json.loads(answer["content"][0]["text"])
        if task is None or "lease" not in task:
            return server.tool("get_next_task", {"projectId": project})
        done = {"projectId": project, "taskId": task["task"]["id"], "status": "done", "completedDetails": "it works"}
        return server.tool("update_task", done)

    return said


def reads(server: Program, project: str, task: str) -> Next:
    """Looks at a task."""
    return lambda _answer: server.tool("read_task", {"projectId": project, "taskId": task})


def mixed(server: Program, project: str, task: str) -> Next:
    """As agents do: creates a task, takes one, looks at it, ends it."""
    step = 0
    given = task

    def said(answer: dict[str, Any] | None) -> Line:
        nonlocal step, given
        if step % 4 == 2 and answer is not None:
            given = json.loads(answer["content"][0]["text"])["task"]["id"]
        step += 1
        if step % 4 == 1:
            return server.tool("create_task", {"projectId": project, "title": "a task", "description": "what to do"})
        if step % 4 == 2:
            return server.tool("get_next_task", {"projectId": project})
        if step % 4 == 3:
            return server.tool("read_task", {"projectId": project, "taskId": given})
        done = {"projectId": project, "taskId": given, "status": "done", "completedDetails": "it works"}
        return server.tool("update_task", done)

    return said
