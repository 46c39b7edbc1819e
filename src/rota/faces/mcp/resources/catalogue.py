"""The resources there are: lists with an address of their own, and templates for single things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from rota.faces.mcp.resources import read
from rota.faces.mcp.resources.address import Address
from rota.model.commands.read import ListProjects, ProjectPage
from rota.operations.distributor import Distributor

JSON = "application/json"
PROJECTS = 100
"""Projects that are listed one by one, the newest."""


class Kind(NamedTuple):
    """One kind of resource. `read` is given the name, which is empty for a list."""

    kind: str
    title: str
    description: str
    read: Callable[[Distributor, str], Any]
    named: str | None = None
    """The variable of its template; None = a list."""

    def definition(self) -> dict[str, Any]:
        """As `resources/list`, or for a template `resources/templates/list`, shows it."""
        place = {"uri": f"rota://{self.kind}"} if self.named is None else {"uriTemplate": self._template()}
        return {**place, "name": self.kind, "title": self.title, "description": self.description, "mimeType": JSON}

    def _template(self) -> str:
        return f"rota://{self.kind}/{{{self.named}}}"


KINDS: dict[str, Kind] = {
    kind.kind: kind
    for kind in (
        Kind("projects", "Projects", "The newest projects with their tasks counted by state.", read.projects),
        Kind("queues", "Queues", "What waits, runs and is set aside, by queue.", read.queues),
        Kind("agents", "Agents", "Agents with load, health and record.", read.agents),
        Kind("dead-letters", "Dead letters", "Dead tasks with their reasons, the newest.", read.dead_letters),
        Kind("project", "Project", "A project with its tasks.", read.project, "project"),
        Kind("task", "Task", "A task with its attempts, texts and result.", read.task, "task"),
        Kind("queue", "Queue", "A queue with its policy and counts.", read.queue, "queue"),
        Kind("agent", "Agent", "An agent with the tasks in its hands.", read.agent, "agent"),
    )
}


def fixed() -> list[dict[str, Any]]:
    """The lists, which are always there."""
    return [kind.definition() for kind in KINDS.values() if kind.named is None]


def templates() -> list[dict[str, Any]]:
    """The templates."""
    return [kind.definition() for kind in KINDS.values() if kind.named is not None]


def listed(distributor: Distributor) -> list[dict[str, Any]]:
    """The lists, and the newest projects by name."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page: ProjectPage = distributor.call(ListProjects(limit=1_000, cursor=cursor))
        found += [
            {"uri": str(Address("project", project.id)), "name": project.id, "title": project.id, "mimeType": JSON}
            for project in page.projects
        ]
        if (cursor := page.cursor) is None:
            return [*fixed(), *reversed(found[-PROJECTS:])]
