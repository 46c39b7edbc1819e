"""Tasks looked up by their fields, and assertions whose failures show what was there instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rota.model.commands.read import Explain, GetHistory, GetTask, ListTasks, TaskPage
from rota.model.errors import RotaError
from rota.model.task import TaskView
from rota.operations.distributor import Distributor

_FILTERS = frozenset({"state", "queue", "project", "tenant", "priority", "kind", "batch", "unique"})
_IN_BODY = frozenset({"description", "payload", "result", "question", "after"})
_FIELDS = frozenset(TaskView.__struct_fields__)
SHOWN = 10


def found(distributor: Distributor, fields: Mapping[str, Any] | None = None) -> list[TaskView]:
    """The tasks whose view has these values, oldest first."""
    wanted = dict(fields or {})
    unknown = sorted(wanted.keys() - _FIELDS)
    if unknown:
        raise TypeError(f"tasks have no field {unknown[0]!r}; they have {', '.join(sorted(_FIELDS))}")
    filters = {name: value for name, value in wanted.items() if name in _FILTERS and value is not None}
    tasks = _listed(distributor, filters)
    if wanted.keys() & _IN_BODY:
        tasks = [distributor.call(GetTask(task=task.id)) for task in tasks]
    return [task for task in tasks if all(getattr(task, name) == value for name, value in wanted.items())]


def submitted(distributor: Distributor, count: int | None, fields: Mapping[str, Any]) -> list[TaskView]:
    """The tasks with these fields: at least one, or exactly `count`; fails showing what was submitted."""
    tasks = found(distributor, fields)
    if tasks and count in (None, len(tasks)):
        return tasks
    wanted = "a task" if count is None else f"{count} task(s)"
    raise AssertionError(f"expected {wanted} with {_said(fields)}, found {len(tasks)}.\n{_all(distributor, fields)}")


def refuted(distributor: Distributor, fields: Mapping[str, Any]) -> None:
    """No task has these fields; fails showing those that have."""
    tasks = found(distributor, fields)
    if tasks:
        shown = "\n".join(_line(task, fields) for task in tasks[:SHOWN])
        raise AssertionError(f"expected no task with {_said(fields)}, found {len(tasks)}:\n{shown}")


def done(distributor: Distributor, count: int | None, fields: Mapping[str, Any]) -> list[TaskView]:
    """The tasks with these fields are all done; fails showing for each other one why it is not."""
    result = {name: value for name, value in fields.items() if name == "result"}
    tasks = submitted(distributor, count, {name: value for name, value in fields.items() if name != "result"})
    open_ones = [task for task in tasks if task.state != "done"]
    if open_ones:
        told = "\n".join(_why(distributor, task) for task in open_ones[:SHOWN])
        raise AssertionError(f"{len(open_ones)} of {len(tasks)} task(s) with {_said(fields)} are not done:\n{told}")
    if not result:
        return tasks
    views: list[TaskView] = [distributor.call(GetTask(task=task.id)) for task in tasks]
    others = [view for view in views if view.result != result["result"]]
    if others:
        shown = "\n".join(f"  {view.id} {view.title!r}: {view.result!r}" for view in others[:SHOWN])
        raise AssertionError(f"expected result {result['result']!r}, found:\n{shown}")
    return views


def _listed(distributor: Distributor, filters: Mapping[str, Any]) -> list[TaskView]:
    tasks: list[TaskView] = []
    cursor: str | None = None
    while True:
        try:
            page: TaskPage = distributor.call(ListTasks(limit=1_000, cursor=cursor, **filters))
        except RotaError as error:
            if error.kind.status == 404:  # an unknown queue or project: no task can be in it
                return []
            raise
        tasks += page.tasks
        cursor = page.cursor
        if cursor is None:
            return tasks[::-1]


def _all(distributor: Distributor, fields: Mapping[str, Any]) -> str:
    tasks = _listed(distributor, {})
    if not tasks:
        return "No task was submitted at all."
    if fields.keys() & _IN_BODY:
        tasks = [distributor.call(GetTask(task=task.id)) for task in tasks[:SHOWN]] + tasks[SHOWN:]
    more = f"\n  and {len(tasks) - SHOWN} more" if len(tasks) > SHOWN else ""
    shown = "\n".join(_line(task, fields) for task in tasks[:SHOWN])
    return f"{len(tasks)} task(s) were submitted:\n{shown}{more}"


def _line(task: TaskView, fields: Mapping[str, Any]) -> str:
    names = ["title", *(name for name in fields if name not in ("id", "state", "title"))]
    return f"  {task.id} {task.state}: {_said({name: getattr(task, name) for name in names})}"


def _said(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in fields.items()) or "any fields"


def _why(distributor: Distributor, task: TaskView) -> str:
    text = distributor.call(Explain(task=task.id)).text
    attempts = distributor.call(GetHistory(task=task.id)).attempts
    told = "".join(f"\n    attempt {it.number} by {it.agent}: {it.outcome}: {it.error}" for it in attempts if it.error)
    return f"  {task.id} {task.title!r} is {task.state}: {text}{told}"
