"""Processes beside the test: our workers, and a foreign program that knows the lock of taskqueue-mcp."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

FOREIGN = """
import json, os, sys
path, lock = sys.argv[1:]
os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
print("locked", flush=True)
sys.stdin.readline()
text = json.dumps({"projects": [{"projectId": "proj-8", "initialPrompt": "theirs", "projectPlan": "", "tasks": [],
                                 "completed": False}]})
with open(path, "w") as file:  # not in one step, as they write
    file.write(text[:20])
    file.flush()
    print("writing", flush=True)
    sys.stdin.readline()
    file.write(text[20:])
os.unlink(lock)
print("done", flush=True)
"""


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def worker(path: Path, project: str, count: int, name: str) -> subprocess.Popen[str]:
    """A worker that waits for a line before it begins."""
    return started("-m", "tests.mcp.file_mode.worker", str(path), project, str(count), name)


def foreign(path: Path) -> subprocess.Popen[str]:
    """A program that holds the lock and goes on with each line."""
    process = started("-c", FOREIGN, str(path), f"{path}.lock")
    assert heard(process) == "locked"
    return process


def say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ended(process: subprocess.Popen[str]) -> list[str]:
    """What else it said until its end."""
    assert process.stdin is not None
    assert process.stdout is not None
    said = process.stdout.read().splitlines()
    process.stdin.close()
    process.stdout.close()
    process.wait()
    return said
