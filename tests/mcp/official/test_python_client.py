"""The official Python client, in both eras of the protocol, against `rota mcp` over its standard streams."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.types import CallToolResult, TextContent, TextResourceContents

from rota.faces.mcp.proxy.toolbox import groups_of, tools_of
from rota.owner.link import Link

LEGACY, MODERN = "legacy", "2026-07-28"
ERAS = pytest.mark.parametrize("era", [LEGACY, MODERN, "auto"])
SPOKEN = {LEGACY: "2025-11-25", MODERN: MODERN, "auto": MODERN}
WAIT_S = 60.0

Story = Callable[[Client], Awaitable[None]]


@pytest.fixture
def play(command: list[str], environment: dict[str, str]) -> Callable[[Story, str], None]:
    """Runs what one client does."""

    def run(story: Story, era: str) -> None:
        async def with_client() -> None:
            server = StdioServerParameters(command=command[0], args=command[1:], env=environment)
            async with Client(server, mode=era) as client:
                await asyncio.wait_for(story(client), WAIT_S)

        asyncio.run(with_client())

    return run


def _told(result: CallToolResult) -> Any:
    """What a tool says: the same as text and, with our own tools, as structured content."""
    [content] = result.content
    assert isinstance(content, TextContent)
    assert not result.is_error, content.text
    value = json.loads(content.text)
    assert result.structured_content in (None, value)
    return value


@ERAS
def test_it_lists_all_tools(play: Callable[[Story, str], None], era: str) -> None:
    async def story(client: Client) -> None:
        assert client.protocol_version == SPOKEN[era]
        # Without a question first, the client knows of nobody.
        assert (client.server_info is None) == (era == MODERN)
        assert client.server_info is None or client.server_info.name == "rota"
        found = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert list(found) == [tool["name"] for tool in tools_of(groups_of("all"))]
        assert found["claim_tasks"].output_schema is not None

    play(story, era)


@ERAS
def test_a_project_from_its_first_to_its_last_call(play: Callable[[Story, str], None], era: str) -> None:
    async def story(client: Client) -> None:
        tasks = [{"title": "Record", "description": "47 min"}, {"title": "Train", "description": "LoRA"}]
        made = _told(await client.call_tool("create_project", {"initialPrompt": "Voice", "tasks": tasks}))
        project = made["projectId"]
        for expected in made["tasks"]:
            given = _told(await client.call_tool("get_next_task", {"projectId": project}))
            assert given["task"]["title"] == expected["title"]
            ids = {"projectId": project, "taskId": given["task"]["id"]}
            await client.call_tool("update_task", {**ids, "status": "done", "completedDetails": "fine"})
            _told(await client.call_tool("approve_task", ids))
        _told(await client.call_tool("finalize_project", {"projectId": project}))

    play(story, era)


@ERAS
def test_a_worker_s_task_from_claim_to_result(play: Callable[[Story, str], None], era: str) -> None:
    async def story(client: Client) -> None:
        [task] = _told(await client.call_tool("submit_tasks", {"tasks": [{"title": "Write"}]}))["ids"]
        [given] = _told(await client.call_tool("claim_tasks", {"agent": "ada"}))["tasks"]
        held = {"task": task, "token": given["token"]}
        assert _told(await client.call_tool("heartbeat", held))["do"] == {task: "go on"}
        assert _told(await client.call_tool("complete_task", {**held, "result": {"pages": 3}}))["state"] == "done"
        late = await client.call_tool("complete_task", held)
        assert late.is_error

    play(story, era)


@ERAS
def test_wrong_calls(play: Callable[[Story, str], None], era: str) -> None:
    async def story(client: Client) -> None:
        with pytest.raises(MCPError) as unknown:
            await client.call_tool("create_project", {"tasks": []})
        assert unknown.value.error.code == -32602
        refused = await client.call_tool("submit_tasks", {"tasks": [{"titel": "Write"}]})
        [content] = refused.content
        assert refused.is_error
        assert isinstance(content, TextContent)
        assert "titel" in content.text

    play(story, era)


@ERAS
def test_resources_and_prompts(play: Callable[[Story, str], None], era: str) -> None:
    async def story(client: Client) -> None:
        made = await client.call_tool("create_project", {"initialPrompt": "Voice", "tasks": []})
        project = _told(made)["projectId"]
        resources = {str(resource.uri) for resource in (await client.list_resources()).resources}
        assert "rota://projects" in resources
        templates = (await client.list_resource_templates()).resource_templates
        assert templates
        [read] = (await client.read_resource("rota://projects")).contents
        assert isinstance(read, TextResourceContents)
        assert project in read.text
        prompts = {prompt.name: prompt for prompt in (await client.list_prompts()).prompts}
        [message] = (await client.get_prompt("worker_loop", {"agent": "ada"})).messages
        assert "worker_loop" in prompts
        assert isinstance(message.content, TextContent)
        assert 'agent="ada"' in message.content.text

    play(story, era)


@pytest.mark.parametrize("era", [LEGACY, MODERN])
def test_a_claim_that_waits_shows_signs_of_life(play: Callable[[Story, str], None], era: str) -> None:
    async def story(client: Client) -> None:
        noticed = asyncio.Event()

        async def notice(progress: float, total: float | None, message: str | None) -> None:
            assert 0 < progress < 45
            assert total == 45
            assert message
            noticed.set()

        waiting = asyncio.create_task(
            client.call_tool("claim_tasks", {"agent": "ada", "wait": 45}, progress_callback=notice)
        )
        await noticed.wait()
        await client.call_tool("submit_tasks", {"tasks": [{"title": "Write"}]})
        [given] = _told(await waiting)["tasks"]
        assert given["agent"] == "ada"

    play(story, era)


@ERAS
def test_a_claim_that_is_cancelled_takes_nothing(play: Callable[[Story, str], None], era: str, database: str) -> None:
    async def story(client: Client) -> None:
        await client.call_tool("register_roster", {"agents": [{"name": "ada"}]})
        link = Link(database)
        waiting = asyncio.create_task(client.call_tool("claim_tasks", {"agent": "ada", "wait": 45}))
        await _listening(link, 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await _listening(link, 0)
        [task] = _told(await client.call_tool("submit_tasks", {"tasks": [{"title": "Write"}]}))["ids"]
        assert link.call("get_task", {"task": task})["state"] == "ready"
        link.close()

    play(story, era)


async def _listening(link: Link, slots: int) -> None:
    while link.call("get_agent", {"agent": "ada"}).get("listening", 0) != slots:
        await asyncio.sleep(0.02)
