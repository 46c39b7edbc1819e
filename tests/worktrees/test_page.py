"""docs/coding-agents.md: its fleets load, and its script for Claude Code does what it says with a stand-in."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rota.files.toml import parse_fleet

PAGE = (Path(__file__).parents[2] / "docs" / "coding-agents.md").read_text()
CLAUDE = """#!/bin/sh
echo "$*" >> asked
case "$*" in
    *--resume*gone*) echo "No conversation found with session ID: gone"; exit 1 ;;
    *limited*) echo "You've hit your limit: resets 3pm" >&2; exit 1 ;;
    *broken*) echo "it broke" >&2; exit 1 ;;
esac
echo '{"total_cost_usd": 0.5}'
"""


def blocks(language: str) -> list[str]:
    return [block.split("```")[0] for block in PAGE.split(f"```{language}\n")[1:]]


def test_its_fleets_load() -> None:
    fleets = blocks("toml")
    assert len(fleets) == 3
    for text in fleets:
        fleet = parse_fleet(text, "fleet.toml")
        assert all(agent.process is not None and agent.process.workspace is not None for agent in fleet.agents)


@pytest.mark.parametrize(
    ("brief", "before", "code", "asked"),
    [
        ("do it", "", 0, ["--session-id new do it"]),
        ("do it", "old", 0, ["--resume old --fork-session --session-id new do it"]),
        ("do it", "gone", 0, ["--resume gone --fork-session --session-id new do it", "--session-id new do it"]),
        ("limited", "", 75, ["--session-id new limited"]),
        ("broken", "", 1, ["--session-id new broken"]),
    ],
)
def test_the_script_for_claude(tmp_path: Path, brief: str, before: str, code: int, asked: list[str]) -> None:
    (script,) = [block for block in blocks("sh") if block.startswith("#!/bin/sh")]
    (tmp_path / "claude").write_text(CLAUDE)
    (tmp_path / "claude").chmod(0o755)
    (tmp_path / "claude.sh").write_text(script)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "ROTA_SESSION": "new"}
    env |= {"ROTA_PREVIOUS_SESSION": before} if before else {}
    ended = subprocess.run(
        ["sh", "claude.sh", brief], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert ended.returncode == code, ended.stderr
    common = "-p --output-format json --permission-mode acceptEdits "
    assert (tmp_path / "asked").read_text().splitlines() == [common + line for line in asked]
    if code == 0:
        assert ended.stdout == '{"total_cost_usd": 0.5}\n'
    if code == 75:
        assert "resets 3pm" in ended.stderr
