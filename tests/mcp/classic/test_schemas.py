"""The tools as they are listed: names, order, arguments of taskqueue-mcp 1.4.1, and what was added."""

from __future__ import annotations

from typing import Any

from rota.faces.mcp.classic.arguments import CHECKS
from rota.faces.mcp.classic.tools import TOOLS

WISHES = ["priority", "kind", "skills", "role", "deadline", "estimate", "tenant", "group", "dependsOn", "blocks"]
TASK = ["title", "description", "toolRecommendations", "ruleRecommendations"]

SNAPSHOT: list[tuple[str, list[str], list[str], list[str]]] = [
    ("list_projects", ["state"], [], []),
    ("read_project", ["projectId"], ["projectId"], []),
    (
        "create_project",
        ["initialPrompt", "projectPlan", "tasks", "autoApprove"],
        ["initialPrompt", "tasks"],
        ["ordering"],
    ),
    ("delete_project", ["projectId"], ["projectId"], []),
    ("add_tasks_to_project", ["projectId", "tasks"], ["projectId", "tasks"], []),
    ("finalize_project", ["projectId"], ["projectId"], []),
    ("generate_project_plan", ["prompt", "provider", "model", "attachments"], ["prompt", "provider", "model"], []),
    ("list_tasks", ["projectId", "state"], [], []),
    ("read_task", ["projectId", "taskId"], ["projectId", "taskId"], []),
    ("create_task", ["projectId", *TASK], ["projectId", "title", "description"], WISHES),
    (
        "update_task",
        [
            "projectId",
            "taskId",
            "title",
            "description",
            "status",
            "completedDetails",
            "toolRecommendations",
            "ruleRecommendations",
        ],
        ["projectId", "taskId"],
        [*(wish for wish in WISHES if wish != "tenant"), "agentId", "leaseToken"],
    ),
    ("delete_task", ["projectId", "taskId"], ["projectId", "taskId"], []),
    ("approve_task", ["projectId", "taskId"], ["projectId", "taskId"], []),
    ("get_next_task", ["projectId"], ["projectId"], ["agentId", "role", "skills"]),
]
"""Name, arguments of taskqueue-mcp, those it requires, those that Rota added."""


def test_names_order_and_arguments() -> None:
    found = [(tool["name"], list(tool["inputSchema"]["properties"]), tool["inputSchema"]["required"]) for tool in TOOLS]
    assert found == [(name, [*theirs, *ours], required) for name, theirs, required, ours in SNAPSHOT]
    assert list(CHECKS) == [name for name, *_ in SNAPSHOT]


def test_each_has_only_what_taskqueue_mcp_shows() -> None:
    for tool in TOOLS:
        assert list(tool) == ["name", "description", "inputSchema"]
        assert list(tool["inputSchema"]) == ["type", "properties", "required"]
        assert tool["inputSchema"]["type"] == "object"
        assert tool["description"]


def test_tasks_to_create() -> None:
    for tool in TOOLS:
        tasks = tool["inputSchema"]["properties"].get("tasks")
        if tasks is not None:
            assert list(tasks["items"]["properties"]) == [*TASK, *WISHES, "ref"]
            assert tasks["items"]["required"] == ["title", "description"]


def test_enumerations() -> None:
    four = ["open", "pending_approval", "completed", "all"]
    assert _enum("list_projects", "state") == four
    assert _enum("list_tasks", "state") == [*four, "in_progress", "not_started", "done", "failed"]
    assert _enum("update_task", "status") == ["not started", "in progress", "done"]
    assert _enum("generate_project_plan", "provider") == ["openai", "google", "deepseek"]


def _enum(tool: str, argument: str) -> Any:
    (found,) = (one for one in TOOLS if one["name"] == tool)
    return found["inputSchema"]["properties"][argument]["enum"]
