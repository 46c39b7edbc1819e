"""The plugin's files: as Claude Code documents them, and naming only what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import rota
from rota.faces.mcp.hook.main import HOOKS
from rota.faces.mcp.proxy.main import options_of
from rota.faces.mcp.proxy.toolbox import groups_of, tools_of

PLUGIN = Path(__file__).parents[3] / "integrations" / "claude-code"
TEXTS = [PLUGIN / "agents" / "task-distributor.md", PLUGIN / "skills" / "rota-worker" / "SKILL.md"]
TOOLS = {tool["name"]: tool for tool in tools_of(groups_of("all"))}
ARGUMENTS = {name for tool in TOOLS.values() for name in tool["inputSchema"].get("properties", {})}

MANIFEST = {"name", "version", "description", "author", "homepage", "repository", "license", "keywords"}
"""Fields of a manifest without components of its own places."""
OF_AGENTS = {"name", "description", "tools", "disallowedTools", "model", "color", "maxTurns", "skills", "effort"}
"""Fields of a plugin's agent; Claude Code ignores hooks, mcpServers and permissionMode there."""
OF_SKILLS = {"name", "description", "allowed-tools", "disable-model-invocation", "user-invocable", "argument-hint"}
EVENTS = {"SessionStart", "PostToolUse", "Stop", "SessionEnd"}
OF_HOOKS = {"type", "command", "timeout", "statusMessage"}
BUILT_IN = {"Read", "Write", "Edit", "Glob", "Grep", "Agent"}
ASKED = (
    "50 ms", "10 %", "99 %", "100 %", "95 %", "80 %", "fairness", "starvation", "preemption", "back-off", "estimate",
    "dead", "affinity", "consistent_hash", "delivery notice", "toolRecommendations", "ruleRecommendations",
)  # fmt: skip
"""What both seeds ask of the sub-agent."""
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def _json(*path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PLUGIN.joinpath(*path).read_text(encoding="utf-8"))
    return found


def _front_matter(file: Path) -> dict[str, str]:
    """Of the simple form that these files have: a line a field."""
    start, block, _ = file.read_text(encoding="utf-8").split("---\n", 2)
    assert start == ""
    return {name: value for name, _, value in (line.partition(": ") for line in block.splitlines())}


def test_the_manifest() -> None:
    manifest = _json(".claude-plugin", "plugin.json")
    assert set(manifest) <= MANIFEST
    assert NAME.fullmatch(manifest["name"])
    assert manifest["version"] == rota.__version__
    assert [file.name for file in (PLUGIN / ".claude-plugin").iterdir()] == ["plugin.json"]


def test_the_mcp_server() -> None:
    [(name, server)] = _json(".mcp.json")["mcpServers"].items()
    assert name == "taskqueue"
    assert server["command"] == "rota"
    assert server["args"][0] == "mcp"
    assert options_of(server["args"][1:]).tools == "all"


def test_the_hooks() -> None:
    hooks = _json("hooks", "hooks.json")["hooks"]
    assert set(hooks) == EVENTS
    used = []
    for [group] in hooks.values():
        [hook] = group["hooks"]
        assert set(hook) <= OF_HOOKS
        assert hook["type"] == "command"
        # Without a shell in between: the hooks of a session know each other by the process that starts them.
        start, name = hook["command"].rsplit(" ", 1)
        assert start == "exec rota hook"
        used.append(name)
    assert sorted(used) == sorted(HOOKS)


def test_a_worker_may_wait_as_long_as_it_can_ask_for() -> None:
    from rota.faces.mcp.hook.told import WAIT_MOST_S

    [group] = _json("hooks", "hooks.json")["hooks"]["Stop"]
    assert group["hooks"][0]["timeout"] > WAIT_MOST_S


def test_the_sub_agent() -> None:
    fields = _front_matter(TEXTS[0])
    assert set(fields) <= OF_AGENTS
    assert fields["name"] == TEXTS[0].stem == "task-distributor"
    assert "use proactively" in fields["description"].lower()
    assert fields["model"] in {"sonnet", "opus", "haiku", "inherit"}
    named = {tool.strip() for tool in fields["tools"].split(",")}
    plugin = _json(".claude-plugin", "plugin.json")["name"]
    # As set up by hand, and as a plugin's own server is called.
    assert named == BUILT_IN | {"mcp__taskqueue__*", f"mcp__plugin_{plugin}_taskqueue__*"}


def test_the_skill() -> None:
    fields = _front_matter(TEXTS[1])
    assert set(fields) <= OF_SKILLS
    assert fields["name"] == TEXTS[1].parent.name
    assert len(fields["description"]) <= 1_024


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_they_name_only_tools_and_arguments_that_there_are(file: Path) -> None:
    body = file.read_text(encoding="utf-8").split("---\n", 2)[2]
    known = set(TOOLS) | ARGUMENTS | _answered() | {"taskqueue", "lease_lost", "do", "[targets]", "false", "on_empty"}
    for quoted in re.findall(r"`([^`\n]+)`", body):
        name = re.split(r"[:( ]", quoted)[0]
        assert name in known or quoted in ("not started", "data-engineer") or quoted.startswith(("<", "FAILED")), quoted
    # Words with an underscore are names, quoted or not.
    strategies = {"least_loaded", "power_of_two", "round_robin", "consistent_hash"}
    for word in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", body):
        assert word in known | strategies, word


def _answered() -> set[str]:
    """Fields of answers, and of tasks within arguments."""
    found: set[str] = set()

    def gather(value: Any) -> None:
        if isinstance(value, dict):
            found.update(value.get("properties", {}))
            for one in value.values():
                gather(one)
        elif isinstance(value, list):
            for one in value:
                gather(one)

    for tool in TOOLS.values():
        gather(tool["inputSchema"])
        gather(tool.get("outputSchema", {}))
    return found


def test_the_sub_agent_names_what_the_seeds_ask_for() -> None:
    body = " ".join(TEXTS[0].read_text(encoding="utf-8").split())
    dispatching = {tool["name"] for tool in tools_of(("dispatcher",))} - {"schedule_task"}
    assert dispatching <= set(re.findall(r"`([a-z_]+)`", body))
    for asked in ASKED:
        assert asked in body, asked
