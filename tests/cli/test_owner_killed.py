"""The owner is killed while short commands are on their way: none is lost, none is done twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.cli.shell import environment, rota
from tests.owner.owners import owners

COMMANDS, AT_ONCE = 50, 17


def test_fifty_commands_under_killed_owners(tmp_path: Path, runtime: Path) -> None:
    work = tmp_path / "work.db"
    titles = [f"task {number}" for number in range(COMMANDS)]
    said: dict[str, str] = {}
    killed = 0
    for at in range(0, COMMANDS, AT_ONCE):
        some = [
            subprocess.Popen(
                [sys.executable, "-m", "rota", "add", title, "-d", str(work)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
            )
            for title in titles[at : at + AT_ONCE]
        ]  # fmt: skip
        for number, adding in enumerate(some):
            if number == AT_ONCE // 3:
                for owner in owners(runtime):
                    os.kill(owner.pid, signal.SIGKILL)
                    killed += 1
            out, talk = adding.communicate(timeout=60)
            assert (adding.returncode, talk) == (0, "")
            said[titles[at + number]] = out.strip()
    assert killed >= COMMANDS // AT_ONCE - 1
    found = rota("tasks", "--all", "--json", "-n", "1000", "-d", work).out.splitlines()
    assert {task["title"]: task["id"] for task in map(json.loads, found)} == said
    assert len(found) == COMMANDS
    assert rota("audit", work).code == 0
