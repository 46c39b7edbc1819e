"""A project and a task as a file shows them, of what a database holds."""

from __future__ import annotations

from typing import Any

from rota.faces.mcp.classic.arguments import RECOMMENDATIONS
from rota.faces.mcp.classic.projects import facts_of, prompt_of
from rota.faces.mcp.classic.shown import task_shown
from rota.faces.mcp.moving.kept import restored
from rota.faces.mcp.moving.wishes import KEY, wishes_of
from rota.model.project import ProjectView
from rota.model.task import TaskSpec, TaskView

FACTS = "taskqueue"
KEPT = "kept"
_OF_A_TASK = ("id", "title", "description", "status", "approved", "completedDetails", *RECOMMENDATIONS)


def task_in_file(task: TaskView) -> dict[str, Any]:
    """The task, with what was remembered of the file it came from."""
    shown = task_shown(task)
    found = {key: shown[key] for key in _OF_A_TASK if key in shown}
    wishes = wishes_of(task, task.payload)
    if wishes:
        found[KEY] = wishes
    found = restored(found, _facts(task.payload).get(KEPT))
    if task.after:
        found[KEY] = {**(found.get(KEY) or {}), "dependsOn": task.after}
    return found


def _facts(payload: Any) -> dict[str, Any]:
    found = payload.get(FACTS) if isinstance(payload, dict) else None
    return found if isinstance(found, dict) else {}


def project_in_file(project: ProjectView, tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """The project with its tasks, in the order of keys of taskqueue-mcp."""
    facts = facts_of(project)
    found: dict[str, Any] = {
        "projectId": project.id,
        "initialPrompt": prompt_of(project),
        "projectPlan": project.plan,
        "tasks": tasks,
        "completed": project.state == "finalized",
    }
    if facts.get("said", "autoApprove" in facts):
        found["autoApprove"] = facts["autoApprove"]
    return restored(found, facts.get(KEPT))


def expected(spec: TaskSpec, details: str, *, done: bool, approved: bool) -> dict[str, Any]:
    """How the task will be shown once it is in the database and in its state, but for its id."""
    payload = spec.payload or {}
    found: dict[str, Any] = {
        "title": spec.title,
        "description": spec.description,
        "status": "done" if done else "not started",
        "approved": approved,
        "completedDetails": details,
        **{name: payload[name] for name in RECOMMENDATIONS if name in payload},
    }
    wishes = wishes_of(spec, payload)
    return found | ({KEY: wishes} if wishes else {})
