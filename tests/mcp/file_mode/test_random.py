"""Any sequence of calls, with edits by others between, leaves a valid file that equals a small model."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rota.faces.mcp.file_mode.document import parsed, written
from tests.mcp.file_mode.calling import answer

TEXT = st.text(st.characters(exclude_categories=[]), min_size=1, max_size=8)
STATUS = st.sampled_from(["not started", "in progress", "done"])
PROJECT = st.integers(1, 4).map(lambda n: f"proj-{n}")
TASK = st.integers(1, 8).map(lambda n: f"task-{n}")
SPEC = st.fixed_dictionaries({"title": TEXT, "description": TEXT}, optional={"toolRecommendations": TEXT})
CALLS = st.one_of(
    st.tuples(
        st.just("create_project"),
        st.fixed_dictionaries(
            {"initialPrompt": TEXT, "tasks": st.lists(SPEC, max_size=3)},
            optional={"projectPlan": st.text(max_size=3), "autoApprove": st.booleans()},
        ),
    ),
    st.tuples(
        st.just("add_tasks_to_project"),
        st.fixed_dictionaries({"projectId": PROJECT, "tasks": st.lists(SPEC, max_size=2)}),
    ),
    st.tuples(
        st.just("update_task"),
        st.fixed_dictionaries(
            {"projectId": PROJECT, "taskId": TASK},
            optional={"title": TEXT, "status": STATUS, "completedDetails": TEXT, "ruleRecommendations": st.text()},
        ),
    ),
    st.tuples(
        st.sampled_from(["delete_task", "approve_task"]), st.fixed_dictionaries({"projectId": PROJECT, "taskId": TASK})
    ),
    st.tuples(
        st.sampled_from(["delete_project", "finalize_project", "get_next_task"]),
        st.fixed_dictionaries({"projectId": PROJECT}),
    ),
    st.tuples(st.just("by hand"), st.dictionaries(st.sampled_from(["note", "x"]), st.integers() | st.text())),
)


class Model:
    """The same in the plainest way."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {"projects": []}

    def call(self, tool: str, given: dict[str, Any]) -> bool:
        """Whether it can be done; then it is."""
        projects = self.document["projects"]
        if tool == "create_project":
            projects.append(
                {
                    "projectId": self._next("proj", [one["projectId"] for one in projects]),
                    "initialPrompt": given["initialPrompt"],
                    "projectPlan": given.get("projectPlan") or given["initialPrompt"],
                    "tasks": self._new(given["tasks"]),
                    "completed": False,
                    "autoApprove": given.get("autoApprove", True),
                }
            )
            return True
        project = next((one for one in projects if one["projectId"] == given["projectId"]), None)
        if project is None:
            return False
        tasks = project["tasks"]
        if tool == "delete_project":
            projects.remove(project)
            return True
        if project["completed"] and tool != "approve_task":
            return False
        if tool == "get_next_task":
            return bool(tasks)
        if tool == "finalize_project":
            project["completed"] = all(one["status"] == "done" and one["approved"] for one in tasks)
            return bool(project["completed"])
        if tool == "add_tasks_to_project":
            tasks.extend(self._new(given["tasks"]))
            return True
        task = next((one for one in tasks if one["id"] == given["taskId"]), None)
        if task is None or task["approved"] or (tool == "approve_task" and task["status"] != "done"):
            return False
        if tool == "delete_task":
            tasks.remove(task)
        elif tool == "approve_task":
            task["approved"] = True
        else:
            taken = ["title", "status", "ruleRecommendations"] + ["completedDetails"] * (given.get("status") == "done")
            task.update({key: given[key] for key in taken if key in given})
        return True

    def _new(self, specs: list[dict[str, str]]) -> list[dict[str, Any]]:
        first = int(
            self._next("t", [one["id"] for project in self.document["projects"] for one in project["tasks"]])[2:]
        )
        blank = {"status": "not started", "approved": False, "completedDetails": ""}
        return [{"id": f"task-{number}", **spec, **blank} for number, spec in enumerate(specs, first)]

    def _next(self, kind: str, ids: list[str]) -> str:
        return f"{kind}-{max([0, *(int(one.split('-')[1]) for one in ids)]) + 1}"


@settings(max_examples=60)
@given(st.lists(CALLS, max_size=14))
def test_a_file_equals_the_model(calls: list[tuple[str, dict[str, Any]]]) -> None:
    model = Model()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tasks.json"
        for tool, arguments in calls:
            if tool == "by hand":
                if path.exists():
                    model.document |= arguments
                    path.write_text(json.dumps(model.document))
                continue
            if tool == "update_task" and arguments.get("status") == "done" and "completedDetails" not in arguments:
                assert answer(path, tool, arguments)["error"]["code"] == -32602
                continue
            found = answer(path, tool, arguments)
            assert ("isError" not in found["result"]) == model.call(tool, arguments), (tool, arguments, found)
            if path.exists():
                assert json.loads(path.read_bytes()) == model.document
            else:
                assert model.document["projects"] == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
)


@given(st.dictionaries(TEXT, JSON, max_size=4))
def test_documents_are_written_as_json_writes_them_and_read_again(more: dict[str, Any]) -> None:
    document = {**more, "projects": [{**more, "projectId": "proj-1", "tasks": [{**more, "id": "task-1"}]}]}
    data = written(document)
    assert data == json.dumps(document, indent=2, ensure_ascii=False).encode(errors="backslashreplace")
    assert parsed(data) == document
