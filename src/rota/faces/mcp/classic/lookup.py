"""Finding projects and tasks, with the refusals of taskqueue-mcp where there is none."""

from __future__ import annotations

from rota.faces.mcp.asking import Asking
from rota.faces.mcp.classic.errors import ToolError
from rota.faces.mcp.classic.states import is_approved
from rota.model.bounds import PAGE
from rota.model.commands.read import GetProject, GetTask, ListProjects, ListTasks, ProjectPage, TaskPage
from rota.model.errors import RotaError
from rota.model.project import ProjectView
from rota.model.state import State
from rota.model.task import TaskView


def project_of(rota: Asking, text: str, *, counts: bool = False) -> ProjectView:
    """The project, finalized or not; its tasks counted where that is asked for."""
    try:
        found: ProjectView = rota.call(GetProject(project=text, counts=counts))
    except RotaError as error:
        if error.code in ("no_project", "invalid", "too_large"):
            raise ToolError(f"Project {text} not found") from None
        raise
    return found


def open_project_of(rota: Asking, text: str, *, counts: bool = False) -> ProjectView:
    """A project that still takes changes."""
    project = project_of(rota, text, counts=counts)
    if project.state == "finalized":
        raise ToolError("Project is already completed")
    return project


def task_of(rota: Asking, project: ProjectView, text: str) -> TaskView:
    """A task of this project."""
    try:
        task: TaskView = rota.call(GetTask(task=text))
    except RotaError as error:
        if error.code in ("no_task", "invalid", "too_large"):
            raise ToolError(f"Task {text} not found") from None
        raise
    if task.project != project.id:
        raise ToolError(f"Task {text} not found")
    return task


def changeable_task_of(rota: Asking, project: ProjectView, text: str, verb: str) -> TaskView:
    """A task that is not approved yet."""
    return changeable(task_of(rota, project, text), verb)


def changeable(task: TaskView, verb: str) -> TaskView:
    """The task, unless it is approved."""
    if is_approved(task):
        raise ToolError(f"Cannot {verb} an approved task")
    return task


def projects_of(rota: Asking) -> list[ProjectView]:
    """All projects, oldest first."""
    found: list[ProjectView] = []
    cursor: str | None = None
    while True:
        page: ProjectPage = rota.call(ListProjects(limit=PAGE, cursor=cursor))
        found += page.projects
        cursor = page.cursor
        if cursor is None:
            return found


def tasks_of(rota: Asking, project: str) -> list[TaskView]:
    """All tasks of a project with everything about them, oldest first."""
    found: list[TaskView] = []
    cursor: str | None = None
    while True:
        page: TaskPage = rota.call(ListTasks(project=project, whole=True, limit=PAGE, cursor=cursor))
        found += page.tasks
        cursor = page.cursor
        if cursor is None:
            return found[::-1]


def first_tasks_of(rota: Asking, project: str, state: State, n: int) -> list[TaskView]:
    """The first tasks of a project in this state, oldest first; of more than a page the newest of them."""
    page: TaskPage = rota.call(ListTasks(project=project, state=state, whole=True, limit=PAGE))
    return page.tasks[::-1][:n]
