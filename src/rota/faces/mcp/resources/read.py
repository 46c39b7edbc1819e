"""Reading a resource: the same views as the operations, with the texts of others fenced."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.faces.mcp.dispatcher.lists import agent_line, queue_line
from rota.faces.mcp.fence import RULE, fenced, maybe_fenced
from rota.model.bounds import PAGE
from rota.model.commands.read import (
    AgentPage,
    GetAgent,
    GetHistory,
    GetProject,
    GetQueue,
    ListAgents,
    ListProjects,
    ListQueues,
    ListTasks,
    ProjectPage,
    QueuePage,
    TaskHistory,
    TaskPage,
)
from rota.model.project import ProjectView
from rota.model.queue import QueueView
from rota.model.task import AttemptView, TaskView
from rota.operations.distributor import Distributor

TASKS = 200
"""Tasks that a list names, the newest."""
_TEXTS = ("description", "payload", "result", "question", "reason")


def projects(distributor: Distributor, name: str) -> Any:
    """All projects, the newest first."""
    del name
    found: list[ProjectView] = []
    cursor: str | None = None
    while True:
        page: ProjectPage = distributor.call(ListProjects(limit=PAGE, cursor=cursor))
        found += page.projects
        if (cursor := page.cursor) is None:
            return {"projects": [_project(one) for one in reversed(found[-TASKS:])], "note": RULE}


def project(distributor: Distributor, name: str) -> Any:
    """One project with its newest tasks."""
    view: ProjectView = distributor.call(GetProject(project=name))
    page: TaskPage = distributor.call(ListTasks(project=name, limit=TASKS))
    return {
        **_project(view),
        "plan": maybe_fenced(view.plan, f"{view.id} plan"),
        "items": [_line(task) for task in reversed(page.tasks)],
        "more": page.cursor is not None,
        "note": RULE,
    }


def task(distributor: Distributor, name: str) -> Any:
    """One task with everything about it."""
    story: TaskHistory = distributor.call(GetHistory(task=name))
    view = story.task
    texts = {key: maybe_fenced(getattr(view, key), f"{view.id} {key}") for key in _TEXTS}
    return {
        **_plain(view),
        **{key: text for key, text in texts.items() if text is not None},
        "title": fenced(view.title, f"{view.id} title"),
        "story": [_attempt(view.id, one) for one in story.attempts],
        "note": RULE,
    }


def dead_letters(distributor: Distributor, name: str) -> Any:
    """Dead tasks, the newest first."""
    del name
    page: TaskPage = distributor.call(ListTasks(state="dead", limit=TASKS))
    return {"tasks": [_line(task) for task in page.tasks], "more": page.cursor is not None, "note": RULE}


def queues(distributor: Distributor, name: str) -> Any:
    """All queues."""
    del name
    page: QueuePage = distributor.call(ListQueues())
    return {"queues": [queue_line(queue) for queue in page.queues]}


def queue(distributor: Distributor, name: str) -> Any:
    """One queue with its whole policy."""
    view: QueueView = distributor.call(GetQueue(queue=name))
    return {**msgspec.to_builtins(queue_line(view)), "policy": view.policy}


def agents(distributor: Distributor, name: str) -> Any:
    """All agents."""
    del name
    page: AgentPage = distributor.call(ListAgents(limit=PAGE))
    return {"agents": [agent_line(agent) for agent in page.agents], "more": page.cursor is not None}


def agent(distributor: Distributor, name: str) -> Any:
    """One agent."""
    return agent_line(distributor.call(GetAgent(agent=name)))


def _project(view: ProjectView) -> dict[str, Any]:
    shown = {"id": view.id, "state": view.state, "created": view.created, "tasks": view.tasks}
    return {**shown, "title": fenced(view.title, f"{view.id} title")}


def _line(view: TaskView) -> dict[str, Any]:
    shown = {"id": view.id, "state": view.state, "priority": view.priority, "kind": view.kind, "agent": view.agent}
    shown["reason"] = maybe_fenced(view.reason, f"{view.id} reason")
    found = {key: value for key, value in shown.items() if value is not None}
    return {**found, "title": fenced(view.title, f"{view.id} title")}


def _plain(view: TaskView) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(view)
    return {key: value for key, value in found.items() if key not in _TEXTS}


def _attempt(task_id: str, one: AttemptView) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(one)
    for key in ("error", "notes"):
        if found.get(key):
            found[key] = fenced(found[key], f"{task_id} attempt {one.number} {key}")
    return found
