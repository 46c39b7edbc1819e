"""File mode as a client meets it: a process, its streams, its command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.faces.mcp.file_mode.place import VARIABLE
from tests.mcp.classic.client import Client
from tests.mcp.file_mode.calling import project, stored
from tests.mcp.file_mode.clients import client_of

TOOLS = [
    "list_projects", "read_project", "create_project", "delete_project", "add_tasks_to_project", "finalize_project",
    "generate_project_plan", "list_tasks", "read_task", "create_task", "update_task", "delete_task", "approve_task",
    "get_next_task",
]  # fmt: skip


@pytest.fixture
def client(path: Path) -> Iterator[Client]:
    with client_of("--file", str(path)) as client:
        yield client


def test_a_client_works_on_the_file_from_hello_to_goodbye(client: Client, path: Path) -> None:
    assert client.greeting["result"]["serverInfo"] == {"name": "task-manager-server", "version": "1.4.1"}
    assert client.greeting["result"]["capabilities"] == {"tools": {"list": True, "call": True}}
    made = client.told("create_project", initialPrompt="Grün\ud800", tasks=[{"title": "a", "description": "b"}])
    assert made["projectId"] == "proj-1"
    assert client.tool("read_project", {})["error"]["code"] == -32602
    assert client.tool("mark_task_done", {})["error"]["code"] == -32601
    assert client.tool("read_project", {"projectId": "x"})["result"]["isError"] is True
    path.write_text('{"projects": [{"projectId": "proj-7", "tasks": []}]}')
    assert client.told("list_projects")["projects"][0]["projectId"] == "proj-7"
    path.write_text("{broken")
    assert client.tool("list_projects", {})["result"]["isError"] is True
    path.unlink()
    assert client.told("list_projects")["projects"] == []
    assert client.close() == 0


def test_the_tools_are_shown_without_what_a_file_has_no_place_for(client: Client) -> None:
    tools = client.ask("tools/list", {})["result"]["tools"]
    assert [tool["name"] for tool in tools] == TOOLS
    assert all(list(tool) == ["name", "description", "inputSchema"] for tool in tools)
    by_name = {tool["name"]: tool["inputSchema"] for tool in tools}
    assert list(by_name["get_next_task"]["properties"]) == ["projectId"]
    assert list(by_name["create_project"]["properties"]) == ["initialPrompt", "projectPlan", "tasks", "autoApprove"]
    words = ["title", "description", "toolRecommendations", "ruleRecommendations"]
    assert list(by_name["add_tasks_to_project"]["properties"]["tasks"]["items"]["properties"]) == words
    assert list(by_name["update_task"]["properties"]) == [
        "projectId", "taskId", "title", "description", "status", "completedDetails", "toolRecommendations",
        "ruleRecommendations",
    ]  # fmt: skip
    for tool in ("list_projects", "list_tasks"):
        assert by_name[tool]["properties"]["state"]["enum"] == ["open", "pending_approval", "completed", "all"]
        assert by_name[tool]["required"] == []


def test_calls_that_overlap_are_done_in_their_order(client: Client, path: Path) -> None:
    named = project(path, 0)
    calls = [
        client.begin(
            "tools/call",
            {"name": "create_task", "arguments": {"projectId": named, "title": str(number), "description": "d"}},
        )
        for number in range(50)
    ]
    assert all("isError" not in client.answer(number)["result"] for number in calls)
    assert [task["title"] for task in stored(path)["projects"][0]["tasks"]] == [str(n) for n in range(50)]


def test_a_foreign_lock_holds_up_no_ping(client: Client, path: Path) -> None:
    lock = Path(f"{path}.lock")
    lock.touch()
    waiting = client.begin("tools/call", {"name": "list_projects", "arguments": {}})
    assert client.ask("ping", {}) == {"result": {}}
    lock.unlink()
    assert "isError" not in client.answer(waiting)["result"]


def test_the_environment_names_the_file_too(path: Path) -> None:
    with client_of(environment={VARIABLE: str(path)}) as client:
        client.told("create_project", initialPrompt="x", tasks=[])
        assert client.close() == 0
    assert stored(path)["projects"][0]["autoApprove"] is True


def test_a_strict_file_is_asked_for(path: Path) -> None:
    with client_of("--file", str(path), "--strict") as client:
        client.told("create_project", initialPrompt="x", tasks=[])
        assert client.close() == 0
    assert stored(path)["projects"][0]["autoApprove"] is False


@pytest.mark.parametrize(
    "arguments",
    [["--file"], ["--file", "a", "--database", "b"], ["--file", "a", "--tools", "worker"], ["--strict"],
     ["--strict=yes", "--file", "a"]],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(arguments: list[str]) -> None:
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    run = subprocess.run(
        [sys.executable, "-m", "rota", "mcp", *arguments], env=environment, capture_output=True, text=True
    )
    assert run.returncode == 2
    assert run.stderr.startswith("rota mcp: ")
    assert run.stdout == ""


def test_file_mode_loads_the_standard_library_alone() -> None:
    code = (
        "import sys; from rota.faces.mcp.proxy.main import main;"
        "from rota.faces.mcp.file_mode.backend import FileBackend;"
        "from rota.faces.mcp.file_mode.tools import TOOLS;"
        "print(*(m for m in sys.modules if m.split('.')[0] not in sys.stdlib_module_names), sep='\\n')"
    )
    run = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert {name for name in loaded if not name.startswith("rota")} <= {"__main__", "sitecustomize"}
    layers = ("rota.store", "rota.engine", "rota.operations", "rota.owner", "rota.planning")
    assert [name for name in loaded if name.startswith(layers)] == []
