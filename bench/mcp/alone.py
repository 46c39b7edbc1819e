"""One client, one call after the other, beside nobody."""

import time
from collections.abc import Iterator
from typing import Any

from bench.mcp.figure import Figure, call_figures
from bench.mcp.program import Program, told


def alone(subject: str, server: Program, n: int, *, goals: bool = True) -> Iterator[Figure]:
    """Each of the tools an agent calls over and over, `n` times."""
    project, task = filled(server, 1)
    takes: list[float] = []
    ends: list[float] = []
    for name, arguments in (
        ("create_task", {"projectId": project, "title": "a task", "description": "what to do"}),
        ("read_task", {"projectId": project, "taskId": task}),
        ("list_projects", {}),
    ):
        samples: list[float] = []
        for _ in range(n):
            _timed(server, name, arguments, samples)
        yield from call_figures(subject, name, samples, goals=goals)
    for _ in range(n):
        given = told(_timed(server, "get_next_task", {"projectId": project}, takes))["task"]["id"]
        done = {"projectId": project, "taskId": given, "status": "done", "completedDetails": "it works"}
        _timed(server, "update_task", done, ends)
        if subject == "taskqueue-mcp":
            # Else the same task comes again: it waits for approval.
            server.told("approve_task", projectId=project, taskId=given)
    yield from call_figures(subject, "get_next_task", takes, goals=goals)
    yield from call_figures(subject, "update_task done", ends, goals=goals)


def filled(server: Program, tasks: int) -> tuple[str, str]:
    """A project with so many tasks; it and its first."""
    items = [{"title": f"task {number}", "description": "what to do"} for number in range(tasks)]
    made = server.told("create_project", initialPrompt="to be measured", tasks=items, autoApprove=True)
    return str(made["projectId"]), str(made["tasks"][0]["id"])


def _timed(server: Program, tool: str, arguments: dict[str, Any], samples: list[float]) -> dict[str, Any]:
    began = time.perf_counter()
    answer = server.ask("tools/call", {"name": tool, "arguments": arguments})
    samples.append((time.perf_counter() - began) * 1e3)
    return answer
