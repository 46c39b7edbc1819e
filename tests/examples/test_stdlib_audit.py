"""The tasks and the fleet of the standard library audit, and a small audit from tasks to report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec

from rota.files.toml import load_fleet
from rota.model.task import TaskSpec
from tests.examples.audit_processes import (
    EXAMPLE,
    STDLIB,
    Json,
    call,
    files_of,
    made_tasks,
    rejection,
    run_script,
    task_of,
    words,
)

SUBSET = ("hashlib", "heapq", "json", "shlex", "wsgiref")


def test_tasks_are_what_rota_takes_and_cover_every_module_once(tmp_path: Path) -> None:
    tasks = made_tasks(tmp_path)
    for task in tasks:
        msgspec.convert(task, TaskSpec)
    assert 290 <= len(tasks) <= 360
    measured = [task["payload"]["module"] for task in tasks if task["kind"] == "metrics"]
    written_in_python = {
        name
        for name in sys.stdlib_module_names
        if (STDLIB / f"{name}.py").is_file() or (STDLIB / name / "__init__.py").is_file()
    } - {"test"}
    assert sorted(measured) == sorted({*written_in_python, "no_such_module"})
    for kind in ("compile", "documentation"):
        named = [name for task in tasks if task["kind"] == kind for name in task["payload"]["modules"]]
        assert sorted(named) == sorted(written_in_python)
    assert {task["priority"] for task in tasks} == {"emergency", "critical", "high", "normal", "low"}
    assert made_tasks(tmp_path) == tasks


def test_parents_come_first_and_the_report_waits_for_all(tmp_path: Path) -> None:
    tasks = made_tasks(tmp_path)
    parents: dict[str, set[str]] = {}
    for task in tasks:
        named = {edge if isinstance(edge, str) else edge["task"] for edge in task["after"]}
        assert named <= set(parents), f"{task['ref']} names a parent that does not stand before it"
        assert task["ref"] not in parents
        parents[task["ref"]] = named
    before, waiting = set[str](), {"report"}
    while waiting:
        ref = waiting.pop()
        before.add(ref)
        waiting |= parents[ref]
    assert before == set(parents)


def test_an_unknown_name_is_refused() -> None:
    command = [sys.executable, str(EXAMPLE / "make_tasks.py"), "json", "jsn"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.strip().endswith("called jsn")


def test_the_fleet_can_do_every_task_without_its_flawed_agents(tmp_path: Path) -> None:
    fleet = load_fleet(str(EXAMPLE / "fleet.toml"))
    sound = [agent.spec for agent in fleet.agents if agent.spec.name not in ("trainee", "flaky")]
    assert len(sound) == len(fleet.agents) - 2
    for task in made_tasks(tmp_path):
        assert task["queue"] in fleet.queues
        able = [
            agent.name
            for agent in sound
            if all(agent.skills.get(skill, 0) >= least for skill, least in task["skills"].items())
            and task.get("role") in (None, agent.role)
        ]
        assert able, f"nobody to rely on for {task['ref']}"


def test_the_fleet_names_files_and_functions_that_exist(tmp_path: Path) -> None:
    processes = [agent.process for agent in load_fleet(str(EXAMPLE / "fleet.toml")).agents]
    assert None not in processes
    for process in filter(None, processes):
        assert Path(process.folder) == EXAMPLE
        scripts = [word for word in (*process.command, *process.check) if word.endswith(".py")]
        assert all((EXAMPLE / script).is_file() for script in scripts)
        if process.python:
            empty = task_of("any", {"section": "none", "modules": []})
            (result,) = call(process.python, [empty], folder=tmp_path)
            assert result["section"] == "none"


# ---- everything, one task after another


class Audit:
    """Plays all tasks through the scripts in order, retrying as a queue would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ended: dict[str, Json] = {}

    def play(self, task: Json, number: int) -> None:
        """Do one task with up to four attempts; it ends done or dead."""
        after = [edge if isinstance(edge, str) else edge["task"] for edge in task["after"]]
        given = {
            **task,
            "id": f"task-{number}",
            "parents": [self.ended[ref] for ref in after],
            "attempts": [],
        }
        reason: str | None = None
        for attempt in range(1, 5):
            reason = self._attempt(given | {"attempt": attempt}, number)
            if reason is None:
                return
        self.ended[task["ref"]] = self._parent(given, "dead", None, reason)

    def _attempt(self, given: Json, number: int) -> str | None:
        if given["kind"] == "summary":
            (result,) = call("summary:summarise", [given], folder=self.folder)
            return self._judge(given, result)
        script = ("careless.py", "flaky.py", "audit.py")[number % 3] if given["kind"] == "metrics" else "audit.py"
        ended = run_script("report.py" if given["kind"] == "report" else script, given, self.folder)
        if ended.returncode == 65:
            self.ended[given["ref"]] = self._parent(given, "dead", None, ended.stderr.strip())
            return None
        if ended.returncode != 0:
            return f"exit code {ended.returncode}"
        return self._judge(given, json.loads(ended.stdout))

    def _judge(self, given: Json, result: Json) -> str | None:
        reason = rejection(given, result, self.folder)
        if reason:
            return reason
        self.ended[given["ref"]] = self._parent(given, "done", result, None)
        return None

    @staticmethod
    def _parent(given: Json, state: str, result: Json | None, reason: str | None) -> Json:
        return {
            "id": given["id"],
            "title": given["title"],
            "state": state,
            "result": result,
            "reason": reason,
        }


def test_a_small_audit_from_the_tasks_to_the_report(tmp_path: Path) -> None:
    tasks = made_tasks(tmp_path, *SUBSET)
    audit = Audit(tmp_path)
    for number, task in enumerate(tasks, start=1):
        audit.play(task, number)
    ends = {ref: one["state"] for ref, one in audit.ended.items()}
    assert [ref for ref, state in ends.items() if state != "done"] == ["metrics:no_such_module"]
    assert set(ends) == {task["ref"] for task in tasks}
    texts = [path.read_text(encoding="utf-8") for name in SUBSET for path in files_of(name)]
    lines, functions = (
        sum(len(text.splitlines()) for text in texts),
        sum(words(text).count("def") for text in texts),
    )
    result = audit.ended["report"]["result"]
    assert (result["files"], result["lines"], result["functions"]) == (len(texts), lines, functions)
    page = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert f"| **total** | {len(texts)} | {lines:,} | {functions:,} |" in page
    assert "| `shlex` | `shlex.read_token` |" in page
    assert "Not audited: 1" in page
    assert "| Measure no_such_module | dead | the standard library of Python" in page
