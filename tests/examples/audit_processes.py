"""The scripts of the standard library audit as processes, and what their answers are compared with."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parents[2] / "examples" / "stdlib_audit"
STDLIB = Path(os.__file__).resolve().parent
Json = dict[str, Any]

CALL_FUNCTION = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
module, _, name = sys.argv[2].partition(":")
function = getattr(importlib.import_module(module), name)
for line in sys.stdin:
    print(json.dumps(function(*json.loads(line))), flush=True)
"""


def run_script(script: str, given: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """One agent's process: `given` as JSON on stdin."""
    command = [sys.executable, "-S", "-E", str(EXAMPLE / script)]
    return subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, cwd=folder, check=False)


def call(function: str, *calls: list[object], folder: Path) -> list[Any]:
    """The answers of one process that is called several times, as a Python agent is."""
    lines = "".join(json.dumps(arguments) + "\n" for arguments in calls)
    command = [sys.executable, "-S", "-E", "-c", CALL_FUNCTION, str(EXAMPLE), function]
    ended = subprocess.run(command, input=lines, capture_output=True, text=True, cwd=folder, check=True)
    return [json.loads(line) for line in ended.stdout.splitlines()]


def task_of(kind: str, payload: Json, *, number: int = 1, attempt: int = 1, parents: list[Json] | None = None) -> Json:
    """A task as Rota hands it to an agent."""
    return {
        "id": f"task-{number}",
        "title": f"{kind} {payload}",
        "description": "",
        "kind": kind,
        "payload": payload,
        "priority": "normal",
        "attempt": attempt,
        "parents": parents or [],
        "attempts": [],
    }


def answer(script: str, task: Json, folder: Path) -> Any:
    """What the agent answers to a task it can do."""
    ended = run_script(script, task, folder)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def rejection(task: Json, result: object, folder: Path) -> str:
    """The check's reason; empty when it lets the result pass."""
    ended = run_script("check.py", {"task": task, "result": result}, folder)
    assert (ended.returncode == 0) == (ended.stderr == ""), ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr.strip()


def made_tasks(folder: Path, *names: str) -> list[Json]:
    """The lines `make_tasks.py` writes."""
    command = [sys.executable, str(EXAMPLE / "make_tasks.py"), *names]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder)
    return [json.loads(line) for line in ended.stdout.splitlines()]


def files_of(name: str) -> list[Path]:
    """The source files of a module or package that has no test suite inside."""
    package = STDLIB / name
    return sorted(package.rglob("*.py")) if package.is_dir() else [STDLIB / f"{name}.py"]


def words(source: str) -> list[str]:
    """The keywords and names of some source text, by the tokenizer: no syntax tree involved."""
    read = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in read if token.type == tokenize.NAME]


def evaluate(expression: str, given: object, folder: Path) -> Any:
    """The value of an expression over the example's modules, in a process of its own with `given`."""
    code = (
        "import ast, importlib, json, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "use = importlib.import_module\n"
        "given = json.load(sys.stdin)\n"
        f"print(json.dumps({expression}))"
    )
    command = [sys.executable, "-S", "-E", "-c", code, str(EXAMPLE)]
    ended = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, cwd=folder, check=True)
    return json.loads(ended.stdout)
