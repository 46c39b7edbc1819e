"""Our states and theirs: one table, from which status, approval and every list filter follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rota.model.project import ProjectView
from rota.model.state import State
from rota.model.task import TaskView

NOT_STARTED, IN_PROGRESS, DONE = "not started", "in progress", "done"
REOPENED = "reopened"
"""Why an outcome was sent back, where nobody said more."""


class Theirs(NamedTuple):
    """What a state of ours is to users of the classic tools."""

    status: str
    approved: bool = False
    shown: bool = True
    """The status does not say it all: our state stands beside it."""


THEIRS: dict[State, Theirs] = {
    "blocked": Theirs(NOT_STARTED),
    "scheduled": Theirs(NOT_STARTED),
    "held": Theirs(NOT_STARTED),
    "ready": Theirs(NOT_STARTED, shown=False),
    "running": Theirs(IN_PROGRESS, shown=False),
    "asked": Theirs(IN_PROGRESS),
    "review": Theirs(DONE, shown=False),
    "done": Theirs(DONE, approved=True, shown=False),
    "dead": Theirs(NOT_STARTED),
    "cancelled": Theirs(NOT_STARTED),
    "expired": Theirs(NOT_STARTED),
}
GONE = frozenset({"cancelled", "expired"})
"""Nothing is to be done about these any more: they keep no project open."""


def is_approved(task: TaskView) -> bool:
    """Whether the task can not be changed any more."""
    return THEIRS[task.state].approved


def _failed(task: TaskView) -> bool:
    """The last attempt failed, and none has begun since."""
    return task.state in ("dead", "expired") or (THEIRS[task.state].status == NOT_STARTED and task.attempts > 0)


TASK_STATES: dict[str, Callable[[TaskView], bool]] = {
    "open": lambda task: not is_approved(task) and task.state not in GONE,
    "pending_approval": lambda task: task.state == "review",
    "completed": is_approved,
    "all": lambda _task: True,
    "in_progress": lambda task: THEIRS[task.state].status == IN_PROGRESS,
    "not_started": lambda task: THEIRS[task.state].status == NOT_STARTED and task.state not in GONE,
    "done": lambda task: THEIRS[task.state].status == DONE,
    "failed": _failed,
}
"""Filters of `list_tasks`: four of taskqueue-mcp, four more."""


class Counts(NamedTuple):
    """The tasks of a project by what they are to users of the classic tools."""

    total: int
    done: int
    approved: int
    gone: int

    @property
    def all_done(self) -> bool:
        """Whether every task is done; true of a project without tasks."""
        return self.done + self.gone == self.total

    @property
    def all_approved(self) -> bool:
        """Whether every task is done and approved."""
        return self.approved + self.gone == self.total


def counts_of(project: ProjectView) -> Counts:
    """The project's tasks, counted."""
    tasks = project.tasks
    return Counts(
        total=sum(tasks.values()),
        done=sum(tasks.get(state, 0) for state, it in THEIRS.items() if it.status == DONE),
        approved=sum(tasks.get(state, 0) for state, it in THEIRS.items() if it.approved),
        gone=sum(tasks.get(state, 0) for state in GONE),
    )


PROJECT_STATES: dict[str, Callable[[ProjectView], bool]] = {
    "open": lambda project: project.state == "open",
    "pending_approval": lambda project: project.state == "open" and counts_of(project).all_done,
    "completed": lambda project: project.state == "finalized",
    "all": lambda _project: True,
}
"""Filters of `list_projects`."""
