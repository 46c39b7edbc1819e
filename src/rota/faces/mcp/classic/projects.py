"""The tools about projects."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from rota.faces.mcp.asking import Asking
from rota.faces.mcp.classic.arguments import Arguments
from rota.faces.mcp.classic.errors import ToolError
from rota.faces.mcp.classic.lookup import open_project_of, project_of, projects_of, tasks_of
from rota.faces.mcp.classic.shown import task_shown
from rota.faces.mcp.classic.specs import created, let_wait, taken_in, wanted
from rota.faces.mcp.classic.states import PROJECT_STATES, counts_of
from rota.model.bounds import TITLE
from rota.model.commands.fleet import AddToProject, CreateProject, DeleteProject, FinalizeProject
from rota.model.errors import RotaError
from rota.model.project import ProjectSpec, ProjectView

WRONG_STATE = "Invalid state parameter. Must be one of: open, pending_approval, completed, all"


def facts_of(project: ProjectView) -> dict[str, Any]:
    """What a project keeps for these tools: `initialPrompt`, `autoApprove`, `sequence`; {} when others created it."""
    facts = project.payload.get("taskqueue") if isinstance(project.payload, dict) else None
    return facts if isinstance(facts, dict) else {}


def prompt_of(project: ProjectView) -> str:
    """The prompt it was created with; its title when others created it."""
    return str(facts_of(project).get("initialPrompt", project.title))


def list_projects(rota: Asking, arguments: Arguments) -> dict[str, Any]:
    """Projects, oldest first."""
    state = arguments.get("state", "all")
    if not isinstance(state, str) or state not in PROJECT_STATES:
        raise ToolError(WRONG_STATE)
    shown = [_line(project) for project in projects_of(rota) if PROJECT_STATES[state](project)]
    return {"message": "Current projects in the system:", "projects": shown}


def _line(project: ProjectView) -> dict[str, Any]:
    counts = counts_of(project)
    return {
        "projectId": project.id,
        "initialPrompt": prompt_of(project),
        "totalTasks": counts.total,
        "completedTasks": counts.done,
        "approvedTasks": counts.approved,
    }


def read_project(rota: Asking, arguments: Arguments) -> dict[str, Any]:
    """One project with its tasks."""
    project = project_of(rota, arguments["projectId"])
    facts = facts_of(project)
    shown: dict[str, Any] = {
        "projectId": project.id,
        "initialPrompt": prompt_of(project),
        "projectPlan": project.plan or prompt_of(project),
        "completed": project.state == "finalized",
    }
    if facts.get("said", "autoApprove" in facts):
        shown["autoApprove"] = facts["autoApprove"]
    if "sequence" in facts:
        shown["ordering"] = "sequential"
    return shown | {"tasks": [task_shown(task) for task in tasks_of(rota, project.id)]}


def create_project(rota: Asking, arguments: Arguments) -> dict[str, Any]:
    """A new project with its first tasks."""
    prompt: str = arguments["initialPrompt"]
    facts: dict[str, Any] = {
        "initialPrompt": prompt,
        "autoApprove": arguments.get("autoApprove", False),
        "said": "autoApprove" in arguments,
    }
    if arguments.get("ordering") == "sequential":
        facts["sequence"] = f"project {arguments.get('request') or uuid4()}"
    spec = ProjectSpec(title=title_of(prompt), plan=arguments.get("projectPlan", ""), payload={"taskqueue": facts})
    new = wanted(rota, arguments["tasks"], facts)
    made = taken_in(rota, CreateProject(project=spec, tasks=new.tasks, request=arguments.get("request")))
    let_wait(rota, new.blocks, made.ids)
    return {
        "projectId": made.project,
        "totalTasks": len(made.ids),
        "tasks": created(new.tasks, made.ids),
        "message": f"Project {made.project} created with {len(made.ids)} tasks.",
    }


def title_of(prompt: str) -> str:
    """The first line of a prompt, cut where a title must end."""
    first = next((line.strip() for line in prompt.splitlines() if line.strip()), "project")
    return first if len(first) <= TITLE else first[: TITLE - 1] + "…"


def delete_project(rota: Asking, arguments: Arguments) -> dict[str, Any]:
    """The project is gone; what agents do of it is flagged to them."""
    text = arguments["projectId"]
    try:
        rota.call(DeleteProject(project=text))
    except RotaError as error:
        if error.code in ("no_project", "invalid", "too_large"):
            raise ToolError(f"Project not found: {text}") from None
        raise
    return {"status": "project_deleted", "message": f"Project {text} has been deleted."}


def add_tasks_to_project(rota: Asking, arguments: Arguments) -> dict[str, Any]:
    """More tasks for an open project."""
    project = open_project_of(rota, arguments["projectId"])
    new = wanted(rota, arguments["tasks"], facts_of(project))
    added = AddToProject(project=project.id, tasks=new.tasks, request=arguments.get("request"))
    ids = taken_in(rota, added).ids if new.tasks else []
    let_wait(rota, new.blocks, ids)
    return {
        "newTasks": created(new.tasks, ids),
        "message": f"Added {len(ids)} tasks to project {arguments['projectId']}",
    }


def finalize_project(rota: Asking, arguments: Arguments) -> dict[str, Any]:
    """Close a project whose tasks are all done and approved."""
    project = open_project_of(rota, arguments["projectId"], counts=True)
    counts = counts_of(project)
    if not counts.all_done:
        raise ToolError("Not all tasks are done")
    if not counts.all_approved:
        raise ToolError("Not all done tasks are approved")
    rota.call(FinalizeProject(project=project.id))
    return {"projectId": project.id, "message": "Project is fully completed and approved."}
