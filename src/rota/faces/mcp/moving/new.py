"""The tasks of a file as a database is to take them in."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple

from rota.faces.mcp.classic.arguments import RECOMMENDATIONS
from rota.faces.mcp.classic.projects import title_of
from rota.faces.mcp.classic.specs import QUEUE, held_by
from rota.faces.mcp.file_mode.document import Document, Project, Task, written
from rota.faces.mcp.moving.fitting import fits, fitting
from rota.faces.mcp.moving.kept import kept_of
from rota.faces.mcp.moving.shape import FACTS, KEPT, expected
from rota.faces.mcp.moving.wishes import KEY, set_wishes
from rota.model import bounds
from rota.model.project import ProjectSpec
from rota.model.task import After, TaskSpec

DETAILS = bounds.RESULT_BYTES // 8
"""The longest result that is told as it is, in characters."""


class NewTask(NamedTuple):
    """A task on its way in."""

    spec: TaskSpec
    done: bool
    details: str


class NewProject(NamedTuple):
    """A project on its way in."""

    spec: ProjectSpec
    tasks: list[NewTask]
    completed: bool
    """It is finalized in the end."""


def new_project(project: Project, index: int, document: Document, now: int) -> NewProject:
    """The project with this index in its document; with the first goes what stands beside the projects."""
    auto = project.get("autoApprove")
    manual = auto is not True
    finished = all(one.get("status") == "done" and one.get("approved") is True for one in project["tasks"])
    completed = project.get("completed") is True and finished
    closed = bool(project.get("completed")) and not completed
    refs = _refs(project["tasks"])
    tasks = [_new_task(task, number, refs, manual, closed, now) for number, task in enumerate(project["tasks"])]
    prompt = fitting(project.get("initialPrompt"), bounds.DESCRIPTION)
    facts: dict[str, Any] = {"initialPrompt": prompt, "autoApprove": not manual, "said": isinstance(auto, bool)}
    plan = fitting(project.get("projectPlan"), bounds.DESCRIPTION)
    shown = {"initialPrompt": prompt, "projectPlan": plan, "completed": completed}
    if isinstance(auto, bool):
        shown["autoApprove"] = auto
    kept = kept_of({key: one for key, one in project.items() if key not in ("projectId", "tasks")}, shown)
    if kept is not None:
        facts[KEPT] = kept
    beside = {key: one for key, one in document.items() if key != "projects"}
    if index == 0 and beside:
        facts["document"] = kept_of(beside, {})
    spec = ProjectSpec(title=title_of(prompt), plan=plan, key=_key(project, index), payload={FACTS: facts})
    return NewProject(spec, tasks, completed)


def _key(project: Project, index: int) -> str:
    """The same project at the same place of a file comes in once, however often the file is imported."""
    content = written({"project": project, "index": index})
    return f"taskqueue {sha256(content).hexdigest()}"


def _refs(tasks: list[Task]) -> dict[str, str]:
    """Ids of tasks -> their references among each other; of an id given twice, the first."""
    found: dict[str, str] = {}
    for number, task in enumerate(tasks):
        found.setdefault(task["id"], f"#{number}")
    return found


def _new_task(task: Task, number: int, refs: dict[str, str], manual: bool, closed: bool, now: int) -> NewTask:
    done = task.get("status") == "done"
    approved = done and task.get("approved") is True
    details = fitting(task.get("completedDetails"), DETAILS) if done else ""
    payload: dict[str, Any] = {name: task[name] for name in RECOMMENDATIONS if fits(task.get(name), bounds.DESCRIPTION)}
    spec = TaskSpec(
        title=fitting(task.get("title"), bounds.TITLE, "task"),
        description=fitting(task.get("description"), bounds.DESCRIPTION),
        payload=payload or None,
        ref=f"#{number}",
        queue=QUEUE,
        held=done or closed,
        approval=not approved if done else manual,
    )
    set_wishes(spec, task.get(KEY), now)
    if not done:  # what is done waits for nothing
        spec.after = _parents(task, refs)
    shown = expected(spec, details, done=done, approved=approved)
    original = {key: value for key, value in task.items() if key != "id"}
    if isinstance(original.get(KEY), dict):
        original[KEY] = {key: value for key, value in original[KEY].items() if key != "dependsOn" or not spec.after}
        if not original[KEY]:
            del original[KEY]
    kept = kept_of(original, shown)
    if kept is not None:
        spec.payload = {**payload, FACTS: {KEPT: kept}}
    return NewTask(spec, done, details)


def _parents(task: Task, refs: dict[str, str]) -> list[str | After]:
    wishes = task.get(KEY)
    named = wishes.get("dependsOn") if isinstance(wishes, dict) else None
    known = [refs[one] for one in named if isinstance(one, str) and one in refs] if isinstance(named, list) else []
    return [held_by(one) for one in dict.fromkeys(known) if one != refs.get(task["id"])]
