"""`generate_project_plan`, against a real server that stands for the providers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rota.faces.mcp.classic.arguments import check
from rota.faces.mcp.classic.errors import ToolError
from rota.faces.mcp.classic.generate import project_of
from rota.testing import TestDistributor
from tests.mcp.classic.client import Clients
from tests.mcp.classic.playing_agents import Player

PLAN = {
    "projectPlan": "first think",
    "tasks": [
        {"title": "Think", "description": "hard", "toolRecommendations": "head", "nonsense": 1},
        {"title": "Do", "description": "it", "ruleRecommendations": "Priority: HIGH"},
    ],
}
VARIABLES = {
    "openai": ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
    "google": ("GOOGLE_GENERATIVE_AI_API_KEY", "GOOGLE_GENERATIVE_AI_BASE_URL"),
    "deepseek": ("DEEPSEEK_API_KEY", "DEEPSEEK_BASE_URL"),
}


class Provider:
    """Answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.text = json.dumps(PLAN)
        self.status = 200
        self.raw: bytes | None = None
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                provider.asked.append((self.path, headers, body))
                data = provider.raw if provider.raw is not None else provider.answer(self.path)
                self.send_response(provider.status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}/v1"

    def answer(self, path: str) -> bytes:
        if "generateContent" in path:
            return json.dumps({"candidates": [{"content": {"parts": [{"text": self.text}]}}]}).encode()
        return json.dumps({"choices": [{"message": {"content": self.text}}]}).encode()

    def environment(self, name: str) -> dict[str, str]:
        key, base = VARIABLES[name]
        return {key: "secret", base: self.address}


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    yield found
    found.server.shutdown()
    found.server.server_close()


def arguments(**more: Any) -> dict[str, Any]:
    given = {"prompt": "Build it", "provider": "openai", "model": "m-1", **more}
    return check("generate_project_plan", given)


@pytest.mark.parametrize("name", VARIABLES)
def test_each_provider_is_asked_in_its_own_way(provider: Provider, tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.md").write_text("Zoë's notes")
    found = project_of(arguments(provider=name, attachments=[str(tmp_path / "notes.md")]), provider.environment(name))
    assert found["initialPrompt"] == "Build it"
    assert found["projectPlan"] == "first think"
    assert found["tasks"] == [
        {"title": "Think", "description": "hard", "toolRecommendations": "head"},
        {"title": "Do", "description": "it", "ruleRecommendations": "Priority: HIGH"},
    ]
    ((path, headers, body),) = provider.asked
    said = json.dumps(body, ensure_ascii=False)
    assert "<prompt>Build it</prompt>" in said
    assert "<attachment>Zoë's notes</attachment>" in said
    if name == "google":
        assert path == "/v1/models/m-1:generateContent"
        assert headers["x-goog-api-key"] == "secret"
    else:
        assert path == "/v1/chat/completions"
        assert headers["authorization"] == "Bearer secret"
        assert body["model"] == "m-1"


def test_an_answer_in_a_code_block(provider: Provider) -> None:
    provider.text = f"```json\n{json.dumps(PLAN)}\n```"
    assert len(project_of(arguments(), provider.environment("openai"))["tasks"]) == 2


@pytest.mark.parametrize(
    ("status", "raw", "text"),
    [
        (404, b"{}", "Invalid model: m-1 is not available for openai"),
        (400, b'{"error":{"message":"The model does not exist"}}', "Invalid model: m-1 is not available for openai"),
        (500, b"oops", "Failed to generate project plan due to an unexpected error"),
        (401, b"{}", "Failed to generate project plan due to an unexpected error"),
        (200, b"no json", "Failed to generate project plan due to an unexpected error"),
        (200, b"{}", "Failed to generate project plan due to an unexpected error"),
        (200, b"[]", "Failed to generate project plan due to an unexpected error"),
        (
            200,
            b'{"choices":[{"message":{"content":"{}"}}]}',
            "Failed to generate project plan due to an unexpected error",
        ),
        (
            200,
            b'{"choices":[{"message":{"content":"[1]"}}]}',
            "Failed to generate project plan due to an unexpected error",
        ),
    ],
)
def test_what_goes_wrong(provider: Provider, status: int, raw: bytes, text: str) -> None:
    provider.status, provider.raw = status, raw
    with pytest.raises(ToolError, match=text):
        project_of(arguments(), provider.environment("openai"))


def test_nobody_there(provider: Provider) -> None:
    for address in ("http://127.0.0.1:1", "file:///etc/hosts", "nonsense"):
        with pytest.raises(ToolError, match="unexpected error"):
            project_of(arguments(), {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": address})
    assert provider.asked == []


def test_an_attachment_that_can_not_be_read(provider: Provider, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in (str(tmp_path / "none"), str(tmp_path), str(tmp_path / "binary")):
        with pytest.raises(ToolError, match="Failed to read attachment file: "):
            project_of(arguments(attachments=[name]), provider.environment("openai"))
    assert provider.asked == []


def test_the_project_is_created(provider: Provider, rota: TestDistributor, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in provider.environment("openai").items():
        monkeypatch.setenv(name, value)
    ann = Player(rota, "ann")
    made = ann.told("generate_project_plan", prompt="Build it", provider="openai", model="m-1")
    assert made["totalTasks"] == 2
    assert [task["title"] for task in made["tasks"]] == ["Think", "Do"]
    assert made["tasks"][1]["priority"] == "high"
    assert ann.told("read_project", projectId=made["projectId"])["projectPlan"] == "first think"


def test_the_keys_are_those_of_the_clients_process(provider: Provider, clients: Clients) -> None:
    clients.new().told("list_projects")  # this one starts the owner, which has no keys
    client = clients.new(environment=provider.environment("deepseek"))
    made = client.told("generate_project_plan", prompt="Build it", provider="deepseek", model="m-1")
    assert made["message"] == f"Project {made['projectId']} created with 2 tasks."
    told = client.tool("generate_project_plan", {"prompt": "x", "provider": "openai", "model": "m"})["result"]
    assert (
        told["content"][0]["text"] == "Tool execution failed: Missing API key environment variable required for openai"
    )
