"""The examples of docs/python.md and README.md, as they stand there: three that work, and clients that wait."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from rota import Agent, Client, Task, connect
from tests.owner.owners import owners
from tests.python.working import until
from tests.servers.processes import await_end

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text()
README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
(FIRST,) = re.findall(r"```python\n(.*?)```", README.partition("**From Python**")[2], re.DOTALL)


def test_the_examples_run(tmp_path: Path, runtime: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    workers = [example for example in EXAMPLES if example.startswith("# ")]
    clients = [example for example in EXAMPLES if not example.startswith("# ")]
    assert (len(workers), len(clients)) == (2, 3)

    with ExitStack() as running:
        running.callback(_end_owners, runtime)
        at_work = []
        for example in (*workers, FIRST):
            process = subprocess.Popen([sys.executable, "-c", example], cwd=tmp_path, env=env, stderr=subprocess.PIPE)
            at_work.append(process)
            running.enter_context(process)
            running.callback(process.kill)
        with connect(str(tmp_path / "work.db")) as client:
            until(lambda: [task.title for task in client.list_tasks(kind="greeting", state="done")] == ["Say hello"])
        said = [_said(example, tmp_path, env) for example in clients]
        for process in at_work:
            process.terminate()
        assert [(process.wait(20), process.stderr and process.stderr.read()) for process in at_work] == [(0, b"")] * 3
    assert "{'text': '12 pages in one line'}\n{'done': 3}" in said[0]
    assert "page 2, translated" in said[0]
    assert said[1].startswith("['reviewer read: # Review a', 'reviewer read: # Review b']\n")
    assert said[2] == "no_task task list the tasks to see which there are\n"


def _said(example: str, folder: Path, env: dict[str, str]) -> str:
    run = subprocess.run(
        [sys.executable, "-c", example], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


def _end_owners(runtime: Path) -> None:
    left = owners(runtime)
    for one in left:
        one.kill()
    assert await_end(left, 10.0) == []


def test_every_method_it_names_is_there() -> None:
    named = re.findall(r"`([a-z_]+)`", PAGE.partition("Named methods are there")[2].partition("Every operation")[0])
    assert len(named) > 30
    assert [name for name in named if not hasattr(Client, name)] == []
    table = re.findall(r"^\| (.*?) \|", PAGE.partition("## Agents")[2], re.MULTILINE)
    told = re.findall(r"`task\.([a-z_]+)", "".join(table))
    assert len(told) > 10
    assert [name for name in told if not hasattr(Task, name) and name not in Task.__init__.__code__.co_names] == []
    assert hasattr(Agent, "work")
